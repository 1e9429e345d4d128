#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a server inside, or a trusted carrier, sends over TCP is followed and told, but never refused:
# all their calls may come over that one connection.  Only tcp.shared = "end" ends it.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
CARRIER=203.0.113.20

# conf SHARED
conf() {
	cat >"$T/etc/sipmoat.conf" <<-CONF
	memory = { learning = "0s"; };
	tcp = { shared = "$1"; };
	trusted = { addresses = [ "$CARRIER" ]; };
	trunks = ( { name = "line"; addresses = [ "$CARRIER" ]; } );
	calls = { limits = ( { name = "two"; per = "trunk"; act = 2; } ); };
	pattern = { rules = ( { name = "odd"; direction = "out";
		header = "User-Agent"; matches = [ "friendly-scanner" ]; } ); };
	CONF
}
carrier_listens() { [ -n "$(wan ss -Hltn "sport = :5060")" ]; }
# dials STEP...: the server inside, over a connection to the carrier
dials() { pbx $PY "$FIELD_LIB/tcp.py" $PBX4 $CALLEE4 "$@"; }
# lived COUNT LINE-OF-TCP
lived() { case $2 in *"\"answers\": $1, \"end\": \"open\""*) return 0 ;; *) return 1 ;; esac; }

pbx_echo
ip netns exec "$NS-wan" $PY "$FIELD_LIB/echo.py" $CALLEE4 >"$T/carrier.log" 2>&1 </dev/null &
wait_for 10 carrier_listens || fail "the carrier does not start: $(cat "$T/carrier.log")"
conf spare
guard_start "$T/etc/sipmoat.conf"

got=$(dials good half rest bad)
must "the server's connection broke: $got" lived 3 "$got"
wait_for 10 logged 'noticed .*pattern: not refused over TCP' || fail "what left is not told"

# good ones and odd ones, whole and in pieces; five calls where two may be
got=$(tcp $CARRIER $PBX4 -m INVITE good many:2 half rest good bad --cut 2,3,100,290)
must "the carrier's connection broke: $got" lived 6 "$got"
wait_for 10 logged 'noticed .*calls: not refused over TCP: trunk line' ||
	fail "the carrier's calls are not counted"
! logged 'ended the TCP connection' || fail "a connection was ended"

conf end
guard_reload
got=$(dials good bad good)
must "the server's connection goes on: $got" ended reset "$got"
got=$(tcp $CARRIER $PBX4 -m INVITE good good good good)
must "the carrier's connection goes on: $got" ended reset "$got"
# and yet: what limits no calls passes
got=$(tcp $CARRIER $PBX4 good both)
must "the carrier's other messages were judged: $got" lived 3 "$got"
must_not_ban $CARRIER
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
