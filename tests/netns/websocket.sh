#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP over WebSocket in clear, to a real Kamailio: requests are answered through the firewall
# however they are framed and cut; a scanner's, masked, in pieces, never reaches the server, and
# its connection ends at both ends.  HTTP that asks for no WebSocket is refused as that.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
[ -n "$(find /usr/lib*/ -path '*kamailio/modules/websocket.so' -print -quit)" ] ||
	skip "Kamailio's module websocket.so is not installed (make deps)"
field_topology router
PBX_CONF=$FIELD_LIB/websocket.cfg pbx_start
wait_for 10 pbx_listens_tcp || fail "Kamailio does not listen on TCP"

scanner=friendly-scanner
# shapes: frames and segments
shapes=("--frames 1" "--frames 2" "--frames 7" "--frames 1 --cut 37" "--frames 5 --cut 1"
	"--frames 3 --cut 9")

ws() { wan $PY "$FIELD_LIB/ws.py" "$@"; }
# in_order STATUS ANSWERS PONGS LINE
came() {
	grep -qF "\"status\": \"101\", \"pongs\": $1, \"answers\": [\"200\"], \"end\": \"open\"" <<<"$2"
}
pings() { set -- $1; echo $(($2 - 1)); }
server_heard() { grep -qE "HEARD $1" "$T/kamailio.log"; }

# shellcheck disable=SC2086 # shapes are options
{
for shape in "${shapes[@]}"; do
	got=$(ws 203.0.113.11 $PBX4 $shape -a $scanner)
	must "Kamailio does not take it, the test proves nothing: $shape: $got" \
		came "$(pings "$shape")" "$got"
done
must "Kamailio does not tell what it hears" server_heard "ws 203\.0\.113\.11 OPTIONS $scanner"
got=$(ws 203.0.113.11 $PBX4 --http)
must "Kamailio does not answer HTTP: $got" grep -qF '"status": "404"' <<<"$got"
must "Kamailio does not tell of HTTP" server_heard "http 203\.0\.113\.11"

mkdir "$T/etc"
echo 'agent = { ban = "0s"; };' >"$T/etc/sipmoat.conf"
guard_start "$T/etc/sipmoat.conf"
from=11
for shape in "${shapes[@]}"; do
	for method in OPTIONS INVITE; do
		got=$(ws $CALLER4 $PBX4 $shape -m $method)
		must "a browser is not answered: $method $shape: $got" came "$(pings "$shape")" "$got"
	done
	from=$((from + 1))
	got=$(ws 203.0.113.$from $PBX4 $shape -a $scanner)
	must "a scanner goes on: $shape: $got" grep -qE '"status": "101".*"answers": \[\], "end": "reset"' <<<"$got"
	wait_for 20 disconnected 203.0.113.$from || fail "the server keeps a scanner's connection: $shape"
	wait_for 20 logged "203\.0\.113\.$from.*: agent: " || fail "not told as agent: $shape"
	! server_heard "ws 203\.0\.113\.$from" || fail "the server heard a scanner: $shape"
done
if has_v6; then
	got=$(ws $CALLER6 $PBX6 --frames 3 --cut 50)
	must "a browser is not answered over IPv6: $got" came 2 "$got"
	got=$(ws 2001:db8:66:11::1 $PBX6 --frames 3 --cut 50 -a $scanner)
	must "a scanner goes on over IPv6: $got" ended reset "$got"
	! server_heard "ws .*2001:.* $scanner" || fail "the server heard a scanner over IPv6"
fi
}

got=$(ws 203.0.113.19 $PBX4 --http)
must "HTTP is answered: $got" grep -qF '"status": "", "pongs": 0, "answers": [], "end": "reset"' <<<"$got"
wait_for 20 logged '203\.0\.113\.19.*: malformed: http: ' || fail "HTTP is not told by its name"
! server_heard 'http 203\.0\.113\.19' || fail "the server heard HTTP"
wait_for 20 disconnected 203.0.113.19 || fail "the server keeps a connection with HTTP"
# with an answer it reads why, in a frame
echo 'agent = { action = "reject"; code = 403; ban = "0s"; };' >"$T/etc/sipmoat.conf"
guard_reload
got=$(ws 203.0.113.23 $PBX4 --frames 3 -a $scanner)
must "a refused browser hears no 403: $got" grep -qF '"answers": ["403"], "end": "open"' <<<"$got"
! server_heard "ws 203\.0\.113\.23" || fail "the server heard a scanner that was answered"
note "${#shapes[@]} shapes: a browser answered, a scanner unheard; $(grep -m 1 'http: ' "$T/guard.log")"
