#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon on the server itself, not on a gateway: calls complete, a scanner is banned.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp svwar
field_topology host
pbx_start
guard_start
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
calls office 4 $CALLER4 5062 60 12 400 &
office=$!
scan 32 svwar svwar -e1000-1200 $PBX4
must_ban 203.0.113.32
sip 203.0.113.14 $PBX4 -m REGISTER -n 200 -r 500 >/dev/null
must_ban 203.0.113.14
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 60 ]
must_not_ban $CALLER4
if has_v6; then
	sip 2001:db8:66:11::1 $PBX6 -a friendly-scanner >/dev/null
	must_ban 2001:db8:66:11::
	got=$(answer_to $CALLER6 $PBX6 --user '')
	must "an honest source is refused (IPv6): $got" answered 200 "$got"
fi
note "60 of 60 calls"
