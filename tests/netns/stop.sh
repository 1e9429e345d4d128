#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A graceful stop under calls: none is lost, the steering is gone, the bans stay.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
guard_start
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
calls office 4 $CALLER4 5062 150 30 300 &
office=$!
for _ in 1 2 3 4 5; do
	sleep 1 # calls meanwhile
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
	must_ban 203.0.113.11 0
	gw nft list ruleset >"$T/rules" 2>/dev/null
	grep -E '(queue|NFQUEUE)' "$T/rules" && fail "steering is left"
	must "it did not say STOPPING" grep -q '^STOPPING=1' "$T/notified"
	guard_start
done
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 150 ]
note "150 of 150 calls across five stops and starts"
