#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Known sources in a full set: those known by a call make room for the registered, also after
# a restart; nobody makes room for them; and a registration makes a caller one who stays.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
conf 'bans: { known = 64; };'
harness_start
say called 203.0.113.1 3600
must_have known4 203.0.113.1
must "no comment: $(element known4 203.0.113.1)" grep -q 'comment "by a call"' <<<"$(element known4 203.0.113.1)"
# the hour begins anew with a later call, but not with each
say called 203.0.113.1 3700
say known 203.0.113.2 600
must_have known4 203.0.113.2
must "written with each call" [ "$(left known4 203.0.113.1)" -le 3600 ]
say known 203.0.113.1 600
for i in $(seq 3 64); do say called 203.0.113.$i 3600; done
full() { [ "$(elements known4)" = 64 ]; }
wait_for full || fail "only $(elements known4) of 64 arrived"
say called 203.0.113.100 3600
wait_for counted refused=0 || fail "$H_LINE"
say known 203.0.113.101 600
must_have known4 203.0.113.101
must_lack known4 203.0.113.100
must "$(elements known4) instead of 64" full
for a in 1 2; do must "203.0.113.$a is registered and had to go" has known4 203.0.113.$a; done

# what a call made known stays so over a restart
harness_stop
harness_start
for i in $(seq 102 160); do say known 203.0.113.$i 600; done
last() { has known4 203.0.113.160; }
wait_for last || fail "no room for the registered after a restart: $(tail -n 2 "$T/log")"
must "$(elements known4) instead of 64" full
for a in 1 2 101; do must "203.0.113.$a is registered and had to go" has known4 203.0.113.$a; done
harness_stop
