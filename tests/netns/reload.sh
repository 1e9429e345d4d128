#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hundred reloads under calls: no call is lost, none of its packets dropped, no counter starts again,
# rules change.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
cp -r "$ROOT/systemd/." "$T/etc"
guard_start "$T/etc/sipmoat.conf"
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
calls office 4 $CALLER4 5062 150 15 300 &
office=$!
reloads=0
while [ $reloads -lt 100 ]; do
	guard_reload
	reloads=$((reloads + 1))
	kill -0 $office 2>/dev/null || calls_over=1
done
wait $office
rc=$?
report
must "of calls it dropped: $(grep -E 'check .* [1-9][0-9]* dropped' "$T/report")" [ "$(of_report dropped)" = 0 ]
[ $rc = 0 ] || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 150 ]
must "sipmoatd ended" guard_alive
n=$(grep -c 'configuration reloaded' "$T/guard.log")
must "reloaded $n times, not 100" [ "$n" = 100 ]
note "100 reloads${calls_over:+ (the last ones after the calls)}, 150 of 150 calls"

must "a good source is refused" answered 200 "$(answer_to 203.0.113.15 $PBX4 -a reload-probe --user '')"
mkdir -p "$T/etc/conf.d"
printf 'agent = { deny = [ "reload-probe" ]; };\n' >"$T/etc/conf.d/50-test.conf"
guard_reload
sip 203.0.113.15 $PBX4 -a reload-probe --user '' >/dev/null
must_ban 203.0.113.15
note "a new rule is in force"
