#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat mode: from enforce to observe and back at once, in the rules and in the kernel, over
# reload and restart; sipmoat reload: what is wrong is told to who asked; questions in a stop.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc" "$T/state"
export STATE_DIRECTORY=$T/state
config() { printf '%s\ncontrol = { socket = "%s"; };\n' "$1" "$T/control" >"$T/etc/sipmoat.conf"; }
through() { got=$(answer_to "$@"); must "$1 does not get through: $got" answered 200 "$got"; }
cut() { got=$(sip "$@"); must "$1 gets through: $got" unanswered "$got"; }
drops() { guarded nft list chain inet sipmoat bans_hit4 | grep -qw drop; }
config 'agent = { deny = [ "bad-phone" ]; };'
pbx_echo
guard_start "$T/etc/sipmoat.conf"

given 0 '^enforce, as the config says$' mode
cut 203.0.113.11 $PBX4 -a bad-phone
must_ban 203.0.113.11
cut 203.0.113.11 $PBX4
given 0 '^observe, set by hand on 20.* by root; the config says enforce$' mode observe
must "the kernel goes on dropping" [ -z "$(guarded nft list chain inet sipmoat bans_hit4 | grep -w drop)" ]
through 203.0.113.11 $PBX4
through 203.0.113.12 $PBX4 -a bad-phone
must_not_ban 203.0.113.12
must "the log does not tell" logged 'mode observe, set by hand on .* by user id 0, the config says enforce'
tool stats --json >"$T/stats" 2>/dev/null && { must "stats do not say it: $(cat "$T/stats")" \
	grep -q '"mode": *"observe", *"mode_by_hand": *true' "$T/stats"; }
guard_reload
through 203.0.113.12 $PBX4 -a bad-phone
given 0 'configuration reloaded: generation 3' reload
through 203.0.113.12 $PBX4 -a bad-phone
note "enforce to observe: what is banned passes, and after a reload"

guard_stop
: >"$T/guard.log"
guard_start
must "it is not told at the start" logged 'mode observe, set by hand on .*, the config says enforce'
given 0 '^observe, set by hand' mode
through 203.0.113.12 $PBX4 -a bad-phone
must "the kernel drops after a restart" [ -z "$(guarded nft list chain inet sipmoat bans_hit4 | grep -w drop)" ]
given 0 '^enforce, set by hand .*; the config says enforce, too$' mode enforce
must "the kernel does not drop again" drops
cut 203.0.113.11 $PBX4
cut 203.0.113.13 $PBX4 -a bad-phone
config 'mode = "observe"; agent = { deny = [ "bad-phone" ]; };'
given 0 'reloaded' reload
cut 203.0.113.14 $PBX4 -a bad-phone
given 0 '^observe, as the config says$' mode config
through 203.0.113.15 $PBX4 -a bad-phone
must "the file is still there" [ ! -e "$T/state/mode" ]
given 2 'usage' mode enforce observe
given 2 'must be "observe", "enforce" or "config"' mode paranoid
note "a restart keeps it; enforce by hand over a config that observes; back to the config"

# --- reload: refused with all that is wrong, and a mode all the same ---
printf 'agent = { deny = [ "new-rule" ]; };\nflood = { bugdet = 20; window = "x"; };\n' \
	>"$T/etc/sipmoat.conf"
given 1 'error: .*sipmoat\.conf:2: flood\.bugdet: .*budget' reload
must "not all errors: $(cat "$T/said")" grep -qE '^error: .*sipmoat\.conf:2: flood\.window: ' "$T/said"
must "it does not say what holds: $(cat "$T/said")" grep -q 'old configuration stays in force' "$T/said"
tool reload --json | $PY -c 'import json, sys
a = json.load(sys.stdin)
assert not a["ok"] and a["error"] == "refused" and a["total"] == len(a["notes"]) == 2, a
assert {(n["severity"], n["line"], n["key"]) for n in a["notes"]} == {
	("error", 2, "flood.bugdet"), ("error", 2, "flood.window")}, a' ||
	fail "the answer as JSON is not what docs/control.md says"
given 0 '^enforce, set by hand' mode enforce
cut 203.0.113.16 $PBX4 -a bad-phone
config 'queue = { length = 5000; };'
given 0 'warning: queue\.length has changed: restart sipmoatd' reload
note "a reload that is refused says all of why; the mode does not wait for the config"

# --- feeds, police, the audit of passwords ---
printf '203.0.113.20\n' >"$T/worst"
config "feeds = ( { name = \"worst\"; file = \"$T/worst\"; } ); police = { rate = 400; };
	password = { mode = \"enforce\"; };"
given 0 '^enforce, as the config says' mode config
given 0 'reloaded' reload
listed() { guarded nft get element inet sipmoat feed_hosts4 '{ 203.0.113.20 }' >/dev/null 2>&1; }
feed_drops() { guarded nft list chain inet sipmoat feeds_hit 2>/dev/null | grep -qw drop; }
polices() { guarded nft list chain inet sipmoat police 2>/dev/null | grep -q police_source; }
# observes, enforces: what the kernel itself drops; who is listed shows that it is so
observes() { ! feed_drops && ! polices; }
enforces() { feed_drops && polices; }
audits() { grep -lx sipmoatd-audit /proc/"$GUARD_PID"/task/*/comm | wc -l; }
wait_for 20 listed || fail "the list is not in the kernel: $(tail -n 3 "$T/guard.log")"
wait_for 10 enforces || fail "the kernel does not enforce: $(guarded nft list ruleset)"
cut 203.0.113.20 $PBX4
must "threads that audit passwords: $(audits), not 1" [ "$(audits)" = 1 ]
given 0 '^observe' mode observe
wait_for 10 observes || fail "the kernel goes on dropping: $(guarded nft list ruleset)"
must "the list is gone" listed
through 203.0.113.20 $PBX4
given 0 '^enforce' mode enforce
wait_for 10 enforces || fail "the kernel does not enforce again: $(guarded nft list ruleset)"
cut 203.0.113.20 $PBX4
must "threads that audit passwords: $(audits), not 1" [ "$(audits)" = 1 ]
note "feeds and police follow, one thread audits"

# --- who may, and a stop ---
if command -v setpriv >/dev/null; then
	chmod 0666 "$T/control"
	chmod 0755 "$T"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$ROOT/$B/sipmoat" mode observe \
		-s "$T/control" >"$T/said" 2>&1
	must "anybody may: $(cat "$T/said")" grep -q 'only root' "$T/said"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$ROOT/$B/sipmoat" mode \
		-s "$T/control" >"$T/said" 2>&1
	must "who may look may not: $(cat "$T/said")" grep -q '^enforce' "$T/said"
fi
pids=
for _ in 1 2 3 4 5 6; do
	tool reload >/dev/null 2>&1 &
	pids="$pids $!"
done
guard_stop
for pid in $pids; do
	wait "$pid"
	rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || fail "a reload during the stop: status $rc"
done
note "questions during a stop hang nothing"
