# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a user types and waits for, timed and told.  Sourced by run.sh.

told=()  # lines of the table at the end: milliseconds, what
bold='' dim='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }
seconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }
chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; told+=("-|$*"); }

# took FROM WHAT: a line of the table, and now
took() {
	local ms=$(($(now_ms) - $1))
	told+=("$ms|$2")
	printf '%6s s  %s\n' "$(seconds $ms)" "$2"
}

# typed STATUS 'COMMAND': on the machine, as root.  What it says stays in $T/said, and its last
# lines are shown.
typed() {
	local from rc
	from=$(now_ms)
	on sh -c "cd /root && $2" >"$T/said" 2>&1 </dev/null
	rc=$?
	took "$from" "# $2"
	tail -n "${SHOWN:-4}" "$T/said" | sed 's/.*\r\(.\)/\1/' | cut -c-110 |
		sed "s/^/          $dim| /; s/\$/$plain/"
	[ $rc = "$1" ] || fail "# $2 ends with $rc, not $1: $(cat "$T/said")"
}
said() { grep -qE -- "$1" "$T/said" || fail "it does not say \"$1\": $(cat "$T/said")"; }

# waits SECONDS WHAT COMMAND...: until it succeeds
waits() {
	local from limit=$1 what=$2
	shift 2
	from=$(now_ms)
	wait_for "$limit" "$@" || fail "not in $limit s: $what"
	took "$from" "$what"
}

# so far all the user's steps and waiting took: milliseconds
spent() { printf '%s\n' "${told[@]}" | awk -F'|' '$1 != "-" { ms += $1 } END { print ms }'; }

# the table, with what each chapter took
table() {
	local row ms sum=0
	printf '\n%s%8s  %s%s\n' "$bold" seconds 'what the user did, and waited for' "$plain"
	for row in "${told[@]}" '-|'; do
		ms=${row%%|*}
		if [ "$ms" = - ]; then
			[ $sum = 0 ] || printf '%8s  %s\n' "$(seconds $sum)" together
			[ -z "${row#*|}" ] || printf '\n%8s  %s%s%s\n' '' "$bold" "${row#*|}" "$plain"
			sum=0
			continue
		fi
		sum=$((sum + ms))
		printf '%8s  %s\n' "$(seconds "$ms")" "${row#*|}"
	done
	printf '%8s  all of it\n' "$(seconds "$(spent)")"
}
