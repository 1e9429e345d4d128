#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody flushes the whole ruleset (nftables.service does): our table is back at once, with
# the bans and the steering in it.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
guard_start
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
for _ in 1 2 3; do
	gw nft flush ruleset
	must_ban 203.0.113.11
done
left=$(gw nft -j list set inet sipmoat banned4 | $PY -c 'import json, sys
s = [x["set"] for x in json.load(sys.stdin)["nftables"] if "set" in x][0]
print([e["elem"]["expires"] for e in s["elem"] if e["elem"]["val"] == "203.0.113.11"][0])')
note "back with $left s to go"
sip 203.0.113.12 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.12
got=$(answer_to 203.0.113.15 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
gw nft delete table inet sipmoat
must_ban 203.0.113.11
sip 203.0.113.13 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.13
