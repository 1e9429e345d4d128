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
scan 31 svmap svmap 192.0.2.128/28
scan 32 svwar svwar -e1000-1200 $PBX4
scan 33 svcrack svcrack -u 1001 -r 1-200 $PBX4
for a in 203.0.113.31 203.0.113.32 203.0.113.33; do
	must_ban $a 20
	note "$(ban_line $a)"
done
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 120 ]
must "SIPp saw failures" [ "$(bad office)" = 0 ]
must_not_ban $CALLER4
must_not_ban $CALLEE4
grep -q "$PBX4" "$T/svmap.out" && fail "svmap found the server"
grep -qE '\b10[0-9][0-9]\b.*auth' "$T/svwar.out" && fail "svwar found users"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
note "120 of 120 calls, 3 of 3 scanners banned"
