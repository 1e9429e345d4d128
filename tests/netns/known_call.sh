#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A call that proves its caller brings him into the lane of the known, though he never
# registered: for an hour, and it is written beside him.  Challenges and refusals bring nobody there,
# however often they are acknowledged.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
guard_start
phones_ready 4
lane() { # ADDRESS: its line in the set of the known
	gw nft get element inet sipmoat known4 "{ $1 }" 2>/dev/null | sed -n 's/.*elements = { \(.*\) }/\1/p'
}
by_call() { lane "$1" | grep -q 'comment "by a call"'; }
unknown() { [ -z "$(lane "$1")" ]; }
registered() { ! unknown "$1" && ! by_call "$1"; }
wait_for 10 registered $CALLEE4 || fail "the registered are not known as such: $(lane $CALLEE4)"

# somebody who guesses: challenged, challenged again, and he acknowledges both
wan $PY "$FIELD_LIB/phones.py" 203.0.113.21 $PBX4 -m INVITE -u 1001 --wrong >"$T/guess"
must "no refusal: $(cat "$T/guess")" grep -q '"407": 1' "$T/guess"
# calls with the right password, that are answered
calls office 4 $CALLER4 5062 5 5 100 || fail "calls failed"
wait_for 10 by_call $CALLER4 || fail "the caller is not known: $(lane $CALLER4)"
note "$(lane $CALLER4)"
must "who guessed is known: $(lane 203.0.113.21)" unknown 203.0.113.21
# his packets use the other lane from now on
column() { gw awk -v n="$1" '$1 == n { print $8 }' /proc/net/netfilter/nfnetlink_queue; }
strangers=$(column 5060)
known=$(column 5061)
calls again 4 $CALLER4 5062 5 5 100 || fail "calls failed"
must "$(($(column 5060) - strangers)) packets of known callers went to the strangers" \
	[ "$(column 5060)" = "$strangers" ]
must "none to the known" [ $(($(column 5061) - known)) -ge 60 ]
# known by calls is not registered: it spares nobody a ban, on what nobody else can have sent
sip $CALLER4 $PBX4 --agent friendly-scanner -n 3 >/dev/null
must_not_ban $CALLER4
sip $CALLER4 $PBX4 --tcp --agent friendly-scanner >/dev/null
must_ban $CALLER4
