#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls are ended for both sides behind a DNAT rule of the gateway: what comes from the server goes
# out under the public address, and what goes to it comes from the phone.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
. "$(dirname "$0")/../lib/ended.sh"
field_open
need kamailio kamcmd sipp
field_topology router
ip -n "$NS-wan" route del 192.0.2.128/25
gw nft -f - <<'RULES' || skip "this kernel has no NAT in nftables"
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname wan0 ip daddr 192.0.2.2 udp dport 5060 dnat to 192.0.2.130
		iifname wan0 ip daddr 192.0.2.2 tcp dport 5060 dnat to 192.0.2.130
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname wan0 ip saddr 192.0.2.128/25 masquerade
	}
}
RULES
ended_open
PBX_ADVERTISE=$GW4:5060 counting_pbx
guard_start "$T/etc/sipmoat.conf"
# shellcheck disable=SC2034 # field.sh reads it
PBX4=$GW4 # what the world calls it
ended dnat 4 $CALLER4 5061 $CALLEE4 5071 10
