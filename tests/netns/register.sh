#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Registrations at a real Kamailio: every limit of `register` and `registered` fires on real packets,
# and what Kamailio grants is what counts.  A crowd of phones that comes back at once is spread,
# registered within the time that phones try, and nobody is banned.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
field_topology router
mkdir "$T/etc"
# configure LINES...: the config, and the daemon reads it again
configure() {
	printf '%s\n' 'memory = { learning = "0s"; };' "$@" >"$T/etc/sipmoat.conf"
	[ -z "${GUARD_PID:-}" ] || guard_reload
}
phones() { wan $PY "$FIELD_LIB/phones.py" "$@"; }
# got STATUS COUNT SOURCE OPTIONS...: so many phones end with that answer
got() {
	local out
	out=$(phones "$3" $PBX4 "${@:4}")
	[ "$2" = 0 ] || [ "${out#*\""$1"\": "$2"[,\}]}" != "$out" ] || fail "wanted $2 x $1: ${*:3}: $out"
	SECONDS_TAKEN=${out##*\"seconds\": } SECONDS_TAKEN="${SECONDS_TAKEN%\}} s"
	SENT=${out#*\"sent\": } SENT=${SENT%%,*}
}
# refused CHECK REASON SOURCE OPTIONS...: nothing comes back, and the log says why
refused() {
	got none 1 "${@:3}" -w 1.2
	wait_for 10 logged "$3.*: $1: .*$2" || fail "$1: not in the log: $2: $(tail -n 3 "$T/guard.log")"
	note "$1: $2"
}
OTHER4=203.0.113.11

pbx_start
# without the firewall all of it is answered, or the test proves nothing
got 400 1 $OTHER4 --contact '*' --expires ''
got 407 1 $OTHER4 -m INVITE --wrong
got 200 1 $OTHER4 -u 1099
got 503 1 $OTHER4 -u 1099 --contact "<sip:1099@$PBX4>" # one contact is enough for it, too
got 200 1 $OTHER4 -u 1099 --contact '*' --expires 0

configure
guard_start "$T/etc/sipmoat.conf"
got 200 100 $CALLER4 -n 100 -p 20000
note "as shipped, 100 phones at once: $SENT requests in $SECONDS_TAKEN"

configure 'register = { rate = 20; burst = 20; source_rate = 20; source_burst = 20; };'
got 200 100 $CALLER4 -n 100 -p 20000
note "paced to 20 a second, 100 known phones at once: $SENT requests in $SECONDS_TAKEN"
[ "$SENT" -gt 230 ] || fail "nobody had to wait"
wait_for 10 logged 'register: more than 20 REGISTERs a second from one source: later' || fail "pacing: not in the log"
must_not_ban $CALLER4

configure 'register = { contacts = 1; aors = 100; max_expires = "2h"; third_party = "refuse";' \
	"domains = [ \"$PBX4\" ]; };" 'registered = { mode = "enforce"; grace = "0s"; };' \
	'stray = { mode = "off"; };' 'auth = { mode = "off"; };'
refused register '"Contact: \*" without' 203.0.113.21 --contact '*' --expires ''
refused register 'contacts of this user' 203.0.113.20 -u 1001
refused register 'asks for 7201 s' 203.0.113.12 -u 1001 --expires 7201
refused register 'registers another user' 203.0.113.13 -u 1002 --to "sip:1001@$PBX4"
refused register 'foreign domain: victim.example' 203.0.113.14 --sender sip:1001@victim.example
refused register 'contact is our server' 203.0.113.15 --contact "<sip:1001@$PBX4>"
got 200 1 $CALLER4 -u 1001 -p 20000
note "a refresh is within every limit"

# a name in From is not enough
got 407 1 $CALLER4 -m INVITE -u 1001 --wrong
refused registered 'INVITE from where' 203.0.113.16 -m INVITE -u 1001
refused registered 'MESSAGE from where' 203.0.113.17 -m MESSAGE -u 1001
# nor is a registration that the server refuses
got 401 1 203.0.113.18 -u 1001 -p 0 --wrong --contact "<sip:1001@$CALLER4:20000>"
refused registered 'INVITE from where' 203.0.113.18 -m INVITE -u 1001

# who leaves is gone, for himself too; there is room for another contact then, and not for a
# 101st user at the source
got 200 1 $CALLER4 -u 1001 -p 20000 --contact '*' --expires 0
refused registered 'INVITE from where' $CALLER4 -m INVITE -u 1001
got 200 1 $OTHER4 -u 1001
got 407 1 $OTHER4 -m INVITE -u 1001 --wrong
configure 'register = { aors = 99; };'
refused register '99 users at this source' $CALLER4 -u 1001 --contact "<sip:1001@$CALLER4:9>"
configure 'register = { total = 100; };'
refused register '100 contacts are registered' 203.0.113.19 -u 1001 --contact '<sip:1001@10.9.9.9>'
for ip in $CALLER4 $OTHER4 203.0.113.12 203.0.113.19; do
	must_not_ban $ip
done
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
