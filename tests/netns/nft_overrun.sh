#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More changes than the event buffer holds, while the daemon could not look: it reads the sets
# and finds out what an operator did meanwhile.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
harness_start
say ban 203.0.113.1 600 'agent: why'
say ban 203.0.113.2 600 'agent: why'
say ban 2001:db8:5:6::1 600 'agent: why'
must_have banned6 2001:db8:5:6::
must_have banned4 203.0.113.2
gw nft 'table inet noise { set s { type ipv4_addr; }; }'
$PY -c 'print("add element inet noise s {", ",".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"
	for i in range(65536)), "}\nflush set inet noise s")' >"$T/noise"
kill -STOP "$H_PID"
for _ in $(seq 1 8); do gw nft -f "$T/noise"; done
gw nft delete element inet sipmoat banned4 '{ 203.0.113.1 }'
gw nft delete element inet sipmoat banned6 '{ 2001:db8:5:6:: }'
gw nft add element inet sipmoat banned4 '{ 203.0.113.9 timeout 1h comment "by hand" }'
kill -CONT "$H_PID"
wait_for in_state 203.0.113.9 || fail "what was added is not in state"
wait_for not_in_state 203.0.113.1 || fail "what was deleted is still in state"
must "what was deleted is still in state (IPv6)" not_in_state 2001:db8:5:6::
must "what stayed is gone" in_state 203.0.113.2
must_lack banned4 203.0.113.1
must_have banned4 203.0.113.9
must "no overrun happened: the test proves nothing" logged 'events of nftables were lost'
kill -STOP "$H_PID"
for _ in $(seq 1 8); do gw nft -f "$T/noise"; done
gw nft flush ruleset
kill -CONT "$H_PID"
must_have banned4 203.0.113.2
must_have banned4 203.0.113.9
harness_stop
