#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What operators do all day leaves nothing behind in the daemon: clients that hang up in the middle
# of a question, reloads, changes of the mode.  No descriptor, no thread, no process, no memory.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/state"
export STATE_DIRECTORY=$T/state
printf '203.0.113.28\n' >"$T/worst"
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
control = { socket = "$T/control"; };
events = { file = "$T/events"; };
feeds = ( { name = "worst"; file = "$T/worst"; } );
CONF
guard_start "$T/sipmoat.conf"

# a_day CLIENTS RELOADS MODES
a_day() {
	local i
	$PY "$FIELD_LIB/hangup.py" "$T/control" "$1" >"$T/said" 2>&1 || fail "$(cat "$T/said")"
	for ((i = 0; i < $2; i++)); do given 0 '' reload; done
	for ((i = 0; i < $3; i += 2)); do
		given 0 '' mode observe
		given 0 '' mode enforce
	done
}
kept() {
	ls -l "/proc/$GUARD_PID/fd" | sed -n 's/.* -> //p' | sed 's/\[[0-9]*\]//' | sort
	ls "/proc/$GUARD_PID/task" | wc -l
	pgrep -cP "$GUARD_PID"
}
as_before() { kept >"$T/after"; cmp -s "$T/before" "$T/after"; }
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$GUARD_PID/status"; }

a_day 20 6 6 # what is allocated once
kept >"$T/before"
was=$(resident)
a_day 200 30 20
wait_for 10 as_before || fail "descriptors, threads, processes: $(diff "$T/before" "$T/after")"
is=$(resident)
must "sipmoatd ended" guard_alive
note "1200 clients that hung up, 30 reloads, 20 modes: $(grep -c . "$T/before") lines as before, $((is - was)) KB more"
case $B in *-address* | *-thread*) exit 0 ;; esac # memory: told by the leak sanitizer, at the end
# the ring of the last events fills by 700 KB of it
must "the daemon has grown from $was KB to $is KB" [ $((is - was)) -le 1024 ]
