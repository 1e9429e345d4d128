#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A request that a second reader understands otherwise is dropped, over UDP and over TCP, where
# its connection ends; with the check off, or observing, it passes.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cp "$ROOT/systemd/sipmoat.conf" "$T/"
mkdir "$T/conf.d"
guard_start "$T/sipmoat.conf"

# invite TRANSPORT CONTACT
invite() {
	printf '%s' "INVITE sip:200@$PBX4 SIP/2.0\\r\\nVia: SIP/2.0/$1 203.0.113.11;branch=z9hG4bK1\\r\\n" \
		'Max-Forwards: 70\r\nFrom: <sip:100@a>;tag=1\r\nTo: <sip:200@a>\r\nCall-ID: a\r\n' \
		"CSeq: 1 INVITE\\r\\nUser-Agent: Phone\\r\\nContact: $2\\r\\nContent-Length: 0\\r\\n\\r\\n"
}
# to one reader two Contacts, to the other a single one
two='<sip:100@203.0.113.11;x=">, <sip:101@203.0.113.11;y=">'
plain='<sip:100@203.0.113.11>'

# send SOURCE TRANSPORT CONTACT [OPTION...]
send() {
	local how=
	[ "$2" = UDP ] || how=--tcp
	sip "$1" $PBX4 $how --raw "$(invite "$2" "$3")" "${@:4}"
}
n=10
for transport in UDP TCP; do
	n=$((n + 1))
	got=$(send $CALLER4 $transport "$plain" -w 20)
	must "a plain INVITE is refused ($transport): $got" answered 200 "$got"
	got=$(send 203.0.113.$n $transport "$two")
	must "it came through ($transport): $got" unanswered "$got"
	wait_for 20 logged "dropped 203\.0\.113\.$n.*: strict: number of Contacts: " ||
		fail "it is not told ($transport)"
	! heard "^[a-z]+ 203\.0\.113\.$n INVITE" || fail "the server heard it ($transport)"
	must_not_ban 203.0.113.$n
done
wait_for 20 disconnected 203.0.113.12 || fail "the server keeps the connection"
for mode in off observe; do
	echo "strict = { mode = \"$mode\"; };" >"$T/conf.d/test.conf"
	guard_reload
	for transport in UDP TCP; do
		n=$((n + 1))
		got=$(send 203.0.113.$n $transport "$two" -w 20)
		must "refused with mode $mode ($transport): $got" answered 200 "$got"
		[ $mode = off ] || wait_for 20 logged "would have .*203\.0\.113\.$n.*: strict: " ||
			fail "observing tells nothing ($transport)"
		! logged "sipmoatd: dropped 203\.0\.113\.$n" || fail "told as dropped with mode $mode ($transport)"
	done
done
note "$(grep -m 1 ': strict: ' "$T/guard.log")"
