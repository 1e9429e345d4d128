#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all tests, or those named (tests/run.sh unit/test_uri netns/flood), one line each.
# A test is a program: exit 0 passes, 77 skips with the reason in its last line, anything
# else fails and its output is shown.  B names the build folder.
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
passed=0 failed=0 running=
skips=()
out=$(mktemp /tmp/sipmoat-run.XXXXXX)
trap 'rm -f "$out"' EXIT
trap 'interrupted' INT TERM HUP

interrupted() {
	trap '' INT TERM HUP
	[ -z "$running" ] || { kill -TERM "$running"; wait "$running"; } 2>/dev/null
	echo "interrupted"
	exit 130
}

# run NAME COMMAND...
run() {
	local name=$1 start=$SECONDS rc why
	shift
	timeout -k 20 "$LIMIT" "$@" >"$out" 2>&1 </dev/null &
	running=$!
	wait "$running"
	rc=$?
	running=
	case $rc in
	0)
		passed=$((passed + 1))
		printf 'PASS  %s (%d s)\n' "$name" $((SECONDS - start))
		;;
	77)
		why=$(tail -n 1 "$out")
		skips+=("$name: ${why:-no reason given}")
		printf 'SKIP  %s: %s\n' "$name" "${why:-no reason given}"
		;;
	*)
		failed=$((failed + 1))
		[ $rc != 124 ] || echo "(ended after $LIMIT s)" >>"$out"
		sed 's/^/      | /' "$out"
		printf 'FAIL  %s (exit %d, %d s)\n' "$name" $rc $((SECONDS - start))
		;;
	esac
}

wanted() { [ -z "$only" ] || [[ " $only " == *" $1 "* ]]; }

only=$*
found=0
for t in tests/lint.sh tests/docs.sh "$B"/tests/unit/* tests/cases/run.* tests/ctl/*.py tests/fuzz/run.* tests/netns/*.sh; do
	[ -f "$t" ] && [ -x "$t" ] || continue
	name=${t#"$B"/}
	name=${name#tests/}
	case $name in *.sh | *.py) name=${name%.*} ;; esac
	case $t in *.o | *.d) continue ;; esac
	wanted "$name" || continue
	found=1
	run "$name" "$t"
done
[ $found = 1 ] || { echo "no such test: $only"; failed=1; }

echo
if [ ${#skips[@]} -gt 0 ]; then
	echo "Skipped, not passed:"
	printf '  %s\n' "${skips[@]}"
fi
echo "$passed passed, $failed failed, ${#skips[@]} skipped"
[ $failed = 0 ]
