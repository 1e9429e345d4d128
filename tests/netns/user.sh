#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As the unit runs it: an ordinary user with two capabilities starts, bans, ends connections,
# reloads, tells its counters, and stops.  Without CAP_NET_RAW it says what that costs and does
# the rest.
. "$(dirname "$0")/../lib/field.sh"
field_open
need setpriv
field_topology router
as_user() {
	GUARD_WRAP="setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
		--bounding-set=$1 --inh-caps=$1 --ambient-caps=$1"
}
as_user -all,+net_admin,+net_raw
guard_public
umask 000 # that user tells the notify socket
pbx_echo
guard_start
must "it runs as root" grep -qE '^Uid:\s65534' "/proc/$GUARD_PID/status"
must "it has more than two capabilities" grep -q '^CapEff:.*0000003000$' "/proc/$GUARD_PID/status"
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
got=$(tcp 203.0.113.12 $PBX4 bad)
must "a scanner's connection goes on: $got" ended reset "$got"
guard_reload
gw nft delete element inet sipmoat banned4 '{ 203.0.113.11 }'
wait_for 20 grep -q '203.0.113.11: unbanned by hand' "$T/guard.log" || fail "no unban by hand"
got=$(answer_to 203.0.113.15 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
kill -USR1 "$GUARD_PID"
wait_for 20 grep -q 'tables: meters' "$T/guard.log" || fail "SIGUSR1 tells nothing"
must "SIGUSR1 does not say what the tables hold" \
	grep -qE 'table bans +1 live of 131072 in [0-9.]+ MB, 0 evicted, 0 refused' "$T/guard.log"
must "SIGUSR1 says nothing of full queues" grep -q 'queue_lost' "$T/guard.log"
# shellcheck disable=SC2086
gw $GUARD_WRAP "$GUARD_BIN" -c "$GUARD_CONF" >"$T/second" 2>&1 </dev/null
rc=$?
must "a second one ends with $rc: $(cat "$T/second")" [ $rc = 69 ]
must "it does not say why: $(cat "$T/second")" grep -q 'queue 5060 is taken by another' "$T/second"
! grep 'put back' "$T/guard.log" || fail "the second one touched the first one's tables"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]

as_user -all,+net_admin
: >"$T/guard.log"
guard_start
must "it is silent about CAP_NET_RAW: $(cat "$T/guard.log")" \
	[ "$(grep -c 'CAP_NET_RAW is missing: refused TCP connections are not ended' "$T/guard.log")" = 1 ]
got=$(tcp 203.0.113.13 $PBX4 bad -w 1)
must "it ends connections without a raw socket: $got" ended open "$got"
must_ban 203.0.113.13
! logged '203.0.113.13.* and ended' || fail "the log says that it was ended"
must "the server keeps nothing" connected 203.0.113.13
! heard '203.0.113.13 OPTIONS' || fail "the server heard a scanner"
got=$(answer_to 203.0.113.15 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
