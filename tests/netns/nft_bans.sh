#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Elements: how bans and known sources reach the kernel's sets, what their comments say, who
# is never banned, and that what operators do with nft is honoured.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
conf 'zones = ( { name = "carrier"; addresses = [ "198.51.100.0/24" ]; trust = true; } );'
harness_start

say ban 203.0.113.1 600 'agent: User-Agent of a scanner: "friendly-scanner"'
must_have banned4 203.0.113.1
line=$(element banned4 203.0.113.1)
must "comment: $line" grep -q "comment \"agent: User-Agent of a scanner: 'friendly-scanner'\"" <<<"$line"
must "timeout: $line" grep -q 'timeout 10m expires' <<<"$line"
must "no counter of its own: $line" grep -q 'counter packets' <<<"$line"
note "$line"

say ban 2001:db8:5:6:7:8:9:a 600 'flood: much'
must_have banned6 2001:db8:5:6::
must_lack banned6 2001:db8:5:6:7:8:9:a

# the longer of two ends wins
say ban 203.0.113.1 7200 'flood: longer'
longer() { [ "$(left banned4 203.0.113.1)" -gt 3600 ]; }
wait_for longer || fail "not prolonged: $(element banned4 203.0.113.1)"
say ban 203.0.113.1 60 'flood: shorter'
say ban 203.0.113.2 60 'flood: behind it'
must_have banned4 203.0.113.2
must "shortened: $(element banned4 203.0.113.1)" longer
must "comment: $(element banned4 203.0.113.1)" grep -q 'flood: longer' <<<"$(element banned4 203.0.113.1)"
wait_for counted prolonged=1 || fail "$H_LINE"

say known 203.0.113.3 60
must_have known4 203.0.113.3
say known 2001:db8:5:7::1 60
must_have known6 2001:db8:5:7::

# never inside, never trusted; the marker behind them shows that they had their turn
say ban 192.0.2.130 60 'flood: forged'
say ban 198.51.100.7 60 'flood: forged'
say ban 2001:db8:0:2::9 60 'flood: forged'
say ban 203.0.113.4 60 'flood: marker'
must_have banned4 203.0.113.4
must_lack banned4 192.0.2.130
must_lack banned4 198.51.100.7
must_lack banned6 2001:db8:0:2::
must "the refused stay in state" not_in_state 192.0.2.130
must "$H_LINE" counted refused=3

# by hand
gw nft add element inet sipmoat banned4 '{ 203.0.113.9 timeout 1h comment "told by phone" }'
wait_for in_state 203.0.113.9 || fail "a ban by hand is not in state"
must "not told: $H_TEXT" grep -q '^203.0.113.9 35.. 255 told by phone' <<<"$H_TEXT"
gw nft add element inet sipmoat banned4 '{ 203.0.113.10 }'
wait_for in_state 203.0.113.10 || fail "a ban by hand without an end is not in state"
gw nft add element inet sipmoat banned6 '{ 2001:db8:7:8::1 timeout 1h }'
must_have banned6 2001:db8:7:8::
must_lack banned6 2001:db8:7:8::1
wait_for in_state 2001:db8:7:8:: || fail "its /64 is not in state"
gw nft add element inet sipmoat banned4 '{ 192.0.2.130 timeout 1h }'
must_lack banned4 192.0.2.130
wait_for counted by_hand=3 || fail "$H_LINE"
gw nft delete element inet sipmoat banned4 '{ 203.0.113.1 }'
wait_for not_in_state 203.0.113.1 || fail "an unban by hand is not honoured"
wait_for logged '203.0.113.1: unbanned by hand' || fail "and not logged"
say reload "$T/conf"
must_lack banned4 203.0.113.1
# not for a packet that was judged before
say late 203.0.113.1 60 'agent: before'
say ban 203.0.113.5 60 'flood: marker'
must_have banned4 203.0.113.5
must_lack banned4 203.0.113.1
say ban 203.0.113.1 60 'agent: again'
must_have banned4 203.0.113.1

# what the rings lost, reconciling finds
say truth 203.0.113.20 300
must_lack banned4 203.0.113.20
say reload "$T/conf"
must_have banned4 203.0.113.20

# many at once, all arrive
say rate 3000
note "${H_LINE#ok }"
all() { [ "$(elements banned4)" -ge 27000 ]; }
wait_for all || fail "only $(elements banned4) of 27000 arrived"
harness_stop
