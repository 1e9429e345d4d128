#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A client that reads every byte of what it is answered when it is refused: over IPv4 and IPv6, through
# a router and through DNAT.  Of what is refused and acknowledged the server sees nothing, and who
# acknowledges is not to blame for it.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio

# seen: packets of SIP that reached the PBX from outside
seen() { pbx nft list chain inet seen in | awk '/counter/ { for (i = 1; i < NF; i++)
	if ($i == "packets") print $(i + 1) }'; }
absorbed() {
	report
	[ "$(of_report absorbed)" -ge "$1" ]
}
# round WHERE SOURCE SERVER USER [nat]
round() {
	local where=$1 got before
	: >"$T/guard.log"
	guard_start "$T/sipmoat.conf"
	got=$(wan $PY "$FIELD_LIB/phones.py" "$2" "$3" -u "$4" -p 5060)
	must "$where: not registered: $got" answered 200 "$got"
	before=$(seen)
	wan $PY "$FIELD_LIB/asked.py" "$2" "$3" ${5:-} >"$T/asked.out" || fail "$where: $(cat "$T/asked.out")"
	[ "$(seen)" = "$before" ] || fail "$where: the PBX saw something"
	wait_for 10 absorbed 2 || fail "$where: absorbed $(of_report absorbed), not the 2 ACKs"
	[ "$(of_report answer_lost)" = 0 ] || fail "$where: answers were lost"
	must_not_ban "$2"
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
	note "$where: $(cat "$T/asked.out")"
}

cat >"$T/sipmoat.conf" <<'CONF'
agent = { action = "reject"; code = 503; reason = "Later"; retry_after = "100s-200s"; };
dialog = { action = "reject"; sides = "strict"; };
method = { action = "reject"; deny = [ "PUBLISH" ]; };
register = { action = "reject"; min_expires = "60s"; };
scan = { mode = "off"; };
memory = { learning = "0s"; };
store = { file = ""; };
CONF
field_topology router
pbx nft -f - <<'NFT'
table inet seen { chain in { type filter hook input priority 100; iifname p0 udp dport 5060 counter; }; }
NFT
pbx_start
round "router, IPv4" $CALLER4 $PBX4 1004
! has_v6 || round "router, IPv6" $CALLER6 $PBX6 1006
ip -n "$NS-wan" route del 192.0.2.128/25
if gw nft -f - 2>"$T/nat.err" <<'RULES'
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 udp dport 5060 dnat to 192.0.2.130
	}
}
RULES
then
	round "DNAT, IPv4" 198.51.100.21 $GW4 1007 nat
else
	note "this kernel has no NAT in nftables"
fi
