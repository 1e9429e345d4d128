#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Behind the gateway a back-to-back user agent joins two calls: each of them is ended for both of
# its sides, and the agent finds tags and numbers right in every BYE.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/ended.sh"
field_open
need sipp
field_topology router
ended_open
ip netns exec "$NS-pbx" $PY "$FIELD_LIB/b2bua.py" $PBX4:5060 $CALLEE4:5071 "$T/byes" \
	>"$T/b2bua.err" 2>&1 </dev/null &
agent_listens() { [ -n "$(pbx ss -Hlun "sport = :5060")" ]; }
wait_for 10 agent_listens || fail "the agent does not start: $(cat "$T/b2bua.err")"
guard_start "$T/etc/sipmoat.conf"
phone called callee-ended 4 $CALLEE4 5071 -m 10 -timeout 40s -timeout_error &
called=$!
wait_for 10 phone_waits $CALLEE4 5071 || fail "SIPp does not listen"
users 1001 1005 1101 5 >"$T/users"
phone callers caller-ended 4 $CALLER4 5061 -inf "$T/users" -m 10 -r 20 -timeout 40s -timeout_error ||
	fail "callers heard the end of $(good callers) calls of 10: $(cat "$T/byes"; tail -n 5 "$T/callers.err")"
wait $called || fail "the called heard the end of $(good called) calls of 10: $(tail -n 5 "$T/called.err")"
for leg in caller called; do
	n=$(grep -c "^$leg right SIP.*Call limit" "$T/byes")
	[ "$n" = 10 ] || fail "the agent heard $n right BYEs of the $leg, not 10: $(cat "$T/byes")"
done
must "a BYE is wrong: $(cat "$T/byes")" [ -z "$(grep -v right "$T/byes")" ]
note "10 calls of two legs ended for all sides"
