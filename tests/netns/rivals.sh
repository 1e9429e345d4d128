#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two daemons by mistake, with different queues: each puts its own tables back whenever the
# other has done so.  That must stay a trickle of lines, and end with the second daemon.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir -p "$T/two/conf.d"
cp -r "$ROOT/systemd/." "$T/two"
echo 'queue = { first = 6000; };' >"$T/two/conf.d/rival.conf"
cp -r "$T/two" "$T/one"
echo "control = { socket = \"$T/control\"; };" >"$T/one/conf.d/rival.conf"
guard_start "$T/one/sipmoat.conf"
guarded "$ROOT/$B/sipmoatd" -c "$T/two/sipmoat.conf" >"$T/rival.log" 2>&1 </dev/null &
rival=$!
wait_for 60 logged 'sipmoatd-bans \(pid [0-9]+\) changes our nftables tables again and again' ||
	fail "they fight without end: $(grep -c 'put back' "$T/guard.log") times put back"
lines=$(wc -l <"$T/guard.log")
since=$SECONDS
sleep 6 # the time over which lines are counted
lines=$(($(wc -l <"$T/guard.log") - lines))
must "$lines lines in $((SECONDS - since)) s" [ $lines -le $((2 * (SECONDS - since) + 4)) ]
note "$lines lines in $((SECONDS - since)) s of fight"
alarm() { tool status --json | grep -q '"alarm":"tables_broken"'; }
no_alarm() { ! alarm; }
wait_for 20 alarm || fail "no alarm is raised: $(tool status --json)"
kill -KILL $rival
wait $rival 2>/dev/null
must "the first daemon is gone" guard_alive
steered() {
	guarded nft list ruleset >"$T/rules" 2>/dev/null
	! grep -qE '(queue|NFQUEUE).* 60(00|01)' "$T/rules" &&
		grep -qE '(queue|NFQUEUE).* 506[01]' "$T/rules"
}
wait_for 30 steered || fail "the steering is not the first daemon's: $(grep -iE queue "$T/rules")"
wait_for 20 no_alarm || fail "the alarm does not end: $(tool status --json)"

# whoever did it is named in the log, whatever it calls itself
name=$'n\nsipmoatd: ha'
cp "$(command -v nft)" "$T/$name"
back=$(grep -c 'put back' "$T/guard.log")
more() { [ "$(grep -c 'put back' "$T/guard.log")" -gt "$back" ]; }
guarded "$T/$name" flush ruleset
wait_for 30 more || fail "not put back"
! grep -q '^sipmoatd: ha' "$T/guard.log" || fail "a process writes lines of its own into the log"
