#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A new configuration reaches the kernel in one stroke; those who are trusted now are no longer
# banned; removing the steering leaves the bans in force.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
harness_start
say steer
say ban 203.0.113.1 600 'agent: why'
say ban 203.0.113.2 600 'agent: why'
must_have banned4 203.0.113.2
rules() { gw nft list ruleset 2>/dev/null; }
must "police is missing" grep -q 'limit rate over 2000/second' <<<"$(rules)"

conf 'ports: { udp = [ "5060", "5080" ]; tcp = []; }; police: { rate = 0; };
bans: { scope = "all"; };
zones = ( { name = "carrier"; addresses = [ "203.0.113.2" ]; trust = true; } );'
gw stdbuf -oL nft monitor >"$T/monitor" 2>&1 &
monitor=$!
watching() {
	gw nft add table inet "probe-$RANDOM"
	grep -q 'add table inet probe' "$T/monitor"
}
wait_for watching || fail "nft monitor does not listen"
say reload "$T/conf" || fail "$H_LINE"
must_lack banned4 203.0.113.2
must "the trusted one is still banned in state" not_in_state 203.0.113.2
must_have banned4 203.0.113.1
gw nft add table inet finished
seen() { grep -q 'add table inet finished' "$T/monitor"; }
wait_for seen || fail "nft monitor is late"
kill $monitor
wait $monitor 2>/dev/null
# one stroke for tables and steering, one for the element that went, one for the short way of
# the banned, which is safe from then on
n=$(grep -c 'new generation .*(sipmoatd-bans)' "$T/monitor")
must "$n generations instead of 3" [ "$n" = 3 ]
must "ports: $(gw nft list set inet sipmoat sip_udp)" grep -q '5060, 5080' <<<"$(gw nft list set inet sipmoat sip_udp)"
must "police is still there" [ -z "$(gw nft list chain inet sipmoat police | grep dport)" ]
must "scope: $(gw nft list chain inet sipmoat bans)" \
	grep -qx '[[:space:]]*goto bans_source' <<<"$(gw nft list chain inet sipmoat bans)"
must "trusted: $(gw nft list set inet sipmoat trusted4)" grep -q '203.0.113.2' <<<"$(gw nft list set inet sipmoat trusted4)"

conf 'mode = "observe";'
say reload "$T/conf" || fail "$H_LINE"
must "observing drops" [ -z "$(gw nft list chain inet sipmoat bans_hit4 | grep -w drop)" ]
must "observing drops sites" [ -z "$(gw nft list chain inet sipmoat bans_site4 | grep -w drop)" ]
conf ''
say reload "$T/conf" || fail "$H_LINE"
must "no longer dropping" grep -qw drop <<<"$(gw nft list chain inet sipmoat bans_hit4)"
must "police is not back" grep -q 'limit rate over 2000/second' <<<"$(rules)"

say unsteer
ways() { rules | grep -A8 -E 'chain (steer_(in|out|for).*|police) {' | grep dport; }
must "steering is left: $(ways)" [ -z "$(ways)" ]
must "without us nobody who is never banned is spared" \
	grep -qw 'goto bans_hit4' <<<"$(gw nft list chain inet sipmoat bans_site4)"
must_have banned4 203.0.113.1
must "the bans chain is gone" grep -q 'hook prerouting priority -450' <<<"$(rules)"
say steer
must "no steering" grep -qE 'queue (num|.*to) 5060-5061' <<<"$(rules)"
harness_stop
must "chains are left: $(rules)" [ -z "$(rules | grep -E 'queue|steer|police {')" ]
must_have banned4 203.0.113.1
