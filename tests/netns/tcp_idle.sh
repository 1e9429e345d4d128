#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A TCP connection that sends half a message and waits, or never sends one, is ended for both ends
# after tcp.first; on the server's own host, where a ban must not keep the RST from the server.
# A phone that has been answered is left alone, so is a peer that is trusted, and whoever only
# observes, in all or in the stream check, ends nothing.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology host
pbx_echo
cp "$ROOT/systemd/sipmoat.conf" "$T/"
mkdir "$T/conf.d"
cat >"$T/conf.d/short.conf" <<'CONF'
tcp = { first = "5s"; };
zones = ( { name = "slow"; addresses = [ "203.0.113.16" ]; stream = { mode = "observe"; }; },
	{ name = "friend"; addresses = [ "203.0.113.17" ]; trust = true; } );
CONF
guard_start "$T/sipmoat.conf"

tcp $CALLER4 $PBX4 good wait:"$T/go" good --ready "$T/held" >"$T/phone.json" &
phone=$!
pids=
# stalls NAME SOURCE TARGET STEP...: in the background
stalls() {
	local name=$1
	shift
	tcp "$@" -w 20 >"$T/$name.json" &
	pids="$pids $!"
}
stalls half 203.0.113.11 $PBX4 half
stalls begun 203.0.113.12 $PBX4 good half
stalls mute 203.0.113.13 $PBX4 ping
stalls banned 203.0.113.14 $PBX4 half
! has_v6 || stalls half6 2001:db8:66:11::1 $PBX6 half
# patient SOURCE: half a message may wait
patient() { tcp "$1" $PBX4 half -w 8 >"$T/$1.json"; }
patient 203.0.113.16 &
slow=$!
patient 203.0.113.17 &
friend=$!
wait_for 20 connected 203.0.113.14 || fail "no connection"
# its source is banned: the kernel drops what comes from there.  By a datagram, which ends no
# connection (cut.sh)
sip 203.0.113.14 $PBX4 -a friendly-scanner -w 0 >/dev/null
must_ban 203.0.113.14
# shellcheck disable=SC2086
wait $pids
for name in half begun mute banned half6; do
	[ -e "$T/$name.json" ] || continue
	got=$(cat "$T/$name.json")
	must "a connection that waits lives on ($name): $got" ended reset "$got"
	case $got in *'"after": '[4-9].* | *'"after": '1[0-9].*) ;; *) fail "it was not ended after 5 s ($name): $got" ;; esac
	note "$name: $got"
done
for from in 203.0.113.11 203.0.113.12 203.0.113.13 203.0.113.14 2001:db8:66:11::1; do
	wait_for 20 disconnected $from || fail "the server keeps the connection of $from"
done
must "a phone is cut off" connected $CALLER4
: >"$T/go"
wait $phone
must "a phone's connection did not live: $(cat "$T/phone.json")" \
	grep -q '"answers": 2, "end": "open"' "$T/phone.json"

# waited SOURCE WHAT
waited() {
	local got
	got=$(cat "$T/$1.json")
	must "$2: $got" ended open "$got"
}
wait $slow $friend
waited 203.0.113.16 "observing the stream in a zone ends a connection"
waited 203.0.113.17 "a trusted peer is cut off"
echo 'mode = "observe";' >"$T/conf.d/zz.conf"
guard_reload
patient 203.0.113.15
waited 203.0.113.15 "observing ends a connection"
