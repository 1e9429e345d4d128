#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every check fires in the real daemon, and the log says which and why; country, which needs a
# database, does in country.sh.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
trusted = { addresses = [ "203.0.113.20" ]; };
method = { deny = [ "PUBLISH" ]; };
destination = { deny = [ "^0044" ]; deny_numbers = [ "44" ]; allow_numbers = [ "4420" ]; };
trunks = ( { name = "carrier"; addresses = [ "203.0.113.24" ]; } );
pattern = { rules = (
	{ name = "no-fax"; method = [ "MESSAGE" ]; header = "Subject"; matches = [ "^fax" ]; ban = "90s"; },
	{ name = "few"; method = [ "MESSAGE" ]; rate = 2; per = "source"; } ); };
pipe = { pipes = (
	{ name = "lookups"; method = [ "SUBSCRIBE" ]; limit = 1; window = "1h"; reserve = 0; } ); };
zones = ( { name = "guests"; addresses = [ "203.0.113.17" ]; transports = { allow = [ "tcp" ]; }; } );
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"

got=$(sip 203.0.113.20 $PBX4 -a friendly-scanner -n 40 -r 400 -w 2)
must "trusted: refused: $got" answered 200 "$got"
must_not_ban 203.0.113.20

got=$(sip 203.0.113.11 $PBX4 -a friendly-scanner)
must "agent: came through: $got" unanswered "$got"
wait_for 10 logged 'banned 203\.0\.113\.11 .*: agent: ' || fail "agent: not in the log"

got=$(sip 203.0.113.12 $PBX4 -m REGISTER -n 40 -r 400)
wait_for 10 logged 'banned 203\.0\.113\.12 .*: flood: ' || fail "flood: not in the log"

got=$(sip 203.0.113.13 $PBX4 --raw 'INVITE sip:1001@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.13;branch=z9hG4bK1\r\nCall-ID: a\r\nCall-ID: b\r\nContent-Length: 5000\r\n\r\n')
must "malformed: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.13.*: malformed: ' || fail "malformed: not in the log"

got=$(sip 203.0.113.14 $PBX4 -m PUBLISH)
must "method: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.14.*: method: ' || fail "method: not in the log"

got=$(sip 203.0.113.16 $PBX4 -m INVITE --user 00442079460000)
must "destination: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.16.*: destination: ' || fail "destination: not in the log"
got=$(answer_to $CALLER4 $PBX4 -m INVITE --user 0422)
must "destination: refused: $got" answered 200 "$got"
got=$(sip 203.0.113.22 $PBX4 -m INVITE --user +441632960001)
must "destination: the number came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.22.*: destination: Request-URI .441632960001 is denied by its first 2 digits' ||
	fail "destination: the number is not in the log"
got=$(answer_to $CALLER4 $PBX4 -m INVITE --user +442079460001)
must "destination: the number is refused: $got" answered 200 "$got"

# what our server makes of it leaves to a trunk
pbx $PY "$FIELD_LIB/sip.py" $PBX4 203.0.113.24 -w 0 --raw "INVITE sip:+441632960001@203.0.113.24 SIP/2.0\r\nVia: SIP/2.0/UDP $PBX4;branch=z9hG4bKleaves\r\nMax-Forwards: 70\r\nFrom: <sip:b@a>;tag=1\r\nTo: <sip:a@203.0.113.24>\r\nCall-ID: leaves\r\nCSeq: 1 INVITE\r\nContact: <sip:b@$PBX4>\r\nContent-Length: 0\r\n\r\n" >/dev/null
wait_for 10 logged "$PBX4.*: destination: Request-URI .441632960001 is denied" ||
	fail "destination: what leaves is not in the log"

got=$(sip 203.0.113.23 $PBX4 --raw "REFER sip:a@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.23;branch=z9hG4bKrefer\r\nMax-Forwards: 70\r\nFrom: <sip:b@a>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: refer\r\nCSeq: 1 REFER\r\nContact: <sip:b@203.0.113.23>\r\nRefer-To: <sip:+441632960001@a>\r\nContent-Length: 0\r\n\r\n")
must "transfer: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.23.*: transfer: Refer-To .441632960001 is denied' ||
	fail "transfer: not in the log"

got=$(sip 203.0.113.17 $PBX4)
must "transports: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.17.*: transports: ' || fail "transports: not in the log"
got=$(tcp 203.0.113.17 $PBX4 good)
must "transports: refused: $got" ended open "$got"

# stream: two readers would cut this connection at different places
got=$(sip 203.0.113.18 $PBX4 --tcp -w 1 --raw 'OPTIONS sip:a@a SIP/2.0\r\nContent-Length: 5,5\r\n\r\n')
must "stream: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.18 and ended the TCP connection: stream: ' || fail "stream: not in the log"

got=$(sip 203.0.113.19 $PBX4 --raw 'INVITE sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:b@a>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContact: <sip:b@a;x=">, <sip:c@a;y=">\r\nContent-Length: 0\r\n\r\n')
must "strict: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.19.*: strict: ' || fail "strict: not in the log"

got=$(sip 203.0.113.21 $PBX4 --raw "OPTIONS sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP $PBX4;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:b@a>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: own\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
must "stray: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.21.*: stray: ' || fail "stray: not in the log"

# pattern: rules of the operator's own, one with a ban, one with a rate
subject() { printf 'MESSAGE sip:1001@%s SIP/2.0\\r\\nVia: SIP/2.0/UDP 203.0.113.22;branch=z9hG4bK%s\\r\\nMax-Forwards: 70\\r\\nFrom: <sip:b@a>;tag=1\\r\\nTo: <sip:1001@a>\\r\\nCall-ID: %s\\r\\nCSeq: 1 MESSAGE\\r\\ns: %s\\r\\nContent-Length: 0\\r\\n\\r\\n' $PBX4 "$1" "$1" "$2"; }
got=$(answer_to 203.0.113.22 $PBX4 --raw "$(subject one 'a letter')")
must "pattern: refused: $got" answered 200 "$got"
got=$(sip 203.0.113.22 $PBX4 --raw "$(subject two 'FAX 7')")
must "pattern: came through: $got" unanswered "$got"
wait_for 10 logged 'banned 203\.0\.113\.22 for 90s \(not proven\): pattern: rule no-fax' || fail "pattern: not in the log"
for i in 1 2; do
	got=$(answer_to 203.0.113.23 $PBX4 -m MESSAGE)
	must "pattern: $i refused: $got" answered 200 "$got"
done
got=$(sip 203.0.113.23 $PBX4 -m MESSAGE)
must "pattern: a third came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.23: pattern: rule few: more than 2 in 60 s' || fail "pattern: no rate in the log"

# pipe: its second message is one too many
got=$(answer_to 203.0.113.25 $PBX4 -m SUBSCRIBE)
must "pipe: refused: $got" answered 200 "$got"
got=$(sip 203.0.113.25 $PBX4 -m SUBSCRIBE)
must "pipe: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.25.*: pipe: pipe lookups: more than 1 in 3600 s' || fail "pipe: not in the log"

# leak: told of once for each site, and let through
leaky() {
	pbx $PY "$FIELD_LIB/sip.py" $PBX4 "$1" -w 0 --raw "OPTIONS sip:a@$1 SIP/2.0\r\nVia: SIP/2.0/UDP $PBX4;branch=z9hG4bK$2\r\nMax-Forwards: 70\r\nFrom: <sip:b@a>;tag=1\r\nTo: <sip:a@$1>\r\nCall-ID: $2\r\nCSeq: 1 OPTIONS\r\nContact: <sip:b@192.168.1.10>\r\nContent-Length: 0\r\n\r\n" >/dev/null
}
wan "$PY" "$FIELD_LIB/echo.py" --heard "$T/heard.wan" $CALLER4 >/dev/null 2>&1 </dev/null &
wan_listens() { [ -n "$(wan ss -Hlun "sport = :5060")" ]; }
wait_for 10 wan_listens || fail "leak: nobody listens outside"
leaky $CALLER4 first
leaky $CALLER4 second
leaky $CALLEE4 third
wait_for 10 logged "noticed $PBX4: leak: private address 192.168.1.10 in Contact to $CALLEE4" ||
	fail "leak: not in the log"
[ "$(grep -c "leak: private address 192.168.1.10 in Contact to $CALLER4" "$T/guard.log")" = 1 ] ||
	fail "leak: not told once"
heard_outside() { [ "$(grep -c "$PBX4 OPTIONS" "$T/heard.wan")" = 2 ]; }
wait_for 10 heard_outside || fail "leak: held back: $(cat "$T/heard.wan")"

# banned: all of them wait in the queue before the first one is judged, so the kernel's set
# comes too late for the rest
dumps() { grep -c 'sipmoatd: bans: ' "$T/guard.log"; }
more_dumps() { [ "$(dumps)" -gt "$1" ]; }
# how often the check has hit so far
banned_hits() {
	local n
	n=$(dumps)
	kill -USR1 "$GUARD_PID"
	wait_for 10 more_dumps "$n"
	awk '$2 == "check" && $3 == "banned" { n = $4 } END { print n + 0 }' "$T/guard.log"
}
before=$(banned_hits) # late ones of the flood
kill -STOP "$GUARD_PID"
sip 203.0.113.15 $PBX4 -a friendly-scanner -n 200 -r 1000000 -w 0 >/dev/null
wait_in_queue() {
	[ "$(guarded awk '{ n += $3 } END { print n + 0 }' /proc/net/netfilter/nfnetlink_queue)" = 200 ]
}
wait_for 10 wait_in_queue || fail "banned: they are not in the queue"
kill -CONT "$GUARD_PID"
counted() { [ $(($(banned_hits) - before)) = 199 ]; }
wait_for 10 counted || fail "banned: not counted"
# trusted finds nothing, it lets pass
idle() {
	awk '$2 == "check" { most[$3] += $4 } END { for (c in most) if (!most[c]) printf "%s ", c }' \
		"$T/guard.log"
}
# these need calls, a registrar, a server that refuses or a rate card: dialog.sh, register.sh,
# svcrack.sh, svwar.sh, duration.sh, calls.sh, password.sh
elsewhere='trusted|country|auth|dialog|register|registered|scan|duration|calls|cost|password'
rest_fired() { [ -z "$(idle | tr ' ' '\n' | grep -vxE "$elsewhere")" ]; }
wait_for 10 rest_fired || fail "checks that found nothing: $(idle)"
got=$(answer_to $CALLER4 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
grep -E '(banned|dropped) [0-9]' "$T/guard.log" | sed 's/^/    /'
