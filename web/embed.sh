#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the pages as C (page.h): style, outlines and script in their places, and a policy with
# the hashes of just these.
set -eu
cd "$(dirname "$0")"

# filled PAGE: its lines, with those that say @FILE@ replaced by that file
filled() {
	awk '/^@[a-z.]+@$/ {
		file = substr($0, 2, length($0) - 2)
		while ((getline line <file) > 0)
			print line
		close(file)
		next
	}
	{ print }' "$1"
}

# hash TAG PAGE: of what stands between <TAG> and </TAG>, as a browser reckons it
hash() {
	hex=$(filled "$2" | awk -v tag="$1" '
		$0 == "</" tag ">" { inside = 0 }
		inside { print }
		$0 == "<" tag ">" { inside = 1; print "" }' | sha256sum | cut -c1-64 |
		sed 's/../ 0x&/g')
	# shellcheck disable=SC2059,SC2086
	printf "$(printf '\\%03o' $hex)" | base64
}

# bytes NAME PAGE
bytes() {
	printf 'const unsigned char %s[] = {\n' "$1"
	filled "$2" | od -An -v -tu1 | sed 's/ *\([0-9][0-9]*\)/\1,/g'
	printf '};\nconst size_t %s_n = sizeof(%s);\n' "$1" "$1"
}

hashes() { printf " 'sha256-%s'" "$(hash "$1" page.html)" "$(hash "$1" login.html)"; }

printf '#include "page.h"\n'
printf 'const char page_policy[] = "%s";\n' "default-src 'none'; script-src$(hashes script); \
style-src$(hashes style); connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
frame-ancestors 'none'"
bytes page_status page.html
bytes page_login login.html
