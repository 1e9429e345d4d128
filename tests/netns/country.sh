#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The country check with a real database, and that database truncated in place: the daemon
# lives on with what it has read.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
[ -f "$FIELD_LIB/mmdb.py" ] || fail "tests/lib/mmdb.py is missing"
mkdir "$T/etc"
country_database "$T/country.mmdb" || fail "no database: $(cat "$T/mmdb.log")"
cat >"$T/etc/sipmoat.conf" <<CONF
geo = { country = "$T/country.mmdb"; };
country = { mode = "enforce"; deny = [ "XX" ]; };
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"
country_check() {
	local got
	got=$(sip "$1" $PBX4)
	must "a source in a denied country came through: $got" \
	unanswered "$got"
	wait_for 10 logged "$1.*: country: " || fail "country: not in the log"
	got=$(sip $CALLER4 $PBX4)
	must "a source elsewhere is refused: $got" answered 200 "$got"
}
country_check 203.0.113.11
: >"$T/country.mmdb" # truncated in place: a mapped file would be SIGBUS now
country_check 203.0.113.12
guard_reload
must "sipmoatd ended" guard_alive
got=$(sip $CALLER4 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
note "alive after its database was truncated, twice"
