#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proven bans in the kernel: each lasts longer than the one before, lifted by hand it makes none
# longer; eight neighbours make one of their prefix, but not where somebody has called; more of
# them in a second than allowed are not made, and that is told.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
cat >"$T/grow.conf" <<CONF
inside = [ "$PBX4" ];
memory = { learning = "0s"; };
control = { socket = "$T/control"; };
agent = { ban = "6s"; };
bans = { factor = 3; jitter = 0; renew = false; };
CONF
guard_start "$T/grow.conf"

scans() { tcp "$1" $PBX4 bad >/dev/null; }
# seconds ADDRESS: what its element lasts in all
seconds() {
	local sum
	sum=$(ban_line "$1" | sed -nE 's/.* timeout ([0-9dhms]+).*/\1/p' |
		sed -E 's/[0-9]+ms$//; s/m/*60+/; s/s//; s/$/+0/; s/\+\+/+/')
	echo $((sum))
}
# grows ADDRESS SECONDS: it scans, and is banned for so long (the kernel is told a moment later)
grows() {
	local got
	scans "$1"
	must_ban "$1"
	got=$(seconds "$1")
	must "$1 is banned for $got s, not $2: $(ban_line "$1")" [ "$got" -ge $(($2 - 2)) ]
	must "$1 is banned for $got s, not $2: $(ban_line "$1")" [ "$got" -le "$2" ]
}
is_free() { ! banned "$1"; }

grows 203.0.113.11 6
wait_for 20 is_free 203.0.113.11
grows 203.0.113.11 18
wait_for 10 logged 'banned 203\.0\.113\.11 for 18s \(2nd time, proven\)' ||
	fail "the log does not say so"
wait_for 40 is_free 203.0.113.11
grows 203.0.113.11 54
note "three bans: 6, 18, 54 s"
# by hand: it was none
guarded nft delete element inet sipmoat banned4 '{ 203.0.113.11 }'
wait_for 10 logged 'unbanned by hand' || fail "no unban"
grows 203.0.113.11 6

# neighbours, of whom one has called: only they
phones_ready 4
calls friend 4 203.0.113.29 5062 1 1 100 || fail "a call fails"
for n in 12 13 14 15 16 17 18 19; do
	scans 203.0.113.$n
	must_ban 203.0.113.$n
done
nets() { guarded nft list set inet sipmoat "$1"; }
nets banned_nets4 | grep -q elements && fail "the prefix of somebody who calls is banned"
calls friend 4 203.0.113.29 5063 1 1 100 || fail "a call of a neighbour fails"

# neighbours, and nobody else
sed -i 's|"6s"|"30m"|' "$T/grow.conf"
guard_reload
for n in 30 31 32 33 34 35 36 37 38; do
	ip -n "$NS-wan" addr add 198.18.5.$n/32 dev w0
done
for n in 30 31 32 33 34 35 36; do
	scans 198.18.5.$n
	must_ban 198.18.5.$n
done
nets banned_nets4 | grep -q elements && fail "seven are enough"
scans 198.18.5.37
in_nets() { nets banned_nets4 | grep -qF 198.18.5.0/24; }
wait_for 10 in_nets || fail "eight neighbours: $(nets banned_nets4)"
wait_for 10 logged 'banned 198\.18\.5\.0/24 for .*proven\).* 8 of its sites are banned' ||
	fail "the log does not tell of the prefix"
got=$(sip 198.18.5.38 $PBX4)
must "a ninth neighbour is answered: $got" unanswered "$got"
given 0 '^198\.18\.5\.38: banned$' why 198.18.5.38
grep -qE '^198\.18\.5\.0/24 is banned' "$T/said" || fail "not by the prefix: $(cat "$T/said")"
grep -qE '^  20[0-9-]+ [0-9:]+  banned 198\.18\.5\.0/24 for ' "$T/said" ||
	fail "a neighbour is not told of the ban of all: $(cat "$T/said")"
given 0 ': free$' why 198.18.6.38
! grep -q 'banned 198' "$T/said" || fail "somebody else is told of it: $(cat "$T/said")"
note "$(nets banned_nets4 | grep -oF '198.18.5.0/24')"

# too many at once
sed -i 's|jitter = 0|rate = 1; jitter = 0|' "$T/grow.conf"
guard_reload
for n in 12 13 14 15 16 17 18 19 20 21 22 23; do
	sip 203.0.113.$n $PBX4 -a friendly-scanner -w 0 >/dev/null &
done
wait_for 30 logged 'bans were NOT MADE.*bans\.rate' || fail "nothing tells of bans that were too many"
kill -USR1 "$GUARD_PID"
wait_for 10 logged 'ban_capped +[1-9]' || fail "they are not counted"
note "$(grep -oE '[0-9]+ bans were NOT MADE' "$T/guard.log" | head -n 1)"
