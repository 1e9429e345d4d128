#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A killed daemon leaves bans and steering; the next one takes the sets over as they are, or
# makes them anew when they have another shape, and loses no ban.
. "$(dirname "$0")/../lib/nft.sh"
# its place among the checks
agent=$(grep -o '&check_[a-z]*' "$ROOT/rules/checks.c" | grep -nx '&check_agent' | cut -d: -f1)
agent=$((agent - 1))
nft_open
harness_start
say steer
say ban 203.0.113.1 600 'agent: why'
say ban 2001:db8:5:6::1 600 'flood: why'
say known 203.0.113.3 600
must_have banned4 203.0.113.1
must_have known4 203.0.113.3
handle() { gw nft -j list tables | grep -o '"inet", "name": "sipmoat", "handle": [0-9]*'; }
first=$(handle)
harness_kill
must "a crash lifted a ban" has banned4 203.0.113.1
must "a crash removed the steering" grep -qE 'queue (num|.*to) ' <<<"$(gw nft list ruleset 2>/dev/null)"

adopted() {
	must_have banned4 203.0.113.1
	must_have banned6 2001:db8:5:6::
	must_have known4 203.0.113.3
	must "the ban is not in state" in_state 203.0.113.1
	must "read back as: $H_TEXT" grep -qE "^203.0.113.1 5[0-9][0-9] $agent why" <<<"$H_TEXT"
	must "$H_LINE" counted restored=2
}
harness_start
adopted
must "the table was made anew" [ "$(handle)" = "$first" ]
say steer
must_have known4 203.0.113.3
harness_kill
conf 'bans: { max = 1000; };'
harness_start
adopted
must "the set has the old size" grep -q 'size 1000' <<<"$(gw nft list set inet sipmoat banned4)"
must "the table was not made anew" [ "$(handle)" != "$first" ]
harness_kill
gw nft delete table inet sipmoat
gw nft 'table inet sipmoat { set banned4 { type ipv6_addr; }; chain bans { type filter hook input priority 0; }; }'
harness_start
must "still the wrong shape" grep -q 'type ipv4_addr' <<<"$(gw nft list set inet sipmoat banned4)"
must "still the wrong chain" grep -q 'hook prerouting priority -450' <<<"$(gw nft list chain inet sipmoat bans)"
say ban 203.0.113.1 600 'agent: why'
must_have banned4 203.0.113.1
harness_stop
must "stopping lifted a ban" has banned4 203.0.113.1
