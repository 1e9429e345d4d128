#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A worker that no longer moves, then the thread of bans: the daemon says so and lets the watchdog
# starve, although its main thread is well; when the thread moves again, the watchdog is fed again.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
export WATCHDOG_USEC=2000000
guard_start
count() { grep -c "^$1" "$T/notified"; }
more() { [ "$(count "$1")" -ge "$2" ]; }
wait_for 20 more WATCHDOG=1 2 || fail "the watchdog is not fed"
trap 'exec 9>&-; field_close $?' EXIT # a held daemon cannot end
# hold THREAD: until let_go
hold() {
	local task tid
	for task in /proc/"$GUARD_PID"/task/*; do
		[ "$(cat "$task/comm")" != "$1" ] || tid=${task##*/}
	done
	rm -f "$T/hold" "$T/held"
	mkfifo "$T/hold"
	$PY "$FIELD_LIB/hold.py" "$tid" <"$T/hold" >"$T/held" 2>&1 &
	holder=$!
	exec 9>"$T/hold"
	wait_for 20 test -s "$T/held"
	grep -q '^held' "$T/held" || skip "$(cat "$T/held")"
}
let_go() {
	exec 9>&-
	wait $holder
	wait_for 30 more WATCHDOG=1 $((fed + 2)) || fail "the watchdog starves although all move again"
}
# starves WHO: it is noticed, once, and nothing else suffers
starves() {
	local told
	wait_for 60 logged "$1 is stuck" || fail "nobody notices that $1 is stuck"
	fed=$(count WATCHDOG=1)
	told=$(count STATUS=)
	wait_for 30 more STATUS= $((told + 3)) || fail "the main thread is stuck too"
	must "the watchdog is fed all the same" [ "$(count WATCHDOG=1)" = "$fed" ]
	must "it is said $(grep -c 'is stuck' "$T/guard.log") times" \
		[ "$(grep -c "$1 is stuck" "$T/guard.log")" = 1 ]
}
hold worker-0
starves 'worker 0'
guard_reload # must not wait for a worker that holds nothing
let_go
hold sipmoatd-bans
starves 'the thread of bans'
must "nothing goes through without the thread of bans" \
	answered 200 "$(answer_to 203.0.113.15 $PBX4 --user '')"
let_go
must "nothing goes through any more" answered 200 "$(answer_to 203.0.113.15 $PBX4 --user '')"
