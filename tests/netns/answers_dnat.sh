#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Behind DNAT, also from another port, strangers that are refused with their first packet hear it
# from the address and the port that they asked, at once or from the tarpit, with rport and without;
# the inner address is never seen.  What the same port sends next reaches the server, and its answer
# the client: conntrack knows nothing of ours.  IPv4 and IPv6.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
field_topology router
ip -n "$NS-wan" route del 192.0.2.128/25
gw nft -f - 2>/dev/null <<'RULES' || skip "this kernel has no NAT in nftables"
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 udp dport 5060 dnat to 192.0.2.130
		iifname wan0 ip daddr 192.0.2.2 udp dport 5070 dnat to 192.0.2.130:5060
	}
}
RULES
wan nft -f - <<'NFT'
table inet seen {
	chain in {
		type filter hook prerouting priority -300;
		udp dport 53 accept comment "names that the server looks for"
		ip saddr 192.0.2.128/25 counter
		ip6 saddr 2001:db8:0:2::/64 counter
	}
}
NFT
v6=
if has_v6 && gw nft -f - 2>/dev/null <<'RULES'
table ip6 nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip6 daddr 2001:db8:0:1::2 udp dport 5060 dnat to 2001:db8:0:2::130
		iifname wan0 ip6 daddr 2001:db8:0:1::2 udp dport 5070 dnat to [2001:db8:0:2::130]:5060
	}
}
RULES
then
	v6=1
fi

# asks WANTED SOURCE PORT TARGET DPORT AGENT [VIAPORT]
asks() {
	local wanted=$1 got
	shift
	got=$(wan $PY "$FIELD_LIB/strange.py" "$@")
	must "$*: $got, not $wanted $3 $4" [ "$got" = "$wanted $3 $4" ]
}
# round STATUS SOURCE TARGET
port=5100
round() {
	local dport
	for dport in 5060 5070; do
		port=$((port + 10))
		asks "$1" "$2" $port "$3" $dport friendly-scanner
		asks 200 "$2" $port "$3" $dport 'Acme Desk Phone'
		asks "$1" "$2" $port "$3" $dport friendly-scanner
		asks "$1" "$2" $((port + 1)) "$3" $dport friendly-scanner $((port + 2))
		asks 200 "$2" $((port + 1)) "$3" $dport 'Acme Desk Phone'
		asks 200 "$2" $((port + 2)) "$3" $dport 'Acme Desk Phone'
	done
}
inner() { wan nft list chain inet seen in | awk '/counter/ { for (i = 1; i < NF; i++)
	if ($i == "packets") n += $(i + 1) } END { print n + 0 }'; }

caps='answers = { strangers = "small"; per_source = 1000; total = 1000; strangers_total = 1000; delay = "1s"; };'
mkdir "$T/etc"
config() { printf '%s\nagent = { action = "%s"; code = 480; ban = "0s"; };\n' "$caps" "$1" >"$T/etc/sipmoat.conf"; }
PBX_ADVERTISE=$GW4:5060 pbx_start
config reject
guard_start "$T/etc/sipmoat.conf"
! logged 'the kernel does not tell' || skip "this kernel does not tell where packets were sent to before DNAT"
round 480 203.0.113.11 $GW4
[ -z $v6 ] || round 480 2001:db8:66:11::1 2001:db8:0:1::2
# who has a connection of the kernel
asks 200 203.0.113.12 5060 $GW4 5060 'Acme Desk Phone'
asks 480 203.0.113.12 5060 $GW4 5060 friendly-scanner
asks 200 203.0.113.12 5060 $GW4 5060 'Acme Desk Phone'
note "rejected in the name of the public address and port"
config decoy
guard_reload
port=5200
round 200 203.0.113.13 $GW4
logged 'deceived 203\.0\.113\.13 with 200: agent: ' || fail "nobody was deceived"
config tarpit
guard_reload
asks 480 203.0.113.14 5300 $GW4 5070 friendly-scanner
asks 200 203.0.113.14 5300 $GW4 5070 'Acme Desk Phone'
must "the inner address was seen outside" [ "$(inner)" = 0 ]
note "deceived, and late, likewise; the inner address was never seen${v6:+, IPv4 and IPv6}"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "the chain of our answers is left behind" [ "$(gw nft list ruleset | grep -c notrack)" = 0 ]
