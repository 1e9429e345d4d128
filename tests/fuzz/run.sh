#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzes every target, or those named:  tests/fuzz/run.sh [TARGET...]
# FUZZ_SECS=3 for each, two at once, beginning with the seeds in corpus/TARGET; what is
# found lands in tests/fuzz/findings/ (git ignores it) with the line that repeats it.
# `make fuzz` runs longer and keeps what it learned in build-fuzz/corpus/.
set -u
cd "$(dirname "$0")/../.." || exit 1
SECS=${FUZZ_SECS:-3}
B=build-fuzz # whatever else is being tested
here=tests/fuzz
found=$here/findings
tmp=$(mktemp -d /tmp/sipmoat-fuzz.XXXXXX) || exit 1
jobs=()
trap 'rm -rf "$tmp"' EXIT
trap 'kill "${jobs[@]}" 2>/dev/null; exit 130' INT TERM HUP

command -v clang >/dev/null || { echo "clang is not installed (make deps)"; exit 77; }
echo 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);
int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n > 9; }' |
	clang -fsanitize=fuzzer,address,undefined -x c -o "$tmp/probe" - 2>/dev/null || {
	echo "clang lacks its fuzzer or sanitizers: libclang-rt-dev (make deps)"
	exit 77
}
# what the make around us was told is not meant for this build
env -u MAKEFLAGS -u MAKEOVERRIDES -u SAN -u CC -u CFLAGS -u WERROR -u CI \
	make --no-print-directory -s -j"$(nproc)" FUZZ=1 fuzzers || exit 1

export ASAN_OPTIONS=detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lib/lsan.supp:print_suppressions=0

# fuzz TARGET: one line; 1 with a finding
fuzz() {
	local t=$1 log=$tmp/$1.log learned=$tmp/$1.corpus seeds=$here/corpus/$1 seed=1
	# short runs try the same inputs every time: luck must not decide a check
	[ "$SECS" -le 10 ] || { learned=$B/corpus/$t seed=0; }
	mkdir -p "$learned" "$tmp/$t" "$found"
	TMPDIR=$tmp/$t "$B/$here/$t" -dict=$here/sip.dict -seed=$seed -max_total_time="$SECS" -timeout=10 \
		-rss_limit_mb=2048 -print_final_stats=1 -print_funcs=0 \
		-artifact_prefix="$PWD/$found/$t-" "$learned" "$seeds" >"$log" 2>&1 &
	# shellcheck disable=SC2064
	trap "kill $!" INT TERM
	wait $! && {
		awk -v t="$t" '/number_of_executed_units/ { n = $2 } /average_exec_per_sec/ { s = $2 }
			/cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1) }
			END { printf "%-10s %9d runs, %7d a second, %5d edges\n", t, n, s, c
			      exit !n }' "$log"
		return
	}
	grep -vE '^(#[0-9]+|stat::|INFO:)' "$log" | head -n 60
	sed -n "s|.*Test unit written to $PWD/|$t: to repeat: $B/$here/$t |p" "$log"
	echo "$t: a finding"
	return 1
}

targets=("$@")
[ $# -gt 0 ] || for f in "$here"/*.c; do targets+=("$(basename "$f" .c)"); done
failed=0
for ((i = 0; i < ${#targets[@]}; i += 2)); do
	jobs=()
	for t in "${targets[@]:i:2}"; do
		[ -x "$B/$here/$t" ] || { echo "no such target: $t"; exit 1; }
		fuzz "$t" >"$tmp/$t.said" &
		jobs+=($!)
	done
	for j in "${jobs[@]}"; do wait "$j" || failed=1; done
	for t in "${targets[@]:i:2}"; do cat "$tmp/$t.said"; done
done
rmdir --ignore-fail-on-non-empty $found
exit $failed
