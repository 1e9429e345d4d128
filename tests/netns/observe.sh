#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mode = "observe": everything is judged and told, nothing is dropped or banned.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
echo 'mode = "observe";' >"$T/etc/sipmoat.conf"
pbx_echo
guard_start "$T/etc/sipmoat.conf"
got=$(answer_to 203.0.113.11 $PBX4 -a friendly-scanner)
must "dropped in observe mode: $got" answered 200 "$got"
got=$(sip 203.0.113.12 $PBX4 -n 100 -r 500 -w 1)
must "dropped in observe mode: $got" grep -q '"200": 100' <<<"$got"
wait_for 10 logged 'would have .*203\.0\.113\.11' || fail "agent: nothing in the log"
wait_for 10 logged 'would have .*203\.0\.113\.12' || fail "flood: nothing in the log"
must_not_ban 203.0.113.11
must_not_ban 203.0.113.12
note "$(grep -m 1 'would have' "$T/guard.log")"
