#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong at the start: one clear line and the right exit status.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
# ends NAME STATUS PATTERN COMMAND...
ends() {
	local name=$1 status=$2 pattern=$3 rc
	shift 3
	timeout 20 "$@" >"$T/$name.out" 2>&1 </dev/null
	rc=$?
	must "$name: exit $rc, not $status: $(cat "$T/$name.out")" [ $rc = "$status" ]
	must "$name: nothing like '$pattern' in: $(cat "$T/$name.out")" \
		grep -qE "$pattern" "$T/$name.out"
	note "$name: $(grep -E -m 1 "$pattern" "$T/$name.out")"
}
daemon=$ROOT/$B/sipmoatd
printf 'flood = { bugdet = 20; };\nmood = "enforce";\n' >"$T/etc/bad.conf"
ends broken 78 'bad\.conf:1: .*budget' gw "$daemon" -c "$T/etc/bad.conf"
must "only the first error is told" grep -qE 'bad\.conf:2: ' "$T/broken.out"
ends test 78 'bad\.conf:1: ' gw "$daemon" -t -c "$T/etc/bad.conf"
ends absent 78 'none\.conf' gw "$daemon" -c "$T/etc/none.conf"
ends good 0 '' gw "$daemon" -t -c "$ROOT/systemd/sipmoat.conf"
ends usage 64 'usage' gw "$daemon" --no-such-option
if command -v setpriv >/dev/null; then
	chmod 755 "$T" "$T/etc"
	ends privilege 77 'CAP_NET_ADMIN' gw setpriv --reuid=65534 --regid=65534 --clear-groups \
		--bounding-set=-all "$daemon" -c "$ROOT/systemd/sipmoat.conf"
fi
guard_start
ends second 69 '(queue|another)' gw "$daemon" -c "$ROOT/systemd/sipmoat.conf"
must "the first daemon is gone" guard_alive
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
