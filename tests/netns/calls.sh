#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Registrations and calls complete, every one, with the shipped config, while three real
# scanners try and are banned.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp svmap svwar svcrack
field_topology router
pbx_start
guard_start
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"

calls office 4 $CALLER4 5062 120 12 400 &
office=$!
wan timeout 20 svmap -b 203.0.113.11 192.0.2.128/28 >"$T/svmap" 2>&1 </dev/null &
wan timeout 20 svwar -b 203.0.113.12 -e1000-1200 $PBX4 >"$T/svwar" 2>&1 </dev/null &
wan timeout 20 svcrack -b 203.0.113.13 -u 1001 -r 1-200 $PBX4 >"$T/svcrack" 2>&1 </dev/null &
for a in 203.0.113.11 203.0.113.12 203.0.113.13; do
	must_ban $a 20
	note "$(ban_line $a)"
done
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 120 ]
must "SIPp saw failures" [ "$(bad office)" = 0 ]
must_not_ban $CALLER4
must_not_ban $CALLEE4
grep -q "$PBX4" "$T/svmap" && fail "svmap found the server"
grep -qE '\b10[0-9][0-9]\b.*auth' "$T/svwar" && fail "svwar found users"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
note "120 of 120 calls, 3 of 3 scanners banned"
