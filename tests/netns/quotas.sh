#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a user has used up of a day's calls is used up after a restart, and after kill -9, too;
# without what was saved he begins anew.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
DB=$T/sipmoat.db
cat >"$T/sipmoat.conf" <<-CONF
	inside = [ "$PBX4", "$PBX6" ];
	memory = { learning = "0s"; };
	control = { socket = "$T/control"; };
	store = { file = "$DB"; interval = "1s"; };
	calls = { limits = ( { name = "a-day"; per = "user"; count = "day"; act = 3; } ); };
CONF
start() { : >"$T/guard.log"; guard_start "$T/sipmoat.conf"; }
# calls N: so many calls pass; over: the next one does not
calls_pass() {
	local i got
	for ((i = 0; i < $1; i++)); do
		got=$(answer_to $CALLER4 $PBX4 -m INVITE --user 1001)
		must "call $((i + 1)) of $1 is refused $2: $got" answered 200 "$got"
	done
}
over() {
	local got
	got=$(sip $CALLER4 $PBX4 -m INVITE --user 1001)
	! answered 200 "$got" || fail "a call too many passes $1: $got"
	wait_for 20 logged 'calls: user 1001 began 3 calls within a day, limit a-day' ||
		fail "the log does not say why $1: $(grep calls: "$T/guard.log")"
}
saves() { tool stats --json | $PY -c 'import json, sys; print(json.load(sys.stdin)["store"]["saves"])'; }
more_than() { [ "$(saves)" -gt "$1" ]; }

start
calls_pass 2 "at first"
guard_stop
start
calls_pass 1 "after a restart"
over "after a restart"
wait_for 20 more_than $(($(saves) + 2)) || fail "nothing is saved" # one may be under way, one of calls alone
guard_kill
start
over "after kill -9"
guard_stop
rm "$DB"
start
calls_pass 3 "with nothing remembered"
over "with nothing remembered"
note "three calls a day are three over a restart and kill -9"
