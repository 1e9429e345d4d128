#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 64 calls at the same moment from 16 addresses, and a limit of 10 for all of them: exactly 10 reach
# the server, with 1, 2 and 4 workers; when they have ended 10 more may, again and again.
. "$(dirname "$0")/../lib/field.sh"
field_open

ROUNDS=3
# sources spread over the queues: the kernel chooses one by the pair of addresses
SOURCES=$(seq -f 203.0.113.%g 11 26 | xargs)

serving() { [ -n "$(pbx ss -Hlun "sport = :5060")" ]; }

round() {
	local workers=$1 got
	cat >"$T/etc/sipmoat.conf" <<-CONF
	queue = { workers = $workers; };
	memory = { learning = "0s"; }; flood = { mode = "off"; };
	calls = { limits = ( { name = "ten"; per = "zone"; count = "now"; act = 10; } ); };
	CONF
	guard_start "$T/etc/sipmoat.conf"
	# shellcheck disable=SC2086
	got=$(wan $PY "$FIELD_LIB/atonce.py" call $PBX4 4 $ROUNDS $SOURCES 2>&1 | xargs)
	[ "$got" = "10 10 10" ] || fail "$workers workers: of 64 calls at once passed: $got"
	wait_for 10 logged 'calls: zone default has 10 calls at once, limit ten' || fail "$workers workers: not in the log"
	note "$workers workers: of 64 calls at once $got passed"
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
	: >"$T/guard.log"
}

mkdir "$T/etc"
field_topology router
ip netns exec "$NS-pbx" $PY "$FIELD_LIB/atonce.py" serve $PBX4 >"$T/serve.log" 2>&1 </dev/null &
wait_for 10 serving || fail "the server does not start: $(cat "$T/serve.log")"
for workers in 1 2 4; do
	round $workers
done
