#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Beside the operator's own firewall: a filter of nft and one of iptables stay as they are,
# still decide what they decide, and both sides work.
. "$(dirname "$0")/../lib/field.sh"
field_open
need iptables
field_topology router
pbx_echo
gw nft -f - <<'RULES' || skip "this kernel has no nftables filter"
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		ip saddr 203.0.113.29 drop
		udp dport 5060 counter accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
	}
}
table ip fail2ban-like {
	set addr { type ipv4_addr; elements = { 203.0.113.28 } }
	chain input { type filter hook forward priority -1; ip saddr @addr drop; }
}
RULES
gw iptables -A FORWARD -s 203.0.113.27 -j DROP || fail "iptables does not work here"
gw nft -s list table inet filter >"$T/before" 2>/dev/null
guard_start
got=$(answer_to $CALLER4 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
for a in 203.0.113.29 203.0.113.28 203.0.113.27; do
	got=$(sip $a $PBX4)
	must "the operator's own rule does not hold any more for $a: $got" \
	unanswered "$got"
done
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
gw nft delete table inet filter
gw nft delete table ip fail2ban-like
got=$(sip 203.0.113.27 $PBX4)
must "the rule of iptables does not hold any more: $got" unanswered "$got"
got=$(answer_to 203.0.113.29 $PBX4)
must "refused though the operator's rule is gone: $got" answered 200 "$got"
guard_stop
gw nft list tables | grep -vE '(sipmoat|table ip6? (filter|nat|mangle|raw))' | grep . &&
	fail "unknown tables"
note "own rules and ours hold side by side"
