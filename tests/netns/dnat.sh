#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The server behind a DNAT rule of the gateway, and masquerading outwards: the daemon finds
# the servers by itself, sees real sources, calls complete and scanners are banned, in the kernel
# also where they ask for a public port that is not the server's.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
ip -n "$NS-wan" route del 192.0.2.128/25
gw nft -f - <<'RULES' || skip "this kernel has no NAT in nftables"
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 udp dport 5060 dnat to 192.0.2.130
		iifname wan0 ip daddr 192.0.2.2 tcp dport 5060 dnat to 192.0.2.130
		iifname wan0 ip daddr 192.0.2.2 udp dport 5080 dnat to 192.0.2.130:5060
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname wan0 ip saddr 192.0.2.128/25 masquerade
	}
}
RULES
PBX_ADVERTISE=$GW4:5060 pbx_start
echo 'ports = { udp = [ 5060, 5080 ]; };' >"$T/guard.conf"
guard_start "$T/guard.conf"
# shellcheck disable=SC2034 # field.sh reads it
PBX4=$GW4 # what the world calls it
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
calls office 4 $CALLER4 5062 40 10 400 ||
	fail "calls failed: $(good office) good, $(bad office) bad; $(tail -n 3 "$T/office.err")"
must "not all calls completed: $(good office)" [ "$(good office)" = 40 ]
sip 203.0.113.11 $GW4 -a friendly-scanner -n 3 >"$T/scan"
must_ban 203.0.113.11
must "the scanner was answered: $(cat "$T/scan")" grep -q '"answers": {}' "$T/scan"
got=$(answer_to 203.0.113.15 $GW4 --user '')
must "an honest source is refused: $got" answered 200 "$got"
must_not_ban $CALLER4
sip 203.0.113.16 $GW4 --dport 5080 -a friendly-scanner >"$T/scan"
must_ban 203.0.113.16
sip 203.0.113.16 $GW4 --dport 5080 -n 2 -w 0.1 >"$T/scan"
must "the kernel does not drop who is banned on another port than the server's: $(ban_line 203.0.113.16)" \
	grep -qE 'packets [1-9]' < <(ban_line 203.0.113.16)
must "the NAT rules are gone" gw nft list chain ip nat pre
note "40 of 40 calls through NAT; $(ban_line 203.0.113.11)"
