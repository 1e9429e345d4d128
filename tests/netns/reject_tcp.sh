#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# action = "reject" over TCP: whoever is refused reads the answer in the stream, and some seconds
# later the connection ends; the server's end is free at once, and it has heard nothing of the request,
# its retransmissions or its ACK.  On a router (IPv4 and IPv6), on one with DNAT, and on the server's own
# host past strict reverse path filters and a firewall.
. "$(dirname "$0")/../lib/field.sh"
field_open
need sipp

# refused WHERE SOURCE TARGET STEP...: the last step is answered with 403, with its own Via and a To tag
refused() {
	local where=$1 from=$2 got via
	shift
	got=$(tcp "$@" --wait 10)
	via="received=$from;rport=[0-9]+\", \"To: <sip:1001@[^\"]*>;tag=[0-9a-f]{16}\""
	must "$where: no 403 ($*): $got" grep -qE "\"refused\": \\[\"403\", \"Via: [^\"]*;$via\\]" <<<"$got"
	must "$where: the connection goes on ($*): $got" ended reset "$got"
	case $got in *'"after": 0.'* | *'"after": 1.'*) fail "$where: no time to read: $got" ;; esac
	must "$where: the server keeps its end ($*): $(pbx ss -Hatno)" disconnected "$from"
	! heard_scanner || fail "$where: the server heard it ($*): $(grep scanner "$T/heard")"
	N=$((N + 1))
}
# lets_go SOURCE TARGET: the server's end is gone while the client's still is there
lets_go() {
	tcp "$1" "$2" bad --wait 10 >"$T/held" &
	wait_for 20 logged "refused $1 with 403 and ended the TCP connection: agent" || fail "$1: not in the log"
	wait_for 20 disconnected "$1" || fail "the server keeps the connection of $1"
	[ ! -s "$T/held" ] || fail "$1: both ends were reset at once: $(cat "$T/held")"
	wait $!
	must "$1: $(cat "$T/held")" grep -q '"end": "reset".*"refused": \["403"' "$T/held"
}
# a call that hears 403, with SIPp, which acknowledges it
called() {
	wan sipp "$2" -t t1 -i "$1" -p 5062 -sf "$FIELD_LIB/sipp/rejected.xml" -s 0044207946 -key user 1001 -m 1 \
		-timeout 20s -timeout_error -trace_err -error_file "$T/rejected.err" -nostdin >"$T/rejected" 2>&1 ||
		fail "the call did not end with 403: $(cat "$T/rejected.err" 2>/dev/null; tail -n 20 "$T/rejected")"
	! heard "tcp $1 (INVITE|ACK)" || fail "the server heard the call: $(cat "$T/heard")"
}
# all WHERE TARGET4 TARGET6
all() {
	local net=203.0.113
	N=0
	: >"$T/heard"
	refused "$1" $net.11 "$2" bad
	refused "$1" $net.11 "$2" bad --cut each
	refused "$1" $net.12 "$2" good ping half rest bad --cut 7
	refused "$1" $net.13 "$2" both
	refused "$1" $net.14 "$2" good both --cut 400,500,700
	refused "$1" $net.15 "$2" bad --size 6000
	lets_go $net.16 "$2"
	called $CALLER4 "$2:5060"
	if [ -n "$3" ]; then
		refused "$1" 2001:db8:66:11::1 "$3" bad
		refused "$1" 2001:db8:66:12::1 "$3" good both --cut 500,720
		called $CALLER6 "[$3]:5060"
	fi
	kill -USR1 "$GUARD_PID"
	wait_for 20 logged 'reset_lost ' || fail "no counters"
	must "$1: RSTs were lost" logged 'reset_lost +0 '
	must "$1: answers were lost" logged 'answer_lost +0 '
	note "$1: $N requests heard 403 over TCP, and a call"
}
start() {
	: >"$T/guard.log"
	guard_start "$T/etc/sipmoat.conf"
}
stop() {
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
}

mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
agent = { action = "reject"; code = 403; reason = "Forbidden"; ban = "0s"; };
destination = { deny = [ "^0044" ]; };
memory = { learning = "0s"; };
CONF
field_topology router
pbx_echo
start
all router $PBX4 "$(! has_v6 || echo $PBX6)"
stop

ip -n "$NS-wan" route del 192.0.2.128/25
if gw nft -f - 2>"$T/nat.err" <<'RULES'
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 tcp dport 5060 dnat to 192.0.2.130
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname wan0 ip saddr 192.0.2.128/25 masquerade
	}
}
table inet own {
	chain output {
		type filter hook output priority filter;
		meta mark 0x51b0a7 accept
		ct state invalid drop
	}
}
RULES
then
	start
	all dnat $GW4 ""
	stop
	gw nft delete table ip nat
	gw nft delete table inet own
else
	note "this kernel has no NAT in nftables"
fi

ip -n "$NS-wan" route add 192.0.2.128/25 via 192.0.2.2
# shellcheck disable=SC2034 # of field.sh
GUARD_NS=$NS-pbx
strict_host
start
all host $PBX4 "$(! has_v6 || echo $PBX6)"
stop
