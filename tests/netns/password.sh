#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Phones log in at a real Kamailio: of those whose password is their number, a word of the list or
# a short number it is told which they are, of the others nothing.  Who is weak may not call where
# the zone forbids it, until he has another password.  The audit keeps within its budget, and no
# password is written anywhere.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
field_open
need kamailio sipp
field_topology router
mkdir -p "$T/etc/lists" "$T/kept" "$T/kamailio"
LISTED=heather-gallop-71 STRONG=vK9.tundra.qLm2 BETTER=oD4.walnut.Xe81
cat >"$T/etc/sipmoat.conf" <<CONF
store = { file = "$T/kept/sipmoat.db"; interval = "1s"; };
zones = ( { name = "restricted"; assigned = true; destination = { deny = [ "^9" ]; }; } );
password = { mode = "enforce"; words = [ "file:words.txt" ]; zone = "restricted"; budget = 4;
	recheck = "1m"; };
CONF
# so many words that one user keeps the audit busy for seconds
{ echo $LISTED; seq -f 'word-%.0f' 200000; } >"$T/etc/lists/words.txt"
{
	echo 'username(string) domain(string) password(string)'
	printf '%s:example.net:%s\n' 1001 1001 1002 $LISTED 1003 $STRONG 1004 pw-1004 1005 4711 1006 $BETTER
} >"$T/kamailio/subscriber"
PBX_MEMORY=128 pbx_start
guard_start "$T/etc/sipmoat.conf"

# logs_in USER PASSWORD
logs_in() {
	printf 'SEQUENTIAL\n%s;[authentication username=%s password=%s];1051\n' "$1" "$1" "$2" >"$T/$1.users"
	phone "in-$1" register 4 $CALLER4 5065 -inf "$T/$1.users" -key contact_port 5062 -m 1 -timeout 30s \
		-timeout_error || fail "$1 cannot register: $(told)"
}
# ran: ns of CPU that the thread of the audit has used
audit_thread() { grep -lx sipmoatd-audit /proc/"$GUARD_PID"/task/*/comm; }
ran() { cut -d' ' -f1 "$(dirname "$THREAD")/schedstat"; }
ran_more() { [ "$(ran)" -gt $(($1 + $2)) ]; }
wall() { tr -d . </proc/uptime | cut -d' ' -f1; } # hundredths of a second
# calls USER NUMBER: what comes back
calls() {
	sip $CALLER4 $PBX4 -p 5062 -w 20 --raw "INVITE sip:$2@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP $CALLER4:5062;branch=z9hG4bK$RANDOM$RANDOM\r\nMax-Forwards: 70\r\nFrom: <sip:$1@$PBX4>;tag=t$RANDOM\r\nTo: <sip:$2@$PBX4>\r\nCall-ID: c$RANDOM$RANDOM\r\nCSeq: 1 INVITE\r\nContact: <sip:$1@$CALLER4:5062>\r\nContent-Length: 0\r\n\r\n"
}
weak() { logged "password: $1: weak password: $2"; }

THREAD=$(audit_thread)
[ -n "$THREAD" ] || fail "there is no thread that audits"
must "the thread of the audit has an ordinary priority" grep -q '^policy *: *5$' "$(dirname "$THREAD")/sched"

# --- within its budget: a strong password, with all words to try ---
before=$(ran) since=$(wall)
logs_in 1003 $STRONG
wait_for 60 ran_more "$before" 80000000 || fail "the audit does not run: $(ran) ns"
used=$((($(ran) - before) / 1000000)) lasted=$((($(wall) - since) * 10))
[ $((used * 100)) -le $((lasted * 8)) ] || fail "$used ms of CPU in $lasted ms, the budget is 4 %"
note "$used ms of CPU in $lasted ms, the budget is 4 %"

# --- who is weak, and how; one thread: when the next one is told of, the strong one is done ---
logs_in 1001 1001
wait_for 60 weak 1001 "is the user's own number or name" || fail "1001 is not told of"
logs_in 1002 $LISTED
logs_in 1004 pw-1004
wait_for 60 weak 1002 'matches the list' || fail "1002 is not told of"
wait_for 60 weak 1004 "is made from the user's own number or name" || fail "1004 is not told of"
! weak 1003 . || fail "a strong password is told of: $(grep 1003 "$T/guard.log")"

# --- the zone ---
got=$(calls 1001 9001)
must "1001 is not restricted: $got" answered 403 "$got"
wait_for 10 logged 'destination: .*9001' || fail "not by the zone: $(told)"
got=$(calls 1001 1051)
must "1001 may not even call at home: $got" answered 407 "$got"
got=$(calls 1003 9001)
must "1003 is restricted: $got" answered 407 "$got"

# --- nothing is written, but that it is weak ---
wait_for 20 test -s "$T/kept/sipmoat.db" || fail "nothing was saved"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
for word in $LISTED $STRONG pw-1004 word-199999; do
	! grep -qaF -- "$word" "$T/guard.log" || fail "the log has \"$word\""
	! grep -qaF -- "$word" "$T/kept/"* || fail "what was saved has \"$word\""
done

# --- off: no thread, nothing told; and switched on while it runs ---
cp "$T/etc/sipmoat.conf" "$T/on.conf"
sed -i 's/password = { mode = "enforce"/password = { mode = "off"/' "$T/etc/sipmoat.conf"
: >"$T/guard.log"
guard_start "$T/etc/sipmoat.conf"
[ -z "$(audit_thread)" ] || fail "there is a thread although the audit is off"
logs_in 1005 4711
cp "$T/on.conf" "$T/etc/sipmoat.conf"
guard_reload
THREAD=$(audit_thread)
[ -n "$THREAD" ] || fail "a reload does not switch it on"
logs_in 1001 1001
wait_for 60 weak 1001 . || fail "1001 is not told of after a restart"
got=$(calls 1001 9001)
must "1001 is not restricted: $got" answered 403 "$got"
sed -i 's/password = { mode = "enforce"/password = { mode = "off"/' "$T/etc/sipmoat.conf"
guard_reload
[ -z "$(audit_thread)" ] || fail "a reload does not switch it off"
got=$(calls 1001 9001)
must "1001 is restricted although it is off: $got" answered 407 "$got"
! weak 1005 . || fail "1005 was audited while it was off"
