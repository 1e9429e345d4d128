#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The house rules that a machine can check (docs/architecture.md).
set -u
shopt -s lastpipe # bad() at the end of a pipe must reach $found
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build}
rooms=()
for d in include rules nfq ctl web alert; do
	[ ! -d $d ] || rooms+=("$d")
done
found=0
pages=$(mktemp /tmp/sipmoat-lint.XXXXXX) || exit 1
trap 'rm -f "$pages"' EXIT

# bad RULE: reads offenders, one a line; none is good
bad() {
	local line
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		printf '%s: %s\n' "$1" "$line"
		found=1
	done
}

files() {
	find include rules nfq ctl web alert systemd packaging tests docs .ci Makefile README.md -type f "$@" \
		2>/dev/null | sort
}
sources() { files -name '*.[ch]'; }
scripts() {
	files \( -name '*.sh' -o -name '*.py' -o -path '.ci/*' -o -path '*/debian/*.p*' \
		-o -name sipmoat-geo-update \)
}

# --- who may know whom ---
headers_of_libc='assert|ctype|errno|inttypes|limits|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|time|unistd|netinet/in|arpa/inet|sys/[a-z]+'
grep -nE '^#\s*include\s*<' include/*.h | grep -vE "<($headers_of_libc)\.h>" |
	bad "include/ knows libc only"
grep -rnE '^#\s*include\s*"[^"]*(nfq|ctl)/' include rules | bad "rules/ knows neither nfq/ nor ctl/"
grep -rnE '^#\s*include\s*"[^"]*(rules|ctl)/' nfq | bad "nfq/ knows include/ only"
grep -rnE '^#\s*include\s*"[^"]*nfq/' ctl web alert | bad "ctl/, web/ and alert/ do not know nfq/"
grep -rnE '^#\s*include\s*<(linux/(netfilter|netlink)|libmnl|libnftnl|libnetfilter)' \
	"${rooms[@]}" | grep -v '^nfq/' | bad "netfilter belongs to nfq/"
grep -rnE '^#\s*include\s*<(time|sys/socket|syslog|sys/time|sys/random)\.h>' rules include |
	bad "rules/ sees no clock, socket, log"

# one_includer HEADER FILE: only FILE may include it
one_includer() {
	grep -rlE "^#\s*include\s*<$1" "${rooms[@]}" | grep -vxE "$2" |
		bad "only $2 includes <$1>"
}
one_includer 'libconfig\.h' 'rules/conf\.c'
one_includer 'maxminddb\.h' 'rules/geo\.c'
one_includer 'pcre2\.h' 'rules/match\.c'
one_includer 'linux/netfilter/nfnetlink_conntrack\.h' 'nfq/tuple\.h'
one_includer 'libnftnl/' 'nfq/nft(set|rule)\.c'
one_includer 'jansson\.h' '(nfq/request|ctl/link|ctl/doctor/nft)\.c'
one_includer 'curl/' 'alert/deliver\.c|alert/main\.c'
one_includer 'microhttpd\.h' 'web/(http|follow)\.[ch]'
one_includer 'n?curses' 'ctl/screen\.c'
one_includer 'pcap' 'ctl/[a-z]+\.c'
one_includer 'nettle/' 'nfq/digest\.c'
one_includer 'sqlite3\.h' 'nfq/db\.c'
one_includer 'osip' 'rules/sip/(strict|compose)\.c'

no_symbols='clock_gettime|clock|gettimeofday|time|nanosleep|usleep|sleep|rand|random|srand|getrandom|arc4random.*|getentropy|socket|connect|bind|send|sendto|sendmsg|recv|recvfrom|recvmsg|printf|vprintf|fprintf|vfprintf|dprintf|puts|putchar|fputs|fputc|fwrite|perror|syslog|openlog|vsyslog|stdout|stderr'
if [ -f "$B/rules.a" ]; then
	nm -A -u "$B/rules.a" | grep -E " U _*($no_symbols)(_chk)?(@.*)?$" |
		bad "rules.a must not call this"
else
	echo "$B/rules.a is not built" | bad build
fi
if [ -x "$B/sipmoat" ]; then
	readelf -d "$B/sipmoat" | grep -E 'NEEDED.*(netfilter|nfnetlink|libmnl|libnftnl)' |
		bad "sipmoat links a netfilter library"
else
	echo "$B/sipmoat is not built" | bad build
fi

# --- the top level: rooms and what belongs to all of them ---
top='nfq|rules|include|ctl|web|alert|systemd|packaging|tests|docs|\.ci|\.gitignore|\.clang-format'
top+='|Makefile|README\.md|LICENSE|CHANGELOG\.md'
git ls-files 2>/dev/null | cut -d/ -f1 | sort -u | grep -vxE "$top" | bad "no room on the top level"

# --- every check: a row, cases, a page ---
for f in rules/check/*.c; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .c)
	grep -qE "&check_$name\b" rules/checks.c || echo "$name" | bad "no row in rules/checks.c"
	compgen -G "tests/cases/$name*" >/dev/null || echo "$name" | bad "no folder in tests/cases"
	[ ! -d docs ] || [ -f "docs/checks/$name.md" ] || echo "$name" | bad "no page in docs/checks"
done

# --- every page, against the code ---
if [ -x "$B/tests/pages/names" ]; then
	tests/pages/run.py >"$pages" || bad "a page" <"$pages"
else
	echo "$B/tests/pages/names is not built (make units)" | bad build
fi

# --- looks ---
{ sources; scripts; echo Makefile; } | while read -r f; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$f"
done | bad "no SPDX line"
sources | while read -r f; do
	n=$(wc -l <"$f")
	[ "$n" -le 500 ] || echo "$f has $n lines"
done | bad "a file has at most 500 lines"
sources | xargs awk '{ l = $0; gsub(/\t/, "        ", l) }
	length(l) > 100 { print FILENAME ":" FNR " has " length(l) " columns" }' |
	bad "a line has at most 100 columns"
{ sources; scripts; echo Makefile; } | xargs grep -nE '[[:blank:]]+$' | bad "white space at the end"
sources | xargs grep -nE '^ {4,}[^ *]' | bad "indent with tabs"
sources | xargs grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|strtok|atoi)\(' |
	bad "banned function"
find "${rooms[@]}" -name '*.[ch]' -print0 |
	xargs -0 grep -nE '\b(TODO|FIXME|XXX)\b' | bad "unfinished"
find "${rooms[@]}" -name '*.[ch]' -print0 |
	xargs -0 grep -nE '^typedef ' | grep -vE '\(\s*\*?\s*[a-z_]+\s*\)\s*\(|\([^)]*\);' |
	bad "typedefs are for function types only"
# initialised or not, what lives in .data or .bss can change behind a thread's back
if [ -z "${B#build}" ] && [ -f "$B/rules.a" ]; then
	# libosip2's allocators take no argument, and it wants to be set up once
	objdump -t "$B/rules.a" | grep -E ' O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)\s' |
		grep -vE '(\.tbss.*\sstrict_lender|\.bss.*\sstrict_once)$' | bad "mutable global"
fi

if command -v ctags >/dev/null && ctags --version | grep -q Universal; then
	sources | ctags -L - -f - --languages=C --kinds-C=f --fields=+ne | awk -F'\t' '
		{ l = e = 0
		  for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) l = substr($i, 6)
			if ($i ~ /^end:/) e = substr($i, 5)
		  }
		  if (e - l + 1 > 60) print $2 ": " $1 " has " e - l + 1 " lines" }' |
		bad "a function has at most 60 lines"
	without=
else
	without=" function length (universal-ctags)"
fi

# look FILE...: what was found good, and has not changed since, is not looked at again: it takes long
look() {
	local f good of
	for f; do
		good=$B/shellcheck/${f//\//-}
		# a script that is read for another one's sake counts for that one
		for of in "$f" $(sed -nE 's|^\. "?(\$ROOT/)?(tests/[a-z/]+\.sh)"?$|\2|p' "$f") tests/lint.sh; do
			[ "$good" -nt "$of" ] || break
		done
		[ ! "$good" -nt "$of" ] || continue
		: >"$good.new"
		shellcheck -x -S warning -f gcc "$f" 2>&1 && mv "$good.new" "$good"
	done
	true
}
if command -v shellcheck >/dev/null; then
	export -f look
	mkdir -p "$B/shellcheck"
	scripts | grep -v '\.py$' | xargs -n 8 -P "$(nproc)" bash -c 'look "$@"' look | bad shellcheck
else
	without="$without shellcheck"
fi

[ $found = 0 ] || exit 1
if [ -n "$without" ]; then
	echo "all but:$without not installed (make deps)"
	exit 77
fi
