#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed beside the binaries, and what the pages promise: the unit verifies and its
# sandbox holds, user, folder and man pages are well-formed (links: tests/ctl/links.py).
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

# --- the units: as installed, with something that can be executed in place of our binaries ---
for installed in systemd/*.service; do
	unit=$tmp/${installed#systemd/}
	sed -E 's#/usr/s?bin/sipmoat(d|-geo-update)?( |$)#/bin/true\2#' "$installed" >"$unit"
	sed -n 's/^Documentation=//p' "$unit" | tr ' ' '\n' |
		sed -nE 's/^man:(.*)\((.)\)$/systemd\/\1.\2/p' | while read -r page; do
			[ -e "$page" ] || echo "$page"
		done | bad "$installed names a page that is not there"
	# every directive of the sandbox stands under a comment, alone or with its neighbours
	awk '/^\[/ { on = $0 == "[Service]"; why = 0; next }
		/^#/ { why = 1; next }
		!NF { why = 0; next }
		on && !why { print }' "$installed" | grep -vE '^(Type|WatchdogSec)=' |
		bad "no comment explains in $installed"
	if ! command -v systemd-analyze >/dev/null; then
		without+=("systemd-analyze")
		continue
	fi
	systemd-analyze verify --man=no "$unit" 2>&1 | bad "systemd-analyze verify"
	score=$(systemd-analyze security --offline=true --no-pager "$unit" |
		sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
	awk -v s="$score" -v m=$MOST 'BEGIN { exit !(s != "" && s + 0 <= m) }' ||
		echo "exposure is ${score:-not told}, may be $MOST" | bad "systemd-analyze security"
	echo "systemd-analyze security: exposure of ${installed#systemd/} $score (may be $MOST)"
done
if command -v systemd-analyze >/dev/null; then
	cp systemd/*.timer "$tmp"
	systemd-analyze verify --man=no "$tmp"/*.timer 2>&1 | bad "systemd-analyze verify"
fi
unit=systemd/sipmoatd.service
for d in Type=notify WatchdogSec= User=sipmoat ExecReload= RestartPreventExitStatus=78 \
	'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW' 'RestrictAddressFamilies=AF_NETLINK AF_UNIX AF_INET AF_INET6'; do
	grep -q "^$d" "$unit" || echo "$d" | bad "the unit lacks"
done
# --- user and folder ---
mkdir -p "$tmp/root/etc"
if command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
	systemd-sysusers --root="$tmp/root" "$PWD/systemd/sipmoat.sysusers" >"$tmp/out" 2>&1 ||
		bad sysusers <"$tmp/out"
	for user in $(sed -n 's/^User=//p' systemd/*.service); do
		grep -q "^$user:" "$tmp/root/etc/passwd" || echo "no user $user" | bad sysusers
	done
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

# --- what pages say is installed is, with every example, and goes again ---
B=${B:-build}
if [ -x "$B/sipmoatd" ]; then
	place=$tmp/place
	make -s install B="$B" DESTDIR="$place" PREFIX=/usr >"$tmp/out" 2>&1 || bad "make install" <"$tmp/out"
	grep -ohE '`/usr/(share|libexec)/sipmoat/[a-z0-9_./-]+' README.md docs/*.md systemd/*.[158] | tr -d '`' |
		sort -u | while read -r f; do
			[ -e "$place$f" ] || echo "$f"
		done | bad "a page names what is not installed"
	find systemd -mindepth 2 -type f -printf '%f\n' | while read -r f; do
		[ -n "$(find "$place" -name "$f")" ] || [ "$f" = sipmoat.bash ] || echo "$f"
	done | bad "not installed"
	make -s uninstall B="$B" DESTDIR="$place" PREFIX=/usr >"$tmp/out" 2>&1 || bad "make uninstall" <"$tmp/out"
	find "$place" -type f | bad "left by make uninstall"
fi

# --- recipes are the ones that are run ---
/usr/bin/python3 tests/migration/table.py page docs/migration.md | bad "recipes"

[ $found = 0 ] || exit 1
if [ ${#without[@]} -gt 0 ]; then
	echo "all but what needs: ${without[*]}"
	exit 77
fi
