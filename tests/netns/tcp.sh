#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP over TCP: calls complete; a scanner's connection is cut and banned.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
guard_start
phones_ready 4
calls office 4 $CALLER4 5062 40 10 400 -t t1 ||
	fail "calls failed: $(good office) good, $(bad office) bad; $(tail -n 3 "$T/office.err")"
must "not all calls completed: $(good office)" [ "$(good office)" = 40 ]
must_not_ban $CALLER4
got=$(sip 203.0.113.11 $PBX4 --tcp -a friendly-scanner)
must "a scanner was answered: $got" unanswered "$got"
must_ban 203.0.113.11
note "40 of 40 calls over TCP; $(ban_line 203.0.113.11)"
