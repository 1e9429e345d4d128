#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each lane does when its queue is full, and when the daemon is gone: what strangers send
# into a full queue is dropped, what the known send passes; a lane that is full takes nothing
# from the other; killed, the daemon leaves each lane as its own key says.  Where nothing is
# enforced, nothing is dropped.
# alone: queues must not fill but when it wants them full
. "$(dirname "$0")/../lib/nft.sh"
nft_open
nft_far
PID=
guard() { # CONF: sipmoatd with it
	: >"$T/log"
	conf "zones = ( { name = \"carrier\"; addresses = [ \"203.0.113.2\" ]; trust = true; } );
		police: { rate = 0; }; malformed: { mode = \"off\"; }; flood: { mode = \"off\"; };
		queue: { workers = 1; length = 64; $1 }; $2"
	ip netns exec "$NS-gw" "$ROOT/$B/sipmoatd" -c "$T/conf" >"$T/log" 2>&1 </dev/null &
	PID=$!
	wait_for logged 'sipmoatd .* guards' || fail "sipmoatd does not start"
}
frozen() { ! grep -h '^State:' /proc/$PID/task/*/status | grep -qv 'T (stopped)'; }
freeze() { kill -STOP $PID; wait_for frozen || fail "not stopped"; }
# passed FROM: of 400 datagrams, while nobody reads the queues that hold at most 128
passed() { arrive "$1" 5060 400 400; }
blocked() { # FROM WHAT
	local n
	n=$(passed "$1")
	[ "$n" = 0 ] || fail "$2: $n of 400 came through a full queue"
}
opened() { # FROM WHAT
	local n
	n=$(passed "$1")
	[ "$n" -ge 272 ] && [ "$n" -lt 400 ] || fail "$2: $n of 400 came through a full queue"
}
lost() { gw kill -USR1 $PID; wait_for logged "$1 +$2 "; }

guard ''
freeze
blocked 203.0.113.1 "strangers, as shipped"
[ "$(gw awk '$1 == 5061 { print $3 }' /proc/net/netfilter/nfnetlink_queue)" = 0 ] ||
	fail "strangers are in the lane of the known"
opened 203.0.113.2 "a trusted peer, as shipped"
kill -CONT $PID
wait_for logged '[0-9]+ packets of strangers found a queue full and were dropped .queue.when_full' ||
	fail "not said of strangers: $(tail -n 3 "$T/log")"
wait_for logged '[0-9]+ packets of known sources .* LET THROUGH UNJUDGED .queue.known_full = "accept"' ||
	fail "not said of the known: $(tail -n 3 "$T/log")"
lost queue_lost '[23][0-9][0-9]' || fail "not counted of strangers"
lost known_lost '[23][0-9][0-9]' || fail "not counted of the known"
# a reload changes it
conf "police: { rate = 0; }; malformed: { mode = \"off\"; }; flood: { mode = \"off\"; };
	zones = ( { name = \"carrier\"; addresses = [ \"203.0.113.2\" ]; trust = true; } );
	queue: { workers = 1; length = 64; when_full = \"accept\"; known_full = \"drop\"; };"
kill -HUP $PID
wait_for logged 'configuration reloaded' || fail "no reload"
# the workers look once a second
turned() {
	local n
	freeze
	n=$(passed 203.0.113.2)
	kill -CONT $PID
	[ "$n" = 0 ]
}
wait_for turned || fail "known_full = drop does not hold after a reload"
freeze
opened 203.0.113.1 "strangers, when_full = accept"
kill -CONT $PID

# killed: the steering stays, and each lane's rules say for themselves whether packets pass
gone() { # STRANGERS KNOWN
	kill -9 $PID
	wait $PID 2>/dev/null
	[ "$(arrive 203.0.113.1 5060 400 20)" = "$1" ] || fail "gone, $3: strangers"
	[ "$(arrive 203.0.113.2 5060 400 20)" = "$2" ] || fail "gone, $3: the known"
	note "gone, $3: $1 of 20 of strangers pass, $2 of the known"
}
gone 20 20 "as shipped"
guard 'when_gone = "drop";'
gone 0 20 'when_gone = "drop"'
guard 'known_gone = "drop";'
gone 20 0 'known_gone = "drop"'

guard '' 'mode = "observe";'
freeze
opened 203.0.113.1 "strangers, observing"
kill -CONT $PID
kill $PID
wait $PID || fail "sipmoatd ended with $?"
must "not said" logged 'packets of strangers .* LET THROUGH UNJUDGED .mode = "observe"'
