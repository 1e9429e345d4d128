#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real call through a real server, and somebody who has read its messages: he can neither hang up
# nor do anything else in it, his calls that claim to be there already do not reach the server,
# and the call ends when its caller hangs up.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
mkdir "$T/etc"
cp -r "$ROOT/systemd/lists" "$T/etc/"
echo 'memory = { learning = "0s"; };' >"$T/etc/sipmoat.conf"
pbx_start
guard_start "$T/etc/sipmoat.conf"
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"

calls one 4 $CALLER4 5062 1 1 15000 -trace_msg -message_file "$T/messages" &
call=$!
# the caller's last ACK: Call-ID, both tags, and where it goes
acked() { grep -q '^CSeq: 2 ACK' "$T/messages" 2>/dev/null; }
wait_for 20 acked || fail "the call does not begin"
of_ack() {
	tr -d '\r' <"$T/messages" | awk -v RS='-----------------------------------------------' \
		'/CSeq: 2 ACK/' | sed -nE "s/^$1//p" | head -n 1
}
id=$(of_ack 'Call-ID: ')
from=$(of_ack 'From: ')
to=$(of_ack 'To: ')
route=$(of_ack 'Route: ')
for v in "$id" "$from" "$to" "$route"; do
	must "the ACK lacks Call-ID, tags or route" [ -n "$v" ]
done

# forge SOURCE METHOD CSEQ TO [FROM]: within the call
forge() {
	sip "$1" $PBX4 -w 0.4 --raw "$2 sip:phone@$CALLEE4:5070 SIP/2.0\r\nVia: SIP/2.0/UDP $1:5060;branch=z9hG4bK$2$3\r\nMax-Forwards: 70\r\nRoute: $route\r\nFrom: ${5:-$from}\r\nTo: $4\r\nCall-ID: $id\r\nCSeq: $3 $2\r\nContact: <sip:x@$1>\r\nContent-Length: 0\r\n\r\n"
}
hits() { awk '$2 == "check" && $3 == "dialog" { n = $4 } END { print n + 0 }' "$T/guard.log"; }
n=14
for m in BYE REFER INFO; do
	got=$(forge 203.0.113.$n $m 20 "$to")
	must "$m came through: $got" unanswered "$got"
	wait_for 10 logged "dropped 203\.0\.113\.$n.*: dialog: $m of a dialog from 203.0.113.$n" ||
		fail "$m is not in the log"
	n=$((n + 1))
done
got=$(forge 203.0.113.14 BYE 21 "$from" "$to") # as the called one
must "BYE of the called side came through: $got" unanswered "$got"
got=$(forge 203.0.113.12 INVITE 2 "<sip:1051@$PBX4>;tag=guessed")
must "an INVITE with a guessed tag came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.12.*: dialog: re-INVITE for a dialog that is not known' ||
	fail "the INVITE is not in the log"
for n in 1 2 3 4 5 6; do
	got=$(forge 203.0.113.13 INVITE $n "<sip:1051@$PBX4>;tag=guess$n")
	must "guess $n came through: $got" unanswered "$got"
done
must_ban 203.0.113.13
must_not_ban 203.0.113.14
echo 'dialog = { sides = "strict"; };' >>"$T/etc/sipmoat.conf"
guard_reload
got=$(forge 203.0.113.11 INVITE 30 "$to")
must "re-INVITE came through: $got" unanswered "$got"
wait_for 10 logged 'dropped 203\.0\.113\.11.*: dialog: re-INVITE of a dialog' ||
	fail "the re-INVITE is not in the log"
wait $call || fail "the call does not end well: $(good one) good, $(bad one) bad"
must "the call is not complete" [ "$(good one)" = 1 ]
must_not_ban $CALLER4
kill -USR1 "$GUARD_PID"
counted() { [ "$(hits)" -ge 10 ]; }
wait_for 10 counted || fail "not counted: $(hits)"
note "$(hits) forged requests refused, the call ended by its caller"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
