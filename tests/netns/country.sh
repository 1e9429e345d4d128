#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The country check with a real database, and that database truncated in place: the daemon
# lives on with what it has read, and without it after a reload.
. "$(dirname "$0")/../lib/field.sh"
has_v6 || skip "this kernel has no IPv6"
field_open
field_topology router
mkdir "$T/etc"
# documentation addresses are in no country by sipmoat's own table; 3ffe::/16 belongs to
# nobody any more (RFC 3701)
for i in 1 2; do
	ip -n "$NS-wan" addr add "3ffe:66:0:$i::1/128" dev w0 nodad
done
$PY "$FIELD_LIB/mmdb.py" "$T/country.mmdb" maxmind 3ffe:66::/32=AQ ||
	fail "no database"
cat >"$T/etc/sipmoat.conf" <<CONF
geo = { country = "$T/country.mmdb"; };
country = { mode = "enforce"; deny = [ "AQ" ]; ban = "10m"; };
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"
# checked ADDRESS: it is refused and banned, others are not
checked() {
	local got
	got=$(sip "$1" $PBX6)
	must "a source in a denied country came through: $got" unanswered "$got"
	wait_for 10 logged "banned ${1%1}/64 .*: country: " || fail "country: not in the log"
	must_ban "${1%1}"
	got=$(answer_to $CALLER6 $PBX6)
	must "a source elsewhere is refused: $got" answered 200 "$got"
}
checked 3ffe:66:0:1::1
note "$(grep -m 1 country: "$T/guard.log")"
: >"$T/country.mmdb" # a mapped file would be SIGBUS now
checked 3ffe:66:0:2::1
guard_reload
must "sipmoatd ended" guard_alive
got=$(answer_to $CALLER6 $PBX6)
must "an honest source is refused: $got" answered 200 "$got"
note "alive after its database was truncated: $(grep -m 1 country.mmdb "$T/guard.log")"
