#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same in IPv6: calls complete, scanners are banned by their /64.
. "$(dirname "$0")/../lib/field.sh"
has_v6 || skip "this kernel has no IPv6"
field_open
need kamailio sipp svwar
field_topology router
pbx_start
guard_start
phones_ready 6
register callers 6 $CALLER6 1001 1010 5062 || fail "callers cannot register"

calls office 6 $CALLER6 5062 80 12 400 &
office=$!
scan 32 svwar svwar -6 -e1000-1200 $PBX6
sip 2001:db8:66:11::1 $PBX6 -a friendly-scanner -n 5 >"$T/scan"
must_ban 2001:db8:66:11:: 10
must_ban 2001:db8:66:32:: 20
wait $office || fail "calls failed: $(good office) good, $(bad office) bad"
must "not all calls completed: $(good office)" [ "$(good office)" = 80 ]
must_not_ban 2001:db8:10:1::
must_not_ban 2001:db8:10:2::
must "the scanner was answered: $(cat "$T/scan")" grep -q '"answers": {}' "$T/scan"
note "80 of 80 calls; $(ban_line 2001:db8:66:32::)"
