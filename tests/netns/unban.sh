#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An operator lifts a ban with nft: the daemon accepts it, and the source may sin again.  A
# ban that an operator adds is kept too.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
guard_start
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
line=$(ban_line 203.0.113.11)
must "no timeout in: $line" grep -q 'timeout .*expires ' <<<"$line"
must "no comment that says why in: $line" grep -q 'comment ".*agent' <<<"$line"
note "$line"
got=$(sip 203.0.113.11 $PBX4)
must "a banned source came through: $got" unanswered "$got"
gw nft delete element inet sipmoat banned4 '{ 203.0.113.11 }'
through() { answered 200 "$(sip 203.0.113.11 $PBX4)"; }
wait_for 10 through || fail "still cut after nft delete element"
must_not_ban 203.0.113.11
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
note "unbanned by hand, and banned again for a new deed"

if has_v6; then
	sip 2001:db8:66:11::1 $PBX6 -a friendly-scanner >/dev/null
	must_ban 2001:db8:66:11::
	gw nft delete element inet sipmoat banned6 '{ 2001:db8:66:11:: }'
	through6() { answered 200 "$(sip 2001:db8:66:11::1 $PBX6)"; }
	wait_for 10 through6 || fail "still cut after nft delete element (IPv6)"
fi
