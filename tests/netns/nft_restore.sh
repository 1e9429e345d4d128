#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody removes our table or a part of it: tables, steering, bans and known sources come
# back from memory, and the log says who it was.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
harness_start
say steer
say ban 203.0.113.1 600 'agent: why'
say ban 2001:db8:5:6::1 600 'flood: why'
say known 203.0.113.3 600
must_have banned4 203.0.113.1
must_have known4 203.0.113.3
# all that must be alike: not the order of elements, nor what has passed of their time
look() {
	gw nft list ruleset 2>/dev/null | sed -E 's/packets [0-9]+ bytes [0-9]+//g
		s/timeout [0-9hms]+ expires [0-9hms]+//'
}
look >"$T/before"
must "no steering: $(cat "$T/before")" grep -qE 'queue (num 5062-5063 bypass|flags bypass to 5062-5063)' "$T/before"

again() {
	look >"$T/after"
	diff "$T/before" "$T/after" >"$T/diff"
}
check() {
	wait_for again || fail "after $1: $(cat "$T/diff")"
	must_have banned4 203.0.113.1
	must_have banned6 2001:db8:5:6::
	must_have known4 203.0.113.3
	must "after $1 the comment is gone" grep -q '"agent: why"' <<<"$(element banned4 203.0.113.1)"
	must "after $1 it ends later" [ "$(left banned4 203.0.113.1)" -le 600 ]
	must "after $1 it is gone from state" in_state 203.0.113.1
}
gw nft flush ruleset
check "flush ruleset"
wait_for logged 'nft \(pid [0-9]+\) removed our nftables tables' || fail "the log does not say who"
gw nft delete table inet sipmoat
check "delete table"
gw nft flush chain inet sipmoat bans
check "flush chain"
gw nft flush set inet sipmoat sip_udp
check "flush set sip_udp"
must "the log does not say who changed rules" logged 'changed rules or settings'
gw nft add element inet sipmoat trusted4 '{ 203.0.113.9 }'
check "an addition to trusted4"
if gw nft list tables 2>/dev/null | grep -q 'ip sipmoat-queue'; then
	gw nft delete table ip sipmoat-queue 2>/dev/null
	check "delete table ip sipmoat-queue"
fi

# a saved ruleset with an old ban in it: the ban is not what we know
gw nft list table inet sipmoat >"$T/saved"
sed -i 's/203\.0\.113\.1\b/203.0.113.77/' "$T/saved"
{ echo 'flush ruleset'; cat "$T/saved"; } >"$T/file"
gw nft -f "$T/file"
check "a saved ruleset"
must_lack banned4 203.0.113.77
must "an old ban came back" not_in_state 203.0.113.77
for _ in $(seq 1 30); do gw nft flush ruleset; done
check "30 times flush ruleset"
harness_stop
