#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each recipe of docs/migration.md, or those named: the same traffic at the same time through a
# Kamailio that has it, with nothing in front, and through sipmoat on the router in front of one
# that has not.  Prints the outcomes side by side, and fails when one is not that of RECIPE/expect,
# or when a Kamailio with neither of them refuses anything, too: then it shows nothing.
#
# A folder here is a recipe; nothing here knows one by its name:
#   kamailio.cfg   what it adds to a server: route[RECIPE] is asked of each request, route[CALL]
#                  of each call whose caller has shown who he is.  /etc/kamailio and
#                  /var/lib/GeoIP are a copy of the folder
#   sipmoat.conf   our equivalent, all else as shipped
#   quick.sed      makes times shorter in both, so that a run ends
#   traffic        what is sent (traffic.py); a line "# needs MODULE PACKAGE", another
#                  "# countries PREFIX=XX..." that makes a database of them
#   expect         a line a row: what comes of it, Kamailio | sipmoat
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../lib/field.sh"

# files RECIPE: its folder as this run uses it, in $T/recipe
files() {
	local countries
	cp -r "$HERE/$1" "$T/recipe"
	touch "$T/recipe/quick.sed"
	sed -i -f "$HERE/$1/quick.sed" "$T"/recipe/{kamailio.cfg,sipmoat.conf} 2>/dev/null
	sed -i "s|/etc/kamailio|$T/recipe|; s|/var/lib/GeoIP|$T/recipe|" "$T"/recipe/{kamailio.cfg,sipmoat.conf}
	countries=$(sed -n 's/^# countries //p' "$HERE/$1/traffic")
	# shellcheck disable=SC2086
	[ -z "$countries" ] || must "no database of countries" $PY "$FIELD_LIB/mmdb.py" \
		"$T/recipe/GeoLite2-Country.mmdb" maxmind $countries
}

# server: the one of all tests, with a gateway for numbers that begin with 0 or +, and where a
# recipe is asked
server() {
	sed -e '/^request_route/a\	route_if_exists("RECIPE");' \
		-e '/^	record_route();/i\	route_if_exists("CALL");' \
		-e '/^	if (!lookup/i\	if ($rU =~ "^[0+]") {\n		$du = "sip:198.51.100.20:5070";\n		t_relay();\n		exit;\n	}' \
		-e '/^loadmodule "kex.so"/a\loadmodule "cfgutils.so"' "$FIELD_LIB/kamailio.cfg"
}

guard() {
	mkdir -p "$T/etc/conf.d"
	printf 'inside = [ "%s", "%s" ];\ncontrol = { socket = "%s"; };\n' $PBX4 $PBX6 "$T/control" >"$T/etc/sipmoat.conf"
	cp -r "$ROOT/systemd/lists" "$T/etc/"
	cp "$T/recipe/sipmoat.conf" "$T/etc/conf.d/site.conf"
	guard_start "$T/etc/sipmoat.conf"
}

# side RECIPE kamailio|sipmoat|neither FILE: the outcomes, a line each
side() {
	FIELD_BARE=1 field_open
	field_topology router
	files "$1"
	# every address of these is the wan's
	wan ip route add local 198.18.0.0/15 dev lo
	if has_v6; then
		wan ip -6 route add local 2001:db8:66::/48 dev lo
		wan ip -6 route add local 3ffe:66::/32 dev lo
		wan sysctl -qw net.ipv6.ip_nonlocal_bind=1
	fi
	{
		server
		[ "$2" != kamailio ] || cat "$T/recipe/kamailio.cfg"
	} >"$T/server.cfg"
	PBX_CONF=$T/server.cfg PBX_MEMORY=64 pbx_start
	[ "$2" != sipmoat ] || guard
	wan $PY "$HERE/traffic.py" "$T/recipe/traffic" $PBX4 $PBX6 >"$3" 2>"$T/traffic.err"
	[ ! -s "$T/traffic.err" ] || fail "the traffic: $(tail -n 3 "$T/traffic.err")"
}

# lacking RECIPE: the package that it needs and that is not there
lacking() {
	local module package
	sed -n 's/^# needs //p' "$HERE/$1/traffic" | while read -r module package; do
		compgen -G "/usr/lib*/*/kamailio/modules/$module" >/dev/null ||
			compgen -G "/usr/lib*/kamailio/modules/$module" >/dev/null || echo "$package"
	done
}

# all_of RECIPE: one after the other would take three times as long; they do not meet
all_of() {
	local side pids='' pid rc=0
	for side in kamailio sipmoat neither; do
		"$0" --side "$1" $side "$tmp/$1.$side" >"$tmp/$1.$side.log" 2>&1 </dev/null &
		pids="$pids $!"
	done
	# shellcheck disable=SC2064,SC2086
	trap "kill $pids; wait; exit 143" TERM
	for pid in $pids; do
		wait "$pid" || rc=$?
	done
	[ $rc = 0 ] || { cat "$tmp/$1".*.log; return $rc; }
	$PY "$HERE/table.py" run "$1" "$tmp/$1.kamailio" "$tmp/$1.sipmoat" "$tmp/$1.neither"
}

if [ "${1:-}" = --side ]; then
	shift
	side "$@"
	exit
fi
need kamailio
has_v6 || skip "this kernel has no IPv6"
tmp=$(mktemp -d /tmp/sipmoat-migration.XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'kill -TERM $(jobs -p) 2>/dev/null; wait; exit 143' INT TERM HUP
recipes=${*:-$(cd "$HERE" && for d in */traffic; do echo "${d%/*}"; done)}
skipped=''
declare -A running
for recipe in $recipes; do
	[ -f "$HERE/$recipe/traffic" ] || { echo "no such recipe: $recipe"; exit 1; }
	without=$(lacking "$recipe" | xargs)
	if [ -n "$without" ]; then
		skipped="$skipped $recipe ($without)"
		continue
	fi
	# each mostly waits
	while [ "$(jobs -pr | wc -l)" -ge 3 ]; do
		wait -n
	done
	all_of "$recipe" >"$tmp/$recipe.said" 2>&1 &
	running[$recipe]=$!
done
failed='' again=''
for recipe in $recipes; do
	[ -n "${running[$recipe]:-}" ] || continue
	wait "${running[$recipe]}"
	rc=$?
	cat "$tmp/$recipe.said"
	[ $rc != 77 ] || skip "$(tail -n 1 "$tmp/$recipe.said")"
	[ $rc = 0 ] || again="$again $recipe"
done
# rates and times: a machine that is busy with the others changes them in Kamailio, too
for recipe in $again; do
	echo "$recipe once more, alone:"
	all_of "$recipe" || failed="$failed $recipe"
done
[ -z "$failed" ] || fail "not as expected:$failed"
[ -z "$skipped" ] || skip "not installed (make deps), and so not run:$skipped"
