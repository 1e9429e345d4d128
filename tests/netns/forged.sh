#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody outside writes in the server's name.  He must not teach the firewall that he is
# registered, nor walk past the checks; the server itself goes on being believed.
. "$(dirname "$0")/../lib/field.sh"
ATTACKER=203.0.113.21

# forge TEXT-FILE FROM TO: one datagram from the wan with any source address, port 5060
forge() {
	wan $PY - "$1" "$2" "$3" <<'PY'
import socket, struct, sys
payload = open(sys.argv[1], "rb").read().replace(b"\n", b"\r\n")
src, dst = sys.argv[2], sys.argv[3]
udp = struct.pack("!4H", 5060, 5060, 8 + len(payload), 0) + payload
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0,
                 socket.inet_aton(src), socket.inet_aton(dst))
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.sendto(ip + udp, (dst, 0))
PY
}

field_open
need kamailio sipp
field_topology router
# the worst case: neither the gateway nor its neighbour looks at the reverse path
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
gw sysctl -qw net.ipv4.conf.lan0.rp_filter=0
pbx_start
guard_start
logged 'outside: wan0.*IPv4' || fail "the outside interface was not found"

cat >"$T/accepted.sip" <<SIP
SIP/2.0 200 OK
Via: SIP/2.0/UDP $ATTACKER:5060;branch=z9hG4bKforged
From: <sip:x@example.org>;tag=1
To: <sip:x@example.org>;tag=2
Call-ID: forged
CSeq: 1 REGISTER
Contact: <sip:x@$ATTACKER>;expires=3600
Content-Length: 0

SIP
cat >"$T/scan.sip" <<SIP
OPTIONS sip:x@$PBX4 SIP/2.0
Via: SIP/2.0/UDP $PBX4:5060;branch=z9hG4bKscan
From: <sip:x@example.org>;tag=1
To: <sip:x@example.org>
Call-ID: scan
CSeq: 1 OPTIONS
Max-Forwards: 70
User-Agent: friendly-scanner
Content-Length: 0

SIP
gateway_known() { gw nft list set inet sipmoat known4 | grep -qF "$1"; }

# what the forged packets must not do, a true one does: so the test can fail
register true 4 $CALLER4 1001 1001 5080 || fail "a phone cannot register"
wait_for 10 gateway_known $CALLER4 || fail "a registered phone is not known"

forge "$T/accepted.sip" $PBX4 $ATTACKER
forge "$T/scan.sip" 192.0.2.200 $PBX4
wait_for 10 logged 'dropped.*192\.0\.2\.200.*agent' ||
	fail "a scanner with an inside source was not stopped"
gateway_known $ATTACKER && fail "a forged 200 to REGISTER made its sender known"
logged 'banned 192\.0\.2\.200' && fail "an inside address was banned"
note "a forged 200 taught nothing, a forged inside scanner was dropped, nobody was banned"
exit 0
