#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A worker that no longer moves: the daemon says so and lets the watchdog starve, although its
# main thread is well; when the worker moves again, so does the feeding.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
export WATCHDOG_USEC=2000000
guard_start
count() { grep -c "^$1" "$T/notified"; }
more() { [ "$(count "$1")" -ge "$2" ]; }
wait_for 20 more WATCHDOG=1 2 || fail "the watchdog is not fed"
for task in /proc/"$GUARD_PID"/task/*; do
	[ "$(cat "$task/comm")" != worker-0 ] || tid=${task##*/}
done
mkfifo "$T/hold"
$PY "$FIELD_LIB/hold.py" "$tid" <"$T/hold" >"$T/held" 2>&1 &
holder=$!
exec 9>"$T/hold"
trap 'exec 9>&-; field_close $?' EXIT # a held daemon cannot end
wait_for 20 test -s "$T/held"
grep -q '^held' "$T/held" || skip "$(cat "$T/held")"
wait_for 30 logged 'worker 0 is stuck' || fail "nobody notices"
fed=$(count WATCHDOG=1)
told=$(count STATUS=)
wait_for 30 more STATUS= $((told + 3)) || fail "the main thread is stuck too"
must "the watchdog is fed all the same" [ "$(count WATCHDOG=1)" = "$fed" ]
must "it is said $(grep -c 'is stuck' "$T/guard.log") times" \
	[ "$(grep -c 'is stuck' "$T/guard.log")" = 1 ]
guard_reload # must not wait for a worker that holds nothing
exec 9>&-
wait $holder
wait_for 30 more WATCHDOG=1 $((fed + 2)) || fail "the watchdog starves although all move again"
must "nothing goes through any more" answered 200 "$(sip 203.0.113.15 $PBX4 --user '')"
