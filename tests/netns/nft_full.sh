#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A full set refuses quietly: what is in stays in, but for a ban that is proven where one is not;
# one line a minute tells, and when bans end there is room again.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
conf 'bans: { max = 64; };'
harness_start
for i in $(seq 1 64); do say ban 203.0.113.$i 8 'flood: short'; done
full() { [ "$(elements banned4)" = 64 ]; }
wait_for full || fail "only $(elements banned4) of 64 arrived"
for i in $(seq 65 90); do say ban 203.0.113.$i 300 'flood: too many'; done
wait_for counted refused=26 || fail "$H_LINE"
must "some were lost" full
must "not one line, but $(grep -c 'is full' "$T/log")" [ "$(grep -c 'is full' "$T/log")" = 1 ]
for i in $(seq 91 100); do say proven 203.0.113.$i 8 'method: shown'; done
shown() { for i in $(seq 91 100); do has banned4 203.0.113.$i || return; done; }
wait_for shown || fail "a set that forged packets fill keeps proven bans out"
must "more than they need have made room for them" full
note "proven bans take the places of others"
room() {
	say ban 203.0.113.200 300 'flood: later'
	has banned4 203.0.113.200
}
wait_for room || fail "no room after the bans have ended: $(elements banned4)"
harness_stop
