#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody outside writes in the name of a registered phone, and of a carrier that is neither
# trusted nor registered but had a call: REGISTERs for ever new users, scanners' names, damage.
# Neither is banned, and their calls go on.  A stranger is, for minutes, however much is sent.
. "$(dirname "$0")/../lib/field.sh"
CARRIER=203.0.113.20
STRANGER=198.51.100.22

# forge SOURCE RATE UNTIL: until that file exists, or 4000 packets
forge() {
	wan $PY - "$1" "$2" "$3" $PBX4 <<'PY'
import os, socket, struct, sys, time
src, rate, until, dst = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
due = time.monotonic()
for i in range(4000):
    agent = "friendly-scanner" if i % 20 == 19 else "Acme Desk Phone 7.1"
    method = ("REGISTER", "REGISTER", "OPTIONS", "REGISTER")[i % 4]
    text = ("%s sip:%d@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5099;branch=z9hG4bKx%d\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:%d@%s>;tag=%d\r\nTo: <sip:%d@%s>\r\n"
            "Call-ID: forged-%d\r\nCSeq: 1 %s\r\nContact: <sip:%d@%s:5099>\r\n"
            "User-Agent: %s\r\nContent-Length: %s\r\n\r\n" % (
                method, 2000 + i, dst, src, i, 2000 + i, dst, i, 2000 + i, dst, i, method,
                2000 + i, src, agent, "0" if i % 10 else "zero")).encode()
    udp = struct.pack("!4H", 5099, 5060, 8 + len(text), 0) + text
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i + 1, 0, 64, 17, 0,
                     socket.inet_aton(src), socket.inet_aton(dst))
    s.sendto(ip + udp, (dst, 0))
    if os.path.exists(until):
        break
    due += 1 / rate
    time.sleep(max(0, due - time.monotonic()))
print(i + 1)
PY
}

field_open
need kamailio sipp
field_topology router
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
pbx_start
guard_start
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
calls first 4 $CARRIER 5062 1 1 100 || fail "the carrier's first call fails"

for who in $CARRIER $CALLER4 $STRANGER; do
	forge $who 60 "$T/enough" >"$T/forged.$who" &
done
must_ban $STRANGER
calls phone 4 $CALLER4 5063 30 5 400 &
phone=$!
calls carrier 4 $CARRIER 5063 30 5 400 || fail "calls of the carrier fail: $(bad carrier) of 30"
wait $phone || fail "calls of the phones fail: $(bad phone) of 30"
: >"$T/enough"
wait_for 10 test -s "$T/forged.$CARRIER"
must_not_ban $CARRIER
must_not_ban $CALLER4
logged "banned ($CARRIER|$CALLER4)" && fail "somebody was banned for what was forged"
logged 'dropped.*agent' || fail "no forged scanner was stopped"
logged "banned $STRANGER for 5m \(not proven\)" || fail "the stranger's ban is not what it should be"
note "$(cat "$T/forged.$CARRIER" "$T/forged.$CALLER4" | paste -sd' ') forged packets; 60 calls, all good"
