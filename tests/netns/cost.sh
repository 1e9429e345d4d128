#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls through a real Kamailio that use up the money or the minutes of a day are ended for both sides
# while they run, each is told with its limit, and who has used it up hears 403; what others pay goes
# on.  A broken rate card leaves the prices as they were, a mended one changes them.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
. "$(dirname "$0")/../lib/ended.sh"
field_open
need kamailio kamcmd sipp

MANY=12 # calls at once, which use up a minute in five seconds
LONDON=+442079460101 MANCHESTER=+441614960102

card() { printf '%s\n' "$@" >"$T/etc/lists/rates.csv"; }
# dials USER NUMBER: SIPp's input
dials() {
	printf 'SEQUENTIAL\n%s;[authentication username=%s password=pw-%s];%s\n' "$1" "$1" "$1" "$2"
}
# listens SCENARIO PORT CALLS: those who are called, in CALLEE
listens() {
	phone "callee-$2" "callee-$1" 4 $CALLEE4 "$2" -m "$3" -timeout 60s -timeout_error &
	CALLEE=$!
	wait_for 10 phone_waits $CALLEE4 "$2" || fail "SIPp does not listen on port $2"
}
# calls SCENARIO USER NUMBER PORT CALLS [options]: in CALLER
calls() {
	local scenario=$1 user=$2 number=$3 port=$4 n=$5
	shift 5
	dials "$user" "$number" >"$T/$user.users"
	phone "$user" "caller-$scenario" 4 $CALLER4 "$port" -inf "$T/$user.users" -m "$n" -r 20 \
		-timeout 60s -timeout_error "$@" &
	CALLER=$!
}
ended_well() {
	wait "$1" || fail "$2: callers: $(tail -n 5 "$T/$3.err" 2>/dev/null): $(grep -E ' (cost|calls): ' "$T/guard.log")"
	wait "$4" || fail "$2: the called: $(tail -n 5 "$T/callee-$5.err" 2>/dev/null)"
}
refused_403() {
	wan sipp "$(target 4)" -i $CALLER4 -p 5061 -sf "$FIELD_LIB/sipp/rejected.xml" -s "$2" -key user "$1" -m 1 \
		-timeout 20s -timeout_error -trace_err -error_file "$T/rejected.err" -nostdin >"$T/rejected" 2>&1 ||
		fail "$3: no 403: $(cat "$T/rejected.err" 2>/dev/null; told)"
}
cuts() { grep -c "cut a call of .*: $1: " "$T/guard.log"; }
cut_all() { [ "$(cuts "$1")" -ge "$2" ]; }

must "no scenarios" $PY "$FIELD_LIB/scenarios.py" "$T"
mkdir -p "$T/etc/lists"
card '4420,London,60,0,1/1,2.00' '44161,Manchester,0.60,0,1/1'
cat >"$T/etc/sipmoat.conf" <<'CONF'
cost = {
	rates = [ "file:rates.csv" ];
	limits = ( { name = "day"; act = "3.00"; } );
};
calls = { limits = ( { name = "talk"; users = [ "=1003" ]; count = "minutes-day"; act = 1; } ); };
CONF
field_topology router
counting_pbx
guard_start "$T/etc/sipmoat.conf"
enrolled london 4 $CALLEE4 5071 1101
enrolled manchester 4 $CALLEE4 5072 1102

# one spends his money, the other does not
listens plain 5072 1
manchester=$CALLEE
calls plain 1002 $MANCHESTER 5062 1 -d 6000
honest=$CALLER
wait_for 10 some_dialogs 1 || fail "1002 has no call: $(tail -n 5 "$T/1002.err" 2>/dev/null)"
listens ended 5071 1
calls ended 1001 $LONDON 5061 1
ended_well $CALLER money 1001 $CALLEE 5071
wait_for 20 logged 'cut a call of [0-9.]+: cost: calls would soon have cost 4\.00 of 3\.00 EUR a day, limit day: "1001 to \+442079460101"' ||
	fail "the cut is not told so: $(grep cost: "$T/guard.log")"
report
must "the report has no call that goes on: $(grep calls: "$T/report")" grep -q 'calls: 0 begin, 0 ring, 1 are answered, ' "$T/report"
[ "$(dialogs)" = 1 ] || fail "the server counts $(dialogs) calls, not that of 1002 alone"
refused_403 1001 $LONDON "the money is used up"
ended_well "$honest" "another's call" 1002 "$manchester" 5072
[ "$(cuts cost)" = 1 ] || fail "$(cuts cost) calls were cut for money, not one"
note "$(grep 'cut a call' "$T/guard.log" | sed 's/.*cut a call/cut a call/')"

# the card
card '4420,London,cheap' '44161,Manchester,0.60'
guard_reload
must "the log does not name the line of the card" logged 'lists/rates\.csv:1: cost\.rates: .*no price'
refused_403 1001 $LONDON "after a broken card"
card '4420,London,0.06,0,1/1' '44161,Manchester,0.60,0,1/1'
guard_reload
listens plain 5071 1
calls plain 1001 $LONDON 5061 1 -d 500
ended_well $CALLER "after a mended card" 1001 $CALLEE 5071

# minutes
listens ended 5072 $MANY
calls ended 1003 $MANCHESTER 5063 $MANY
ended_well $CALLER minutes 1003 $CALLEE 5072
wait_for 10 cut_all calls $MANY || fail "$(cuts calls) cuts of $MANY are told"
must "the cuts do not name their limit" logged 'cut a call of .*: calls: calls have lasted 1:[0-9]+ of 1:00 min a day, limit talk: "1003 to'
wait_for 20 no_dialogs || fail "the server still counts $(dialogs) calls"
refused_403 1003 $MANCHESTER "the minutes are used up"
must "that is not told" logged 'refused .* with 403: calls: user 1003 talked for 1 minutes within a day, limit talk'
note "$MANY calls of a minute together: each ended, each told"
