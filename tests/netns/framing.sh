#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A request hidden in the body of an ACK, where Kamailio cuts a stream in its own way: it
# answers the request (never an ACK), and through the firewall it does not.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
field_topology router
pbx_start
wait_for 10 pbx_listens_tcp || fail "Kamailio does not listen on TCP"

# message METHOD HEADERS: a request over TCP that ends with these headers, for sip.py --raw
message() {
	printf '%s' "$1 sip:1001@$PBX4 SIP/2.0\\r\\n" \
		"Via: SIP/2.0/TCP 203.0.113.11;branch=z9hG4bK$1\\r\\nMax-Forwards: 70\\r\\n" \
		"From: <sip:x@$PBX4>;tag=1\\r\\nTo: <sip:1001@$PBX4>\\r\\nCall-ID: c$1\\r\\n" \
		"CSeq: 1 $1\\r\\nUser-Agent: Phone\\r\\n$2"
}
hidden=$(message OPTIONS 'Content-Length: 0\r\n\r\n')
length=$(printf '%b' "$hidden" | wc -c)
# how to hide it: the headers of the message that it is the body of
ways=(
	"Subject: a\\r\\n Content-Length: 0\\r\\nContent-Length: $length\\r\\n\\r\\n"
	"Content_Length: 0\\r\\nContent-Length: $length\\r\\n\\r\\n"
	"Content-Length: 0\\r\\n\\n"
	"Content-Length: 4294967296\\r\\n\\r\\n"
	"Content-Length: 0 $length\\r\\n\\r\\n"
)
# send SOURCE WAY
send() { sip "$1" $PBX4 --tcp -w 1 --raw "$(message ACK "$2")$hidden"; }
# answers LINE: how many
answers() { grep -oE '"[0-9]{3}": [0-9]+' <<<"$1" | awk '{ n += $2 } END { print n + 0 }'; }

plain=$(answers "$(sip 203.0.113.11 $PBX4 --tcp -w 1 --raw "$hidden")")
must "one request has $plain answers" [ "$plain" = 1 ]
for way in "${ways[@]}"; do
	got=$(send 203.0.113.11 "$way")
	must "Kamailio does not see it, the test proves nothing: $way: $got" \
		[ "$(answers "$got")" -ge 1 ]
done
guard_start
from=11
for way in "${ways[@]}"; do
	from=$((from + 1))
	got=$(send 203.0.113.$from "$way")
	must "it was answered: $way: $got" [ "$(answers "$got")" = 0 ]
	must_not_ban 203.0.113.$from
done
plain=$(answers "$(sip 203.0.113.29 $PBX4 --tcp -w 1 --raw "$hidden")")
must "a plain request has $plain answers through the firewall" [ "$plain" = 1 ]
note "${#ways[@]} ways to hide a request: answered without, not with the firewall"
