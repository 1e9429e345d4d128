#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A refused message ends its TCP connection for both ends at once, with the server behind a
# DNAT rule: whoever called the public address gets the RST from there.  The RST to the server
# belongs to no connection that the gateway knows; its own rules let it pass by our mark.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/refused.sh"
field_open
field_topology router
ip -n "$NS-wan" route del 192.0.2.128/25
gw nft -f - <<'RULES' || skip "this kernel has no NAT in nftables"
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
pbx_echo
apart
guard_start
refused_test $GW4
