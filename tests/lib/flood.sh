# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What flood.sh and flood6.sh have in common; field.sh comes first.

# flood_delay FROM KEY TARGET: floods and prints the milliseconds from the request that was
# one too many (the 17th within 2 s) to the ban in the kernel's set
flood_delay() {
	sip "$1" "$3" -m REGISTER -r 500 -n 300 -w 0.2 --times "$T/times.$2" >"$T/sent.$2"
	wait_for 10 grep -qF "$2" "$T/monitor" || return 1
	awk -v key="$2" 'FNR == NR { t[FNR] = $1; next }
		index($0, key) { printf "%.1f\n", ($1 - t[17]) / 1e6; exit }' \
		"$T/times.$2" "$T/monitor"
}

# flood_test FAMILY CALLER TARGET SOURCE:KEY...
flood_test() {
	local family=$1 caller=$2 target=$3 pair d office
	shift 3
	pbx_start
	guard_start
	phones_ready "$family"
	register callers "$family" "$caller" 1001 1010 5062 || fail "callers cannot register"
	ip netns exec "$GUARD_NS" $PY "$FIELD_LIB/watch.py" stdbuf -oL nft monitor new elements >"$T/monitor" &
	wait_for 10 pgrep_in_ns "nft" || fail "nft monitor does not run"
	calls office "$family" "$caller" 5062 100 10 500 &
	office=$!
	for pair; do
		d=$(flood_delay "${pair%|*}" "${pair#*|}" "$target") ||
			fail "${pair%|*} is not banned: $(cat "$T/sent.${pair#*|}")"
		note "${pair%|*}: banned $d ms after the request that was too much"
		echo "$d" >>"$T/delays"
	done
	wait $office || fail "calls failed meanwhile: $(good office) good, $(bad office) bad"
	must "not all calls completed: $(good office)" [ "$(good office)" = 100 ]
	# five floods, so that one hiccup of a busy machine does not decide
	awk '{ print $1 }' "$T/delays" | sort -g | awk '{ v[NR] = $1 }
		END { print v[int((NR + 1) / 2)]; exit v[int((NR + 1) / 2)] > 100 }' >"$T/median" ||
		fail "the median is over 100 ms: $(paste -sd' ' "$T/delays")"
	note "median $(cat "$T/median") ms; 100 of 100 calls completed meanwhile"
}

pgrep_in_ns() {
	local p
	for p in $(ip netns pids "$GUARD_NS"); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$1" ] && return 0
	done
	return 1
}
