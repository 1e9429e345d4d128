#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls of whoever is banned: by default they go on; with bans.calls = "end" both sides are told of
# the end within seconds, over UDP and TCP, IPv4 and IPv6.  Those of others go on, and so do his
# when somebody sends what would ban him in his name.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
. "$(dirname "$0")/../lib/ended.sh"
. "$(dirname "$0")/../lib/barred.sh"
. "$(dirname "$0")/../lib/ends.sh"
field_open
need kamailio kamcmd sipp conntrack
field_topology router
must "no scenarios" $PY "$FIELD_LIB/scenarios.py" "$T"
calls_end keep
counting_pbx
guard_start "$T/etc/sipmoat.conf"

# calls of somebody else, who is not banned, and one of who is while calls are kept
enrolled others 4 $CALLEE4 5081 1111
phone others-callee callee-ended 4 $CALLEE4 5081 -m 3 2>/dev/null &
wait_for 10 phone_waits $CALLEE4 5081 || fail "SIPp does not listen"
users 1011 1012 1111 2 >"$T/good.users"
phone good caller-ended 4 $CALLER4 5061 -inf "$T/good.users" -m 2 -r 20 2>/dev/null &
users 1013 1013 1113 1 >"$T/kept.users"
phone kept caller-ended 4 203.0.113.17 5061 -inf "$T/kept.users" -m 1 2>/dev/null &
wait_for 10 some_dialogs 3 || fail "no calls that go on: $(trouble)"
# shellcheck disable=SC2034 # ends_calls reads it
GO_ON=3
by_hand 203.0.113.17
wait_for 20 untracked 203.0.113.17 || fail "its entries stay"
a_round 18
[ "$(dialogs)" = 3 ] || fail "calls that are kept were ended"
unban 203.0.113.17
calls_end end
guard_reload

ends_calls udp4 4 203.0.113.11 5061 $CALLEE4 5071 4
! has_v6 || ends_calls udp6 6 2001:db8:66:11::1 5062 $CALLEE6 5072 4
ends_calls tcp4 4 203.0.113.11 5063 $CALLEE4 5073 4 -t tn -max_socket 50
[ "$(dialogs)" = 3 ] || fail "calls of others, or those that were kept, were ended"
! logged "neither side has ended it" || fail "a server does not hear: $(grep neither "$T/guard.log")"
