#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# action = "reject": a registered phone that calls a number it may not call hears 403 at once, and the
# server never sees the INVITE nor the ACK; a stranger hears nothing.  A call of the server to a trunk
# is refused likewise, in the name of the trunk, which sees nothing of it.  On a router (IPv4 and IPv6),
# on one with DNAT, and on the PBX host past strict reverse path filters and a firewall.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
need sipp
CARRIER=203.0.113.24

# count_setup NAMESPACE: its kernel counts what SIP arrives there; counted NAMESPACE WORD
count_setup() {
	"$1" nft -f - <<-'NFT'
	table inet seen {
		chain in {
			type filter hook input priority 100;
			udp dport 5060 @th,64,48 0x494e56495445 counter comment "INVITE"
			udp dport 5060 @th,64,32 0x41434b20 counter comment "ACK"
			ip saddr 192.0.2.2 udp sport 5060 @th,64,88 0x5349502f322e3020343033 counter comment "403"
		}
	}
	NFT
}
counted() {
	"$1" nft list chain inet seen in | awk -v w="\"$2\"" '$0 ~ w { for (i = 1; i < NF; i++)
		if ($i == "packets") print $(i + 1) }'
}
seen_by() { echo "$(counted "$1" INVITE) $(counted "$1" ACK)"; }

# rejected FROM SOURCE PORT TARGET USER NUMBER: a call that must end with 403, acknowledged
rejected() {
	"$1" sipp "$4" -i "$2" -p "$3" -sf "$FIELD_LIB/sipp/rejected.xml" -s "$6" -key user "$5" -m 1 -timeout 20s \
		-timeout_error -trace_err -error_file "$T/rejected.err" -nostdin >"$T/rejected" 2>&1 ||
		fail "$where, $5: the call did not end with 403: $(cat "$T/rejected.err" 2>/dev/null; tail -n 20 "$T/rejected")"
}
# round WHERE FAMILY SOURCE SERVER TARGET USER: also from a port that nobody knows yet
round() {
	local where=$1 family=$2 source=$3 got before port
	got=$(wan $PY "$FIELD_LIB/phones.py" "$source" "$4" -u "$6" -p 5060)
	must "$where: not registered: $got" answered 200 "$got"
	before=$(seen_by pbx)
	for port in 5060 5066; do
		rejected wan "$source" $port "$5" "$6" 0044207946
	done
	wait_for 10 logged "with 403: destination: .*from \[?$source" || fail "$where: not in the log"
	[ "$(seen_by pbx)" = "$before" ] || fail "$where: the PBX saw something"
	note "$where IPv$family: 403, and nothing of it at the PBX"
}
# leaving WHERE: by its number, and because the trunk has had its one call
leaving() {
	local where=$1 before
	before=$(seen_by wan)
	rejected pbx $PBX4 5062 $CARRIER:5060 pbx 0044207946
	[ "$(seen_by wan)" = "$before" ] || fail "$where: the trunk saw a call to a number that is denied"
	wait_for 10 logged "with 403: destination: .*" || fail "$where: not in the log"
	pbx $PY "$FIELD_LIB/sip.py" $PBX4 $CARRIER -m INVITE --user 4930231251 >/dev/null
	before=$(seen_by wan)
	[ "${before% *}" -gt "$invites" ] || fail "$where: the trunk did not see its one call"
	rejected pbx $PBX4 5062 $CARRIER:5060 pbx 4930231252
	[ "$(seen_by wan)" = "$before" ] || fail "$where: the trunk saw a call beyond its limit"
	wait_for 10 logged "with 403: calls: trunk carrier .*limit line" || fail "$where: the limit is not in the log"
	invites=${before% *}
	note "$where: the server's own calls hear 403, and nothing of them at the trunk"
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
cat >"$T/etc/sipmoat.conf" <<CONF
destination = { deny = [ "^0044" ]; };
trunks = ( { name = "carrier"; addresses = [ "$CARRIER" ]; } );
calls = { limits = ( { name = "line"; per = "trunk"; trunk = "carrier"; count = "hour"; act = 1; } ); };
memory = { learning = "0s"; };
CONF
field_topology router
pbx_start
count_setup pbx
count_setup wan
invites=0
start
round router 4 $CALLER4 $PBX4 "$(target 4)" 1004
! has_v6 || round router 6 $CALLER6 $PBX6 "$(target 6)" 1006
leaving router
got=$(sip 203.0.113.25 $PBX4 -m INVITE --user 00442079)
must "a stranger was answered: $got" unanswered "$got"
wait_for 10 logged 'dropped 203\.0\.113\.25: destination' || fail "the stranger: not in the log"
stop

ip -n "$NS-wan" route del 192.0.2.128/25
if gw nft -f - 2>"$T/nat.err" <<'RULES'
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 udp dport 5060 dnat to 192.0.2.130
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname wan0 ip saddr 192.0.2.128/25 masquerade
	}
}
RULES
then
	start
	round dnat 4 198.51.100.21 $GW4 $GW4:5060 1007
	[ "$(counted wan 403)" -ge 2 ] || fail "dnat: the answers did not come from the public address"
	leaving dnat
	stop
	gw nft delete table ip nat
else
	note "this kernel has no NAT in nftables"
fi

ip -n "$NS-wan" route add 192.0.2.128/25 via 192.0.2.2
# shellcheck disable=SC2034 # of field.sh
GUARD_NS=$NS-pbx
strict_host
start
round host 4 198.51.100.22 $PBX4 "$(target 4)" 1008
leaving host
