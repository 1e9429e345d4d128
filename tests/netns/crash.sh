#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 under calls: calls go on, bans stay in the kernel, and a new daemon reads them back.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
# the next daemon does not know the callers; a slow one has read many requests before any answer
case $B in
*-address* | *-thread*) echo 'flood = { budget = 200; };' >"$T/sipmoat.conf" ;;
*) : >"$T/sipmoat.conf" ;;
esac
guard_start "$T/sipmoat.conf"
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
# talk for longer than until a 200 is sent again: an ACK in the queue is gone with the daemon
calls office 4 $CALLER4 5062 150 15 1000 &
office=$!
wait_for 30 [ -s "$T/office.csv" ]
sleep 2 # into the middle of the calls
guard_kill
must_ban 203.0.113.11 0
got=$(sip 203.0.113.11 $PBX4 -a "Honest Phone" --user '' -n 3)
must "a banned source came through while the daemon was gone: $got" \
	unanswered "$got"
got=$(answer_to 203.0.113.15 $PBX4 --user '')
must "traffic does not flow while the daemon is gone: $got" answered 200 "$got"
guard_start
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 150 ]
must_ban 203.0.113.11 0
note "150 of 150 calls across kill -9 and restart"

# read back means: known to the new daemon, so that it survives a flush of the kernel's set
guarded nft flush ruleset
must_ban 203.0.113.11
note "the ban was read back: $(ban_line 203.0.113.11)"
