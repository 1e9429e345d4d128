#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed beside the binaries, and what the pages promise: the unit verifies and its
# sandbox holds, user, folder and man pages are well-formed, links and make targets exist.
set -u
shopt -s lastpipe # bad() at the end of a pipe must reach $found
cd "$(dirname "$0")/.." || exit 1
MOST=2.0 # exposure that systemd-analyze may report at most
found=0
without=()
tmp=$(mktemp -d /tmp/sipmoat-docs.XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT

# bad WHAT: reads complaints, one a line; none is good
bad() {
	local line
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		printf '%s: %s\n' "$1" "$line"
		found=1
	done
}

# --- the unit: as installed, with something that can be executed in place of our binaries ---
unit=$tmp/sipmoatd.service
sed 's#/usr/s\?bin/sipmoatd\?#/bin/true#' systemd/sipmoatd.service >"$unit"
sed -n 's/^Documentation=//p' "$unit" | tr ' ' '\n' |
	sed -nE 's/^man:(.*)\((.)\)$/systemd\/\1.\2/p' | while read -r page; do
		[ -e "$page" ] || echo "$page"
	done | bad "the unit names a page that is not there"
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no "$unit" 2>&1 | bad "systemd-analyze verify"
	score=$(systemd-analyze security --offline=true --no-pager "$unit" |
		sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
	awk -v s="$score" -v m=$MOST 'BEGIN { exit !(s != "" && s + 0 <= m) }' ||
		echo "exposure is ${score:-not told}, may be $MOST" | bad "systemd-analyze security"
	echo "systemd-analyze security: exposure $score (may be $MOST)"
else
	without+=("systemd-analyze")
fi
for d in Type=notify WatchdogSec= User=sipmoat ExecReload= RestartPreventExitStatus=78 \
	'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW' 'RestrictAddressFamilies=AF_NETLINK AF_UNIX AF_INET AF_INET6'; do
	grep -q "^$d" "$unit" || echo "$d" | bad "the unit lacks"
done
# every directive of the sandbox stands under a comment, alone or with its neighbours
awk '/^\[/ { on = $0 == "[Service]"; why = 0; next }
	/^#/ { why = 1; next }
	!NF { why = 0; next }
	on && !why { print }' systemd/sipmoatd.service | grep -vE '^(Type|WatchdogSec)=' |
	bad "no comment explains"

# --- user and folder ---
mkdir -p "$tmp/root/etc"
if command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
	systemd-sysusers --root="$tmp/root" "$PWD/systemd/sipmoat.sysusers" >"$tmp/out" 2>&1 ||
		bad sysusers <"$tmp/out"
	grep -q '^sipmoat:' "$tmp/root/etc/passwd" || echo "no user sipmoat" | bad sysusers
	if [ "$(id -u)" = 0 ]; then
		systemd-tmpfiles --root="$tmp/root" --create "$PWD/systemd/sipmoat.tmpfiles" \
			>"$tmp/out" 2>&1 || bad tmpfiles <"$tmp/out"
		[ -d "$tmp/root/var/lib/sipmoat" ] || echo "no /var/lib/sipmoat" | bad tmpfiles
	else
		without+=("systemd-tmpfiles (needs root)")
	fi
else
	without+=("systemd-sysusers")
fi

# --- man pages; whether others are installed here is not our concern ---
if command -v mandoc >/dev/null; then
	mandoc -T lint systemd/*.[158] 2>/dev/null | grep -v 'referenced manual not found' |
		bad mandoc
else
	without+=("mandoc")
fi

# --- links between pages, and the commands that they name ---
for page in README.md CHANGELOG.md docs/*.md docs/checks/*.md; do
	grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//' | grep -v '^https:' | while read -r to; do
		[ -e "$(dirname "$page")/$to" ] || echo "$page: $to"
	done
done | bad "a link leads nowhere"
grep -ohE '`(tests|netns|unit)/[a-z0-9_./-]+`' README.md docs/*.md docs/checks/*.md | tr -d '`' |
	sort -u | while read -r test; do
		compgen -G "$test" >/dev/null || compgen -G "tests/$test.*" >/dev/null || echo "$test"
	done | bad "no such test"
grep -ohE '(`|^    )(sudo )?make [a-z]+\b' README.md docs/*.md docs/checks/*.md CHANGELOG.md |
	sed 's/.* //' | sort -u | while read -r target; do
		grep -qE "^$target:.*## " Makefile || echo "make $target"
	done | bad "no such target"

# --- every message of the RFCs' collections has one of ours ---
for s in 3.1.1.{1..13} 3.1.2.{1..19} 3.2.1 3.3.{1..15} 3.4.1; do echo "RFC 4475 $s"; done >"$tmp/want"
for s in 4.{1..10}; do echo "RFC 5118 $s"; done >>"$tmp/want"
sed -nE 's/^\| (RFC [0-9]+ [0-9.]+) \|.*/\1/p' docs/reading.md | sort -u >"$tmp/have"
sort -u "$tmp/want" | comm -3 - "$tmp/have" | bad "docs/reading.md and the RFCs differ"
sed -nE 's/^\| RFC .*\| `([a-z0-9-]+)\/([a-z0-9-]+)` \|$/\1 \2/p' docs/reading.md |
	while read -r case label; do
		grep -qsE "^@.* label $label( |\$)" "tests/cases/$case/case.txt" &&
			grep -qE "^($label/|\*)" "tests/cases/$case/expect" || echo "$case/$label"
	done | bad "docs/reading.md names no case"
[ "$(grep -c '^| RFC' docs/reading.md)" = "$(grep -cE '^\| RFC .*\| `[a-z0-9-]+/[a-z0-9-]+` \|$' \
	docs/reading.md)" ] || echo "a row without a case" | bad docs/reading.md

# --- and every fuzz target says what it looks for ---
for f in tests/fuzz/*.c; do basename "$f" .c; done | sort >"$tmp/want"
sed -n '/^| target |/,$p' docs/reading.md | sed -nE 's/^\| `([a-z]+)` \|.*/\1/p' | sort |
	comm -3 "$tmp/want" - | bad "docs/reading.md and tests/fuzz differ"

# --- configs in the pages load ---
# config_blocks FILE: each indented block that begins like a config, into $tmp/conf.N/sipmoat.conf
config_blocks() {
	awk -v to="$tmp/conf" '
		/^    / && !block && /^    (# |[a-z]+ = )/ { block = 1; f = to "." ++n; print f }
		/^    / && block { print substr($0, 5) >f; next }
		NF { block = 0 }' "$1"
}
B=${B:-build}
if [ -x "$B/sipmoatd" ]; then
	for page in README.md docs/operations.md; do
		config_blocks "$page" | sort -u | while read -r conf; do
			"$B/sipmoatd" -t -c "$conf" >"$tmp/out" 2>&1 || {
				echo "$page"
				cat "$conf" "$tmp/out"
			}
		done | bad "a config in a page does not load"
	done
else
	without+=("$B/sipmoatd")
fi

# --- messages in the pages are what the pages say ---
# message_of FILE: its first indented request, as it goes over the wire
message_of() {
	awk '/^    [A-Z]+ sip:/ { on = 1 }
		on && /^    / { printf "%s\r\n", substr($0, 5) }
		on && !/^    / { exit }
		END { printf "\r\n" }' "$1"
}
if [ -x "$B/sipmoat" ]; then
	for check in transports flood malformed agent method scan; do
		message_of docs/checks/$check.md | "$B/sipmoat" inspect - >"$tmp/out" 2>&1
		status=("${PIPESTATUS[@]}") want=0
		[ $check != malformed ] || want=1
		[ "${status[1]}" = $want ] || {
			echo "$check: inspect says ${status[1]}"
			cat "$tmp/out"
		} | bad "an example in a page"
		[ $check != malformed ] || grep -q duplicate-header "$tmp/out" ||
			echo "malformed: no duplicate-header" | bad "an example in a page"
	done
else
	without+=("$B/sipmoat")
fi

[ $found = 0 ] || exit 1
if [ ${#without[@]} -gt 0 ]; then
	echo "all but what needs: ${without[*]}"
	exit 77
fi
