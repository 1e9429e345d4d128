#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the chains do with packets: a banned source loses SIP and fragments, or everything; its
# IPv6 /64 with it; the trusted never; police sheds what one stranger sends too fast.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
nft_far
trust='zones = ( { name = "carrier"; addresses = [ "203.0.113.2" ]; trust = true; } );'
conf "$trust"
harness_start
say steer
came() { # FROM PORT BYTES COUNT WANTED
	local n
	n=$(arrive "$1" "$2" "$3" "$4")
	[ "$n" = "$5" ] || fail "from $1 to port $2, $3 bytes: $n of $4 came, not $5 ($6)"
}
came 203.0.113.1 5060 400 5 5 "before the ban"
came 203.0.113.1 5060 3500 2 2 "fragments before the ban"
came 2001:db8:1:1::1 5060 400 5 5 "before the ban"
say ban 203.0.113.1 600 'agent: why'
say ban 2001:db8:1:1::1 600 'agent: why'
must_have banned6 2001:db8:1:1::
must_have banned4 203.0.113.1
came 203.0.113.1 5060 400 5 0 "banned"
came 203.0.113.1 4000 400 5 5 "not SIP"
came 203.0.113.1 5060 3500 2 0 "fragments"
came 203.0.113.1 4000 3500 2 0 "fragments"
came 203.0.113.3 5060 400 5 5 "a neighbour"
came 2001:db8:1:1::1 5060 400 5 0 "banned"
came 2001:db8:1:1::2 5060 400 5 0 "the same /64"
came 2001:db8:1:1::2 5060 3500 2 0 "fragments of the same /64"
came 2001:db8:1:1::2 4000 400 5 5 "not SIP"
came 2001:db8:1:2::1 5060 400 5 5 "another /64"
must "not counted: $(element banned4 203.0.113.1)" grep -qv 'packets 0 ' <<<"$(element banned4 203.0.113.1)"
# whoever bans it: the kernel too knows the trusted
gw nft add element inet sipmoat banned4 '{ 203.0.113.2 timeout 1h }'
came 203.0.113.2 5060 400 5 5 "trusted"

conf "$trust bans: { scope = \"all\"; };"
say reload "$T/conf" || fail "$H_LINE"
came 203.0.113.1 4000 400 5 0 "scope all"
came 203.0.113.3 4000 400 5 5 "a neighbour"
conf "$trust mode = \"observe\";"
say reload "$T/conf" || fail "$H_LINE"
came 203.0.113.1 5060 400 5 5 "observing"

# 40 at once against 20 a second and as many saved up: most of the rest must go
conf "$trust police: { rate = 20; };"
say reload "$T/conf" || fail "$H_LINE"
shed() { # FROM
	local n
	n=$(arrive "$1" 5060 400 400)
	[ "$n" -ge 20 ] && [ "$n" -lt 300 ] || fail "police let $n of 400 from $1 through"
	note "police let $n of 400 from $1 through"
}
shed 203.0.113.3
shed 2001:db8:1:2::1
came 203.0.113.2 5060 400 400 400 "trusted: no police"
came 203.0.113.3 4000 400 400 400 "not SIP: no police"
say known 203.0.113.3 60
must_have known4 203.0.113.3
came 203.0.113.3 5060 400 400 400 "known: another limit"
conf "$trust police: { rate = 2000; known = 20; };"
say reload "$T/conf" || fail "$H_LINE"
shed 203.0.113.3
came 203.0.113.2 5060 400 400 400 "trusted: no police"
conf "$trust police: { rate = 20; known = 0; };"
say reload "$T/conf" || fail "$H_LINE"
came 203.0.113.3 5060 400 400 400 "known: no limit"
shed 2001:db8:1:2::1
conf "$trust police: { rate = 0; known = 20; };"
say reload "$T/conf" || fail "$H_LINE"
came 203.0.113.3 5060 400 400 400 "known: rate = 0, no police at all"
came 2001:db8:1:2::1 5060 400 400 400 "a stranger: rate = 0, no police at all"
say unsteer
came 2001:db8:1:2::1 5060 400 400 400 "without steering no police"
came 203.0.113.1 5060 400 5 0 "still banned without steering"
harness_stop
came 203.0.113.1 5060 400 5 0 "still banned after the end"
