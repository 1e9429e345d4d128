#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk of the store is full: packets are judged as ever, that is told once, and when there is
# room again the memory is saved without anybody's doing.
[ -n "${STORE_FULL:-}" ] || STORE_FULL=1 exec unshare -m "$0" "$@"
. "$(dirname "$0")/../lib/field.sh"
field_open
need sqlite3
field_topology router
pbx_echo
mkdir "$T/small"
mount -t tmpfs -o size=2m sipmoat-test "$T/small" || skip "no tmpfs can be mounted here"
small_close() {
	local rc=$?
	umount -l "$T/small"
	field_close $rc
}
trap small_close EXIT
DB=$T/small/sipmoat.db
cat >"$T/sipmoat.conf" <<-CONF
	inside = [ "$PBX4", "$PBX6" ];
	store = { file = "$DB"; interval = "1s"; };
CONF
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$DB" "$1" 2>/dev/null; }
saved() { [ "$(ask 'SELECT count(*) > 3 FROM memory')" = 1 ]; }
through() { got=$(answer_to "$1" $PBX4); must "$1 does not get through: $got" answered 200 "$got"; }
guard_start "$T/sipmoat.conf"
through 203.0.113.11
wait_for 20 saved || fail "nothing is saved"
! dd if=/dev/zero of="$T/small/fill" bs=4k 2>/dev/null || fail "the disk does not fill"
sip 203.0.113.14 $PBX4 -m REGISTER -n 200 -r 500 >/dev/null
wait_for 20 logged 'the memory is not saved, a restart will forget it: .*: No space left on device' ||
	fail "no alarm"
for n in 11 12 13; do through 203.0.113.$n; done
rm "$T/small/fill"
wait_for 20 logged 'the memory is saved again in ' || fail "it does not recover"
must "more than one alarm" [ "$(grep -c 'is not saved' "$T/guard.log")" = 1 ]
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "the database: $(ask 'PRAGMA integrity_check')" [ "$(ask 'PRAGMA integrity_check')" = ok ]
: >"$T/guard.log"
guard_start "$T/sipmoat.conf"
must "not restored: $(grep memory "$T/guard.log")" logged 'memory restored, saved [0-9]* s ago: .*transactions'
guard_stop
