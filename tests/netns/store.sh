#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A call is up, a phone is registered and a guesser locked out: after a restart, and after kill -9,
# the call ends when its caller hangs up and not before, the phone is known and the guesser stays
# locked, although nothing is learned after the start.  Without what was saved it is otherwise; a
# damaged, an old and a foreign file are not taken.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
mkdir "$T/etc" "$T/kept"
cp -r "$ROOT/systemd/lists" "$T/etc/"
STATE=$T/kept/state
conf() {
	cat >"$T/etc/sipmoat.conf" <<-END
		memory = { learning = "0s"; };
		store = { file = "$STATE"; interval = "$1"; };
		auth = { failures = 4; ban = "0s"; };
		registered = { mode = "enforce"; };
	END
}
start() { : >"$T/guard.log"; guard_start "$T/etc/sipmoat.conf"; }
guess() { wan timeout 20 $PY "$FIELD_LIB/guess.py" "$1" $PBX4 --wait 0.3 -u "${@:2}"; }
right() { case $1 in *'"right": true'*) return 0 ;; esac; return 1; }
wrong() { ! right "$1"; }

conf 0s
pbx_start
start
must "it does not say that there is nothing" logged 'memory starts empty: there is no '
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
must "more is left: $(ls -A "$T/kept")" [ "$(ls -A "$T/kept")" = state ]
start
logged 'memory restored, saved [0-9] s ago: .*[0-9] dialogs, .*[0-9] bindings' ||
	fail "no word of what was restored"
must "what was read is left" [ ! -e "$STATE" ]
shut stopped
hung_up stopped
rings stopped2
note "$(grep -o 'memory restored.*' "$T/guard.log")"

conf 1s
guard_stop
start
call killed 5062 8000
touch "$T/began"
newer() { [ "$STATE" -nt "$T/began" ]; }
wait_for 10 newer || fail "nothing is saved while it runs"
guard_kill
start
must "not restored after kill -9" logged 'memory restored, saved [0-9] s ago: .*[0-9] dialogs'
shut killed
hung_up killed
rings killed2
guard_stop

# refused WHY: the next start begins with nothing, and says so
refused() {
	start
	logged "memory starts empty: $STATE: $1" || fail "it does not say: $1"
	guard_alive || fail "it does not run"
	guard_stop
}
cp "$STATE" "$T/good"
size=$(stat -c %s "$STATE")
printf 'odd' | dd of="$STATE" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
refused 'it is damaged'
head -c 1000 "$T/good" >"$STATE"
refused 'it is damaged'
: >"$STATE"
refused 'it is damaged'
head -c "$size" /dev/zero >"$STATE"
refused 'it is not a file of sipmoat'
cp "$T/good" "$STATE"
chmod 666 "$STATE"
refused 'somebody else may have written it'
rm "$STATE"
mkfifo "$STATE"
refused 'it is no ordinary file'
cp "$T/good" "$T/other"
rm -f "$STATE"
ln -s "$T/other" "$STATE"
refused 'Too many levels'
must "it wrote through a link" cmp -s "$T/good" "$T/other"

# without the file all of this is gone: it was what helped
rm -f "$STATE"
start
register again 4 $CALLER4 1001 1010 5062 || fail "callers cannot register again"
call control 5062 5000
guard_stop
rm "$STATE"
start
# nothing is judged of a server before its first word
got=$(sip 203.0.113.15 $PBX4 --user '')
must "the server does not answer: $got" answered 200 "$got"
! wait $call || fail "control: the call ends well without what was saved, the test proves nothing"
got=$(guess 203.0.113.20 1007 -n 1 -p pw-1007)
must "control: still locked out: $got" right "$got"
guard_stop

# where nothing can be written it runs, and says once what that costs
STATE=$T/nowhere/state
conf 1s
start
wait_for 10 logged 'the memory is not saved, a restart will forget it: .*No such file' ||
	fail "it does not say that it cannot save"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "it says so again and again" [ "$(grep -c 'is not saved' "$T/guard.log")" = 1 ]
