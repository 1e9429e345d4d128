#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all tests, or those named (tests/run.sh unit/test_uri netns/flood), one line each.
# A test is a program: exit 0 passes, 77 skips with the reason in its last line, anything
# else fails and its output is shown.  B names the build folder.
#
# Those in network namespaces mostly wait, and disturb nobody: JOBS of them run at a time, told as
# they end.  But a file that says "# alone: why" needs the machine for itself, and comes behind them.
set -u
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build}
export PATH=$PATH:/usr/sbin:/sbin # as su leaves it, it may lack them
export LSAN_OPTIONS=suppressions=$PWD/tests/lib/lsan.supp:print_suppressions=0
# a finding of a sanitizer is a failure
export ASAN_OPTIONS=detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lib/lsan.supp:print_suppressions=0
export TSAN_OPTIONS=halt_on_error=0:exitcode=66
LIMIT=${LIMIT:-600} # seconds; only ends a test that hangs
JOBS=${JOBS:-3}
passed=0 failed=0
skips=()
names=() begun=() # of what runs, by pid
out=$(mktemp -d /tmp/sipmoat-run.XXXXXX) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'interrupted' INT TERM HUP

interrupted() {
	trap '' INT TERM HUP
	[ ${#names[@]} = 0 ] || { kill -TERM "${!names[@]}"; wait "${!names[@]}"; } 2>/dev/null
	echo "interrupted"
	exit 130
}

# begin NAME COMMAND...
begin() {
	local name=$1
	shift
	timeout -k 20 "$LIMIT" "$@" >"$out/${name//\//-}" 2>&1 </dev/null &
	names[$!]=$name
	begun[$!]=$SECONDS
}

# Waits until one of those that run ends, and tells.
finish() {
	local pid=0 rc name seconds why said
	wait -n -p pid "${!names[@]}"
	rc=$?
	name=${names[pid]} seconds=$((SECONDS - begun[pid])) said=$out/${names[pid]//\//-}
	unset "names[pid]" "begun[pid]"
	case $rc in
	0)
		passed=$((passed + 1))
		printf 'PASS  %s (%d s)\n' "$name" $seconds
		;;
	77)
		why=$(tail -n 1 "$said")
		skips+=("$name: ${why:-no reason given}")
		printf 'SKIP  %s: %s\n' "$name" "${why:-no reason given}"
		;;
	*)
		failed=$((failed + 1))
		[ $rc != 124 ] || echo "(ended after $LIMIT s)" >>"$said"
		sed 's/^/      | /' "$said"
		printf 'FAIL  %s (exit %d, %d s)\n' "$name" $rc $seconds
		;;
	esac
}

# at_most JOBS: waits until no more run
at_most() {
	while [ ${#names[@]} -gt "$1" ]; do
		finish
	done
}

wanted() { [ -z "$only" ] || [[ " $only " == *" $1 "* ]]; }

only=$*
found=0
alone=()
for t in tests/lint.sh tests/docs.sh "$B"/tests/unit/* tests/cases/run.* tests/ctl/* tests/fuzz/run.* tests/netns/*.sh; do
	[ -f "$t" ] && [ -x "$t" ] || continue
	name=${t#"$B"/}
	name=${name#tests/}
	case $name in *.sh | *.py) name=${name%.*} ;; esac
	case $t in *.o | *.d) continue ;; esac
	wanted "$name" || continue
	found=1
	case $name in netns/*) room=$JOBS ;; *) room=1 ;; esac
	if [ "$room" != 1 ] && grep -q '^# alone: ' "$t"; then
		alone+=("$t")
		continue
	fi
	at_most $((room - 1))
	begin "$name" "$t"
	[ "$room" = 1 ] && at_most 0
done
at_most 0
for t in "${alone[@]}"; do
	name=${t#tests/}
	begin "${name%.sh}" "$t"
	at_most 0
done
[ $found = 1 ] || { echo "no such test: $only"; failed=1; }

echo
if [ ${#skips[@]} -gt 0 ]; then
	echo "Skipped, not passed:"
	printf '  %s\n' "${skips[@]}"
fi
echo "$passed passed, $failed failed, ${#skips[@]} skipped"
[ $failed = 0 ]
