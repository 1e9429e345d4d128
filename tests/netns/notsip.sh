#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is not SIP on a SIP port is dropped by the name of what it is, told and counted by it.  An
# alert lets pass and tells.  What a preset says of a defect holds, elsewhere in a zone, and other
# things after a reload.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cp "$ROOT/systemd/sipmoat.conf" "$T/"
mkdir "$T/conf.d"
guard_start "$T/sipmoat.conf"

# count NAME: how often the daemon says it has found it
count() {
	local before
	before=$(grep -c 'sipmoatd: defects: ' "$T/guard.log")
	kill -USR1 "$GUARD_PID"
	wait_for 20 counted_again "$before" || fail "no counters"
	grep 'sipmoatd: defects: ' "$T/guard.log" | tail -n 1 | tr ',' '\n' |
		awk -v n="$1" '$(NF - 1) == n { c = $NF } END { print c + 0 }'
}
counted_again() { [ "$(grep -c 'sipmoatd: defects: ' "$T/guard.log")" -gt "$1" ]; }
# unheard ADDRESS WHAT, after the verdict
unheard() { ! heard "^[a-z]+ ${1//./\\.} " || fail "$2: the server heard it"; }

zeros='\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
rtp='\x80\x08\x00\x01\x00\x00\x00\xa0\x12\x34\x56\x78'$zeros$zeros
# name and what is sent
declare -A alien=(
	[rtp]=$rtp
	[rtcp]='\x80\xc9\x00\x01\x12\x34\x56\x78'
	[dtls]='\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00'
	[tls]='\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03'
	[http]='GET / HTTP/1.1\r\nHost: a\r\n\r\n'
	[not-sip]='\x93\x11\xfe\x07\x5a\xc3\x00\xee\x31\x9b\xd4\x02\x77\xaf'
)
# each from a source of its own: the log tells more of the same one later
n=10
wan ip addr add 2001:db8:66:16::1/128 dev w0 nodad 2>/dev/null
for name in "${!alien[@]}"; do
	n=$((n + 1))
	for family in 4 6; do
		[ $family = 4 ] || has_v6 || continue
		from=203.0.113.$n to=$PBX4
		[ $family = 4 ] || { from=2001:db8:66:$n::1 to=$PBX6; }
		before=$(count "$name")
		got=$(sip $from $to -w 0.1 --raw "${alien[$name]}")
		must "$name: came through: $got" unanswered "$got"
		wait_for 20 logged "dropped .*: malformed: $name: .*${from//./\\.}" ||
			fail "$name is not told: $from"
		must "$name is not counted" [ "$(count "$name")" = $((before + 1)) ]
		unheard $from "$name"
	done
	must_not_ban 203.0.113.$n
done
# over TCP nothing begins with RTP: it is what it is
n=17
for name in http not-sip; do
	n=$((n + 1))
	before=$(count "$name")
	sip 203.0.113.$n $PBX4 --tcp -w 1 --raw "${alien[$name]}" >"$T/out"
	wait_for 20 logged "203\.0\.113\.$n and ended the TCP connection: malformed: $name: " ||
		fail "$name over TCP is not told"
	must "$name over TCP is not counted" [ "$(count "$name")" = $((before + 1)) ]
	wait_for 20 disconnected 203.0.113.$n || fail "the server keeps a connection with $name"
done

# conf TEXT: the only thing that is set
conf() {
	echo "$1" >"$T/conf.d/test.conf"
	guard_reload
}
# told, and passes; its neighbour as before
conf 'malformed = { defects = { rtp = "alert"; }; };'
sip 203.0.113.20 $PBX4 -w 0.1 --raw "$rtp" >"$T/out"
wait_for 20 heard '^udp 203\.0\.113\.20 ' || fail "rtp = \"alert\" does not pass"
wait_for 20 logged 'malformed: rtp: .*203\.0\.113\.20|203\.0\.113\.20.*malformed: rtp: ' ||
	fail "rtp = \"alert\" is not told"
! logged 'dropped 203\.0\.113\.20' || fail "an alert is told as dropped"
sip 203.0.113.21 $PBX4 -w 0.1 --raw "${alien[rtcp]}" >"$T/out"
wait_for 20 logged 'dropped 203\.0\.113\.21: malformed: rtcp: ' || fail "rtcp is dropped no more"

# request NAME LINE...: no more than it must have, and these
request() {
	local name=$1 lines=
	shift
	[ $# = 0 ] || lines=$(printf '%s\\r\\n' "$@")
	printf '%s' 'OPTIONS sip:a@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n' \
		'From: <sip:a@a>;tag=1\r\nTo: <sip:a@a>\r\nCSeq: 1 OPTIONS\r\nCall-ID: ' \
		"$name\\r\\n$lines"'Content-Length: 0\r\n\r\n'
}
# passes SOURCE MESSAGE WHAT, refused SOURCE MESSAGE DEFECT WHAT
passes() {
	local got
	got=$(answer_to "$1" $PBX4 --raw "$2")
	must "$3: refused: $got; $(tail -n 1 "$T/guard.log")" answered 200 "$got"
}
refused() {
	local got
	got=$(sip "$1" $PBX4 -w 0.3 --raw "$2")
	must "$4: came through: $got" unanswered "$got"
	wait_for 20 logged "dropped ${1//./\\.}: malformed: $3: " || fail "$4: not told as $3"
}
bare=$(request bare)
spaced=$(request spaced 'Max-Forwards : 70')
twice=$(request twice 'Max-Forwards: 70' 'From: <sip:b@b>;tag=2')
blank=$(request 'a b' 'Max-Forwards: 70')

conf 'malformed = { preset = "standard"; };'
passes 203.0.113.22 "$bare" "no Max-Forwards, standard"
passes 203.0.113.22 "$spaced" "a space before the colon, standard"
refused 203.0.113.22 "$blank" bad-call-id "white space in Call-ID, standard"
refused 198.51.100.21 "$twice" duplicate-header "From twice, standard"
conf 'malformed = { preset = "strict"; };'
refused 203.0.113.23 "$bare" missing-max-forwards "no Max-Forwards, strict"
refused 198.51.100.22 "$spaced" space-before-colon "a space before the colon, strict"
conf 'malformed = { preset = "lenient"; };'
passes 203.0.113.24 "$blank" "white space in Call-ID, lenient"
refused 203.0.113.24 "$twice" duplicate-header "From twice, lenient"
conf 'malformed = { preset = "strict"; };
zones = ( { name = "old"; addresses = [ "203.0.113.25", "203.0.113.26" ];
	malformed = { preset = "standard"; defects = { bad-call-id = "accept"; }; }; } );'
passes 203.0.113.25 "$bare" "no Max-Forwards, a zone with standard"
passes 203.0.113.26 "$blank" "a defect that the zone accepts"
refused 203.0.113.27 "$bare" missing-max-forwards "outside the zone, strict"
conf ''
passes 203.0.113.28 "$bare" "no Max-Forwards, by default again"
note "$(grep 'sipmoatd: defects: ' "$T/guard.log" | tail -n 1)"
