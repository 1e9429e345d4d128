#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flood from 200,000 addresses, as fast as one core can send it: all over a /8, and inside
# one IPv6 /64.  Meanwhile 100 registered phones register again and call: at least 99.9 % of the
# calls complete, and the lane of the known loses nothing and is not delayed by the full one of
# the strangers.  Afterwards no phone has lost its standing, a carrier's call that was up before
# still is, strangers alone had to make room in the tables, and the daemon has not grown.
# alone: it floods with one core and counts what calls lose
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp taskset
[ -x "$ROOT/$B/tests/bench/gen" ] || skip "the generator is not built (make benches)"
[ "$(nproc)" -ge 2 ] || skip "the generator takes a core of its own"
has_v6 || skip "no IPv6"
CALLS=500
field_topology router
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
wan_mac=$(ip -n "$NS-gw" -j link show dev wan0 | sed 's/.*"address":"\([0-9a-f:]*\)".*/\1/')
MORE4=203.0.113.12
CARRIER4=203.0.113.11

# It is not the server that is tested: a pipe spares it what it cannot answer, and keeps most of
# that for the known.  The carrier is known because it is trusted.
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<CONF
zones = ( { name = "carrier"; addresses = [ "$CARRIER4" ]; trust = true; } );
memory: { learning = "0s"; };
pipe: { pipes = ( { name = "all"; limit = 1000; reserve = 60; action = "drop"; } ); };
CONF
pbx_start
guard_start "$T/etc/sipmoat.conf"
phones_ready 4 # ten phones, which are called
register here 4 $CALLER4 1001 1050 5062 -r 50 || fail "phones cannot register"
register there 4 $MORE4 1061 1100 5062 -r 50 || fail "phones cannot register"

# report PATTERN: the latest line of the daemon's counters with it
report() {
	local n
	n=$(grep -c 'sipmoatd: bans: ' "$T/guard.log")
	kill -USR1 "$GUARD_PID"
	wait_for 30 told_since "$n" || fail "no counters"
	grep -E "sipmoatd: $1" "$T/guard.log" | tail -n 1 | sed 's/.*sipmoatd: //'
}
told_since() { [ "$(grep -c 'sipmoatd: bans: ' "$T/guard.log")" -gt "$1" ]; }
counter() { report "$1 " | awk '{ print $2 }'; }
resident() { awk '/^VmRSS/ { print $2 }' /proc/"$GUARD_PID"/status; }
# seen and dropped by the kernel for want of room, of the known lane
known_queues() { gw awk '$1 > 5060 { d += $6 + $7; n += $8 } END { print n + 0, d + 0 }' /proc/net/netfilter/nfnetlink_queue; }

# site NAME ADDRESS FIRST LAST: its phones make half of the calls
site() {
	users "$3" "$4" 1051 10 >"$T/$1.users"
	phone "$1" uac 4 "$2" 5062 -inf "$T/$1.users" -m $((CALLS / 2)) -r 25 -d 300 \
		-timeout 120s -timeout_error
}

arrived() { gw cat /sys/class/net/wan0/statistics/rx_packets; }
flooded() { [ $(($(arrived) - $1)) -gt 100000 ]; }

# flood NAME PREFIX TARGET: and the calls under it
flood() {
	local name=$1 flood here there calls before start=$SECONDS
	before=$(arrived)
	ip netns exec "$NS-wan" taskset -c 0 "$ROOT/$B/tests/bench/gen" w0 "$wan_mac" "$3" 600 "$2" \
		200000 >"$T/gen.out" 2>&1 &
	flood=$!
	wait_for 30 flooded "$before" || fail "no flood: $(cat "$T/gen.out")"
	site "$name-here" $CALLER4 1001 1050 &
	here=$!
	site "$name-there" $MORE4 1061 1100 &
	there=$!
	register "$name-again" 4 $CALLER4 1001 1050 5062 -r 20
	wait $here
	wait $there
	kill -0 $flood || fail "the flood ended: $(cat "$T/gen.out")"
	kill $flood
	wait $flood 2>/dev/null
	calls=$(($(good "$name-here") + $(good "$name-there")))
	note "$name: $calls of $CALLS calls, $(good "$name-again") of 50 registered again, under" \
		"$((($(arrived) - before) / (SECONDS - start + 1))) packets a second"
	[ $((calls * 1000)) -ge $((CALLS * 999)) ] ||
		fail "$name: $calls of $CALLS calls; $(report 'known_lost'), $(known_queues) in the kernel"
	must "$name: registrations failed" [ "$(good "$name-again")" -ge 49 ]
}

# the carrier's call: up before, and for longer than all of it takes
users 1001 1001 1051 1 >"$T/carrier.users"
(phone carrier uac 4 $CARRIER4 5066 -inf "$T/carrier.users" -m 1 -d "${TALK:-45000}" -timeout 200s -timeout_error) &
carrier=$!
talks() { report 'calls: ' | grep -q ' 1 are answered'; }
wait_for 30 talks || fail "the carrier's call does not get up: $(report 'calls: ')"
before=$(resident)
flood wide 10.0.0.0/8 $PBX4
wide=$(resident)
note "$(report 'waiting in lanes')"
note "$(report 'queue_lost')"
flood narrow 2001:db8:77:1::/64 $PBX6
must_ban 2001:db8:77:1::
note "resident: $before kB, after the first flood $wide, after the second $(resident)"

# the firewall held: nothing of the known was lost, neither before the queue nor behind it
read -r seen lost < <(known_queues)
must "the kernel dropped $lost packets of the known lane" [ "$lost" = 0 ]
must "only $seen packets in the known lane" [ "$seen" -ge $((CALLS * 20)) ]
must "known_lost: $(counter known_lost)" [ "$(counter known_lost)" = 0 ]
must "the strangers' lane was never full" [ "$(counter queue_lost)" -gt 0 ]
report 'waiting in lanes' | awk '{ exit !($6 > 4 * $13) }' ||
	fail "the known waited as strangers did: $(report 'waiting in lanes')"

# strangers made room for strangers
for t in registrants bindings addresses; do
	report "table $t " | grep -q ' 0 evicted, 0 refused' || fail "$(report "table $t ")"
done
report "table dialogs" | grep -qv " 0 evicted" || fail "no table was ever full: $(report "table dialogs")"
# the rings of events and the journal of the last ones are of fixed size, and are filled once
must "the daemon has grown from $before to $(resident) kB" \
	[ -n "$(sed -n 's/.*-\(address\|thread\).*/sanitized/p' <<<"$B")" -o $(($(resident) - before)) -lt 6656 ]
for a in $CALLER4 $MORE4 $CALLEE4; do
	must_not_ban "$a"
	must "$a is known no longer" gw nft get element inet sipmoat known4 "{ $a }" >/dev/null
	# an address that is registered is dropped from, and never banned
	sip "$a" $PBX4 --agent friendly-scanner -n 3 >/dev/null
	must_not_ban "$a"
done
kill -0 $carrier || fail "the carrier's call was over before the floods were: take a longer TALK"
talks || fail "the carrier's call is not known any more: $(report 'calls: ')"
wait $carrier || fail "the carrier's call did not end well: $(tail -n 3 "$T/carrier.err")"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
