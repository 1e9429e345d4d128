#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A refused message ends its TCP connection for both ends at once, on the server's own host:
# the RST to the server goes through the loopback in the name of a source outside, past strict
# reverse path filters and a firewall that drops what has no valid state.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/refused.sh"
field_open
field_topology host
pbx sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.p0.rp_filter=1 net.ipv4.conf.lo.rp_filter=1
pbx nft -f - <<'RULES'
table inet own {
	chain input {
		type filter hook input priority filter; policy drop;
		iif lo accept
		ct state invalid drop
		ct state established,related accept
		th dport 5060 accept
		meta l4proto { icmp, ipv6-icmp } accept
	}
	chain output {
		type filter hook output priority filter;
		ct state invalid drop
	}
	chain reverse {
		type filter hook prerouting priority -460;
		fib saddr . iif oif missing drop
	}
}
RULES
pbx_echo
guard_start
refused_test $PBX4 "$(! has_v6 || echo $PBX6)"
