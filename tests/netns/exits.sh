#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong at the start: one clear line and the right exit status.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
# shellcheck disable=SC2086 # $IN is several words
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
IN="ip netns exec $NS-gw"
daemon=$ROOT/$B/sipmoatd
printf 'flood = { bugdet = 20; };\nmood = "enforce";\n' >"$T/etc/bad.conf"
ends broken 78 'bad\.conf:1: .*budget' $IN "$daemon" -c "$T/etc/bad.conf"
must "only the first error is told" grep -qE 'bad\.conf:2: ' "$T/broken.out"
ends test 78 'bad\.conf:1: ' $IN "$daemon" -t -c "$T/etc/bad.conf"
ends absent 78 'none\.conf' $IN "$daemon" -c "$T/etc/none.conf"
ends good 0 '' $IN "$daemon" -t -c "$ROOT/systemd/sipmoat.conf"
ends usage 64 'usage' $IN "$daemon" --no-such-option
if command -v setpriv >/dev/null; then
	guard_public
	ends privilege 77 'CAP_NET_ADMIN' $IN setpriv --reuid=65534 --regid=65534 --clear-groups \
		--bounding-set=-all "$GUARD_BIN" -c "$GUARD_CONF"
fi
guard_start
ends second 69 'error: .*queue' $IN "$daemon" -c "$ROOT/systemd/sipmoat.conf"
must "the first daemon is gone" guard_alive
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
