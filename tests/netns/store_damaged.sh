#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database of the store that is damaged, made by others or of something else, and the file of
# before there was one: what can be believed is taken, what is damaged is put aside, what is not ours
# is left alone, and each time the daemon runs and says so.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp sqlite3
field_topology router
mkdir "$T/kept"
STATE=$T/kept/sipmoat.db
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$STATE" "$1"; }
conf() {
	cat >"$T/sipmoat.conf" <<-END
		memory = { learning = "0s"; };
		store = { file = "$STATE"; interval = "1s"; };
	END
}
start() { : >"$T/guard.log"; guard_start "$T/sipmoat.conf"; }

conf
pbx_start
start
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
guard_stop

# refused WHY [aside]: the next start begins with nothing, and says so; what cannot be believed
# is put aside
refused() {
	rm -rf "$STATE.corrupt"
	start
	logged "$1" || fail "it does not say: $1"
	logged 'memory starts empty: ' || fail "$1: it does not start empty"
	guard_alive || fail "it does not run"
	guard_stop
	must "$1: put aside: $(ls "$T/kept")" [ "$(ls -d "$STATE.corrupt" 2>/dev/null)" = "${2:+$STATE.corrupt}" ]
	[ -z "${2:-}" ] || logged "error: $STATE is put aside as $STATE.corrupt" || fail "$1: no alarm"
	must "$1: nothing is saved" [ "$(ask 'SELECT count(*) > 3 FROM memory')" = 1 ]
}
cp "$STATE" "$T/good"
sqlite3 "$STATE" "UPDATE memory SET bytes = randomblob(length(bytes)) WHERE name = 'bindings'"
refused "$STATE: it is damaged: its checksum is wrong"
cp "$T/good" "$STATE"
sqlite3 "$STATE" "DELETE FROM memory WHERE part = (SELECT max(part) FROM memory WHERE name = 'bindings')"
refused "$STATE: it is damaged: its checksum is wrong"
cp "$T/good" "$STATE"
sqlite3 "$STATE" "UPDATE about SET value = 1 WHERE name = 'on_trial'"
refused "$STATE: sipmoatd ended soon after it had been restored last"
head -c 5000 "$T/good" >"$STATE"
refused "it is damaged|it is no database" aside
: >"$STATE"
refused "$STATE: nothing was saved there yet"
head -c 100000 /dev/zero >"$STATE"
refused 'it is no database' aside
cp "$T/good" "$STATE"
chmod 666 "$STATE"
refused 'somebody else may have written it' aside
rm "$STATE"
mkfifo "$STATE"
refused 'it is no ordinary file' aside
cp "$T/good" "$T/other"
rm -f "$STATE"
ln -s "$T/other" "$STATE"
refused 'it is no ordinary file' aside
must "it wrote through a link" cmp -s "$T/good" "$T/other"

# what is not ours is left alone
other() {
	start
	logged "memory starts empty: $STATE: $1" || fail "it does not say: $1"
	wait_for 10 logged "the memory is not saved, a restart will forget it: $STATE: $1" ||
		fail "it does not say that it cannot save: $1"
	guard_stop
}
rm -f "$STATE"*
sqlite3 "$STATE" 'CREATE TABLE mine(x); INSERT INTO mine VALUES(42)'
other 'it is a database of something else'
must "it touched what is not its own" [ "$(sqlite3 "$STATE" 'SELECT x FROM mine')" = 42 ]
rm -f "$STATE"*
mkdir "$STATE"
other 'it is a directory'
rmdir "$STATE"

# the file of before there was a database is read once
cp "$T/good" "$T/other"
$PY - "$T/other" "$T/kept/state" <<-'END'
	import os, sqlite3, sys
	parts = sqlite3.connect(sys.argv[1]).execute("SELECT bytes FROM memory ORDER BY part")
	with open(sys.argv[2], "wb") as f:
	    f.write(b"".join(p[0] for p in parts))
	os.chmod(sys.argv[2], 0o600)
END
start
must "the old file is not read: $(grep memory "$T/guard.log")" logged 'memory restored, saved .*[0-9] bindings'
must "the old file is left" [ ! -e "$T/kept/state" ]
guard_stop

# removed while it runs, or another put into its place: it goes on in the one that is there
start
for taken in removed replaced; do
	: >"$T/guard.log"
	[ $taken = replaced ] || rm "$STATE"
	[ $taken = removed ] || { cp "$T/good" "$T/kept/new" && mv "$T/kept/new" "$STATE"; }
	wait_for 30 logged "$STATE was removed or replaced" || fail "it does not see that its file was $taken"
	whole() { [ "$(ask 'PRAGMA integrity_check; SELECT count(*) > 3 FROM memory')" = "ok
1" ]; }
	wait_for 20 whole || fail "nothing is saved after it was $taken: $(ask 'PRAGMA integrity_check')"
done
guard_kill
start
must "it starts empty: $(grep memory "$T/guard.log")" logged 'memory restored, saved .*[0-9] bindings'
must "more is left: $(ls "$T/kept")" [ -z "$(find "$T/kept" -name '*corrupt*')" ]
guard_stop

# where nothing can be written it runs, and says once what that costs
STATE=$T/nowhere/state
conf
start
wait_for 10 logged 'the memory is not saved, a restart will forget it: .*No such file' ||
	fail "it does not say that it cannot save"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "it says so again and again" [ "$(grep -c 'is not saved' "$T/guard.log")" = 1 ]
