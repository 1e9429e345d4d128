#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A call is up, a phone is registered and a guesser locked out: after a restart, and after kill -9,
# the call ends when its caller hangs up and not before, the phone is known and the guesser stays
# locked, although nothing is learned after the start.  Without what was saved it is otherwise.
# Calls are on record.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp sqlite3
field_topology router
mkdir "$T/etc" "$T/kept"
cp -r "$ROOT/systemd/lists" "$T/etc/"
STATE=$T/kept/sipmoat.db
# ask SQL: as an operator does, while the daemon writes
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$STATE" "$1"; }
TRIAL="SELECT value FROM about WHERE name = 'on_trial'"
conf() {
	cat >"$T/etc/sipmoat.conf" <<-END
		memory = { learning = "0s"; };
		store = { file = "$STATE"; interval = "$1"; };
		auth = { failures = 4; ban = "0s"; };
		registered = { mode = "enforce"; };
		control = { socket = "$T/control"; };
	END
}
start() { : >"$T/guard.log"; guard_start "$T/etc/sipmoat.conf"; }
guess() { wan timeout 20 $PY "$FIELD_LIB/guess.py" "$1" $PBX4 --wait 0.3 -u "${@:2}"; }
right() { case $1 in *'"right": true'*) return 0 ;; esac; return 1; }
wrong() { ! right "$1"; }

conf 0s
pbx_start
start
must "it does not say that there is nothing" logged 'memory starts empty: there was no '
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
got=$(guess 203.0.113.20 1007 -n 5)
must "a wrong guess is right: $got" wrong "$got"

# call NAME PORT: in the background, until it is up; its Call-ID is $id, its process $call
call() {
	rm -f "$T/$1.messages"
	calls "$1" 4 $CALLER4 "$2" 1 1 "$3" -trace_msg -message_file "$T/$1.messages" &
	call=$!
	wait_for 20 acked "$1" || fail "the call does not begin"
	id=$(tr -d '\r' <"$T/$1.messages" | sed -n 's/^Call-ID: //p' | tail -n 1)
	[ -n "$id" ] || fail "the call has no Call-ID"
}
acked() { grep -q '^CSeq: 2 ACK' "$T/$1.messages" 2>/dev/null; }
# ... does a stranger's BYE with invented tags, or a REGISTER with the right password of one who
# is locked out, reach anybody?
shut() {
	local got
	got=$(sip 203.0.113.14 $PBX4 -w 0.4 --raw "BYE sip:phone@$CALLEE4:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.14:5060;branch=z9hG4bK$RANDOM\r\nMax-Forwards: 70\r\nFrom: <sip:1001@$PBX4>;tag=mine\r\nTo: <sip:1051@$PBX4>;tag=yours\r\nCall-ID: $id\r\nCSeq: 20 BYE\r\nContent-Length: 0\r\n\r\n")
	must "$1: an invented BYE came through: $got" unanswered "$got"
	wait_for 10 logged 'dropped 203\.0\.113\.14.*: dialog: BYE' || fail "$1: not in the log"
	got=$(guess 203.0.113.20 1007 -n 1 -p pw-1007)
	must "$1: who was locked out logs in: $got" wrong "$got"
}
# hung_up NAME: hung up by the caller, his BYE answered
hung_up() {
	wait $call || fail "$1: the call does not end well: $(good "$1") good, $(bad "$1") bad"
	! logged 'dropped 198\.51\.100' || fail "$1: a phone was refused"
}
# a registered phone calls anew: its binding is known
rings() {
	calls "$1" 4 $CALLER4 5062 1 1 100 || fail "$1: a registered phone cannot call"
}

call stopped 5062 8000
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "the file's mode is $(stat -c %a "$STATE")" [ "$(stat -c %a "$STATE")" = 600 ]
must "more is left: $(ls -A "$T/kept")" [ "$(ls -A "$T/kept")" = sipmoat.db ]
start
logged 'memory restored, saved [0-9] s ago: .*[0-9] dialogs, .*[0-9] bindings' ||
	fail "no word of what was restored"
must "what was read is not on trial" [ "$(ask "$TRIAL")" -gt 0 ]
shut stopped
hung_up stopped
rings stopped2
note "$(grep -o 'memory restored.*' "$T/guard.log")"

conf 1s
guard_stop
start
call killed 5062 8000
saved() { [ "$(ask "$TRIAL")" = 0 ] && [ "$(ask "$RUNNING")" = 1 ]; }
RUNNING="SELECT count(*) FROM calls WHERE state = 'answered' AND call_id = '$id' AND user = '1001'
	AND outside = '$CALLER4' AND inside = '$PBX4' AND direction = 'in' AND ended IS NULL"
wait_for 10 saved || fail "nothing is saved while it runs: $(ask 'SELECT * FROM calls')"
lasts() { "$ROOT/$B/sipmoat" calls --history --user 1001 -s "$T/control" | grep -qE '^answered +[^ ]+ +0:0[1-9] '; }
wait_for 20 lasts || fail "the record does not tell how long it has lasted: $("$ROOT/$B/sipmoat" calls --history -s "$T/control")"
guard_kill
start
must "not restored after kill -9" logged 'memory restored, saved [0-9] s ago: .*[0-9] dialogs'
shut killed
hung_up killed
rings killed2
guard_stop

# it was recorded from its beginning to its end, over the restart, as the one before
ended="SELECT count(*) FROM calls WHERE state = 'ended' AND ended_by = 'bye' AND status = 200
	AND seconds BETWEEN 7 AND 30 AND ended - answered = seconds AND call_id = '$id'"
must "no record of the call: $(ask 'SELECT * FROM calls')" [ "$(ask "$ended")" = 1 ]
must "calls are recorded twice: $(ask 'SELECT * FROM calls')" [ "$(ask 'SELECT count(*) = count(DISTINCT call_id) FROM calls')" = 1 ]
must "what was counted: $(ask 'SELECT * FROM counters')" [ "$(ask "SELECT sum(value) > 20 FROM counters
	WHERE made_by = 'all' AND counter = 'packets'")" = 1 ]

# ... as the tool shows it
start
history() { "$ROOT/$B/sipmoat" calls --history --since 1h "$@" -s "$T/control"; }
history --user 1001 --json >"$T/history" || fail "sipmoat calls --history: $?"
must "not the call: $(cat "$T/history")" $PY -c 'import json, sys
a = json.load(open(sys.argv[1]))
c = [c for c in a["calls"] if c["call_id"] == sys.argv[2]]
assert a["ok"] and a["total"] == len(a["calls"]) and len(c) == 1, a
c = c[0]
assert c["state"] == "ended" and c["why"] == "bye" and c["user"] == "1001" and c["shown"], c
assert c["status"] == 200 and c["seconds"] == c["ended"] - c["answered"] > 6, c
assert c["source"] == sys.argv[3] and c["server"] == sys.argv[4] and c["direction"] == "in", c
assert all(a["calls"][i]["began"] >= a["calls"][i + 1]["began"] for i in range(len(a["calls"]) - 1))' \
	"$T/history" "$id" "$CALLER4" "$PBX4"
if $PY -c 'import jsonschema' 2>/dev/null; then
	guarded $PY "$FIELD_LIB/listed.py" "$T/control" "$ROOT/docs/schema" call_history \
		'len(rows) == all["total"] > 0' -m since=3600 -m user=1001 >"$T/listed" 2>&1 ||
		fail "not of its schema: $(cat "$T/listed")"
else
	note "python3-jsonschema is not here: the schema itself is not asked"
fi
must "no table: $(history)" grep -q '^ended .* 1001 ' <(history --most 2)
"$ROOT/$B/sipmoat" why "$id" -s "$T/control" >"$T/why" 2>&1 || fail "sipmoat why: $(cat "$T/why")"
must "why of a call of the past: $(cat "$T/why")" [ "$(grep -cE '^(ended|failed|canceled|lost) ' "$T/why")" = 1 ]
must "not its row: $(cat "$T/why")" grep -qE '^ended .* 1001 ' "$T/why"
must "of nobody: $(history --user nobody)" grep -q 'no such call' <(history --user nobody)
! history --since yesterday >"$T/odd" 2>&1 || fail "since yesterday: $(cat "$T/odd")"
guard_stop

# without the file all of this is gone: it was what helped
rm -f "$STATE"
start
register again 4 $CALLER4 1001 1010 5062 || fail "callers cannot register again"
call control 5062 5000
guard_stop
rm "$STATE"
start
# nothing is judged of a server before its first word
got=$(answer_to 203.0.113.15 $PBX4 --user '')
must "the server does not answer: $got" answered 200 "$got"
! wait $call || fail "control: the call ends well without what was saved, the test proves nothing"
got=$(guess 203.0.113.20 1007 -n 1 -p pw-1007)
must "control: still locked out: $got" right "$got"
guard_stop
