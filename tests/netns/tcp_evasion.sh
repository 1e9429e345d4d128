#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hand-made TCP segments that would show the firewall other bytes than the server: overlaps,
# repetitions with other bytes, segments that the server never gets or never takes, forged ends.
# Each works on an unguarded server; guarded, it never hears the scanner.  Segments out of order
# or repeated by an honest sender get through.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
# stands for a router between the firewall and the server
pbx nft -f - <<'RULES' || fail "no filter before the server"
table inet hop {
	chain pre {
		type filter hook prerouting priority -460;
		ip ttl < 10 drop
		ip6 hoplimit < 10 drop
	}
}
RULES
pbx_echo
honest="order backwards repeated probe wrap early"
attacks="order backwards repeated wrap fake-last fake-under short-lived short-lived-early
	checksum no-ack future-ack old-fake reset-short-lived reset-checksum reset-outside
	fin-short-lived syn-short-lived urgent early"

# all WHAT FIRST AGENT CASE...: from addresses of their own, 203.0.113.FIRST and up, some at a
# time.  What became of each is in $T/WHAT.CASE.4 and .6
all() {
	local what=$1 n=$2 agent=$3 case pids=
	shift 3
	for case; do
		one 4 "203.0.113.$n" $PBX4
		! has_v6 || one 6 "2001:db8:77:$n::1" $PBX6
		n=$((n + 1))
		if [ $((n % 4)) = 0 ]; then
			# shellcheck disable=SC2086
			wait $pids
			pids=
		fi
	done
	# shellcheck disable=SC2086
	[ -z "$pids" ] || wait $pids
}
one() {
	wan $PY "$FIELD_LIB/segments.py" "$2" "$3" "$case" -a "$agent" >"$T/$what.$case.$1" 2>&1 &
	pids="$pids $!"
}
said() { cat "$T/$1.$2.4" "$T/$1.$2.6" 2>/dev/null; }

# shellcheck disable=SC2086
all bare 101 friendly-scanner $attacks
for case in $attacks; do
	! said bare "$case" | grep -v '"answers": 1' || fail "$case is no attack: $(said bare "$case")"
done
before=$(wc -l <"$T/heard")
must "the server did not hear all of it: $(cat "$T/heard")" \
	[ "$(grep -c 'OPTIONS friendly-scanner' "$T/heard")" = "$(cat "$T"/bare.* | wc -l)" ]

apart
guard_start
# shellcheck disable=SC2086
all guarded 131 friendly-scanner $attacks fake-first
# shellcheck disable=SC2086
all honest 161 "Acme Desk Phone 7.1" $honest
for case in $attacks fake-first; do
	! said guarded "$case" | grep -v '"answers": 0' || fail "$case: $(said guarded "$case")"
done
! tail -n +$((before + 1)) "$T/heard" | grep -E '^tcp [^ ]+ [A-Z]+ .*scanner' || fail "the server heard a scanner"
for case in $honest; do
	! said honest "$case" | grep -vE '"answers": [12], "end": "open"' ||
		fail "an honest sender is refused: $case: $(said honest "$case")"
done
note "$(cat "$T"/bare.* | wc -l) attacks work unguarded and fail guarded," \
	"$(cat "$T"/honest.* | wc -l) honest connections are answered"
