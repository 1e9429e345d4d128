#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Decoys and tarpits, with the programs of SIPVicious as they are: svmap finds what is none, svcrack guesses at
# it to the end of its list and svwar asks for all extensions and finds none; the server hears
# nothing.  In a tarpit the answer is heard in the end, once, however often is asked, over UDP
# and in the stream of TCP; what waits at the stop is never sent.  IPv4 and IPv6.
. "$(dirname "$0")/../lib/field.sh"
field_open
need svmap
need svwar
need svcrack
field_topology router
pbx_echo
bot 31
mkdir "$T/etc"
seq -f 'wrong-%g' 40 >"$T/words"

heard_nothing() { ! heard_scanner || fail "$1: the server heard it: $(cat "$T/heard")"; }
svmap_sees() { grep -qF "$1:5060" "$T/map"; }
maps() { bot_run 31 timeout 60 svmap "$@" >"$T/map" 2>&1 </dev/null; }
counter() {
	: >"$T/guard.log"
	kill -USR1 "$GUARD_PID"
	wait_for 20 logged "$1 " || fail "no counter $1"
	sed -nE "s/.*\b$1 +([0-9]+).*/\1/p" "$T/guard.log" | head -n 1
}

# without a firewall
maps $PBX4
must "svmap does not work, the test proves nothing: $(cat "$T/map")" svmap_sees $PBX4
heard 'udp 203\.0\.113\.31 OPTIONS friendly-scanner' || fail "the server does not tell what it hears"
: >"$T/heard"

caps='answers = { strangers = "small"; per_source = 1000; total = 1000; strangers_total = 1000;'
cat >"$T/etc/sipmoat.conf" <<CONF
agent = { action = "decoy"; ban = "0s"; };
flood = { mode = "off"; };
$caps };
CONF
guard_start "$T/etc/sipmoat.conf"
maps $PBX4
must "svmap does not see the decoy: $(cat "$T/map")" svmap_sees $PBX4
logged 'deceived 203\.0\.113\.31 with 200: agent: ' || fail "the decoy is not in the log"
if has_v6; then
	maps -6 $PBX6
	must "svmap does not see the decoy over IPv6: $(cat "$T/map")" grep -qF "$PBX6" "$T/map"
fi
was=$(counter deceived)
bot_run 31 timeout 120 svwar --force -m REGISTER -e 1000-1099 $PBX4 >"$T/war" 2>&1 </dev/null
must "svwar finds extensions: $(cat "$T/war")" [ "$(grep -cE '^\| *1[0-9]{3} ' "$T/war")" = 0 ]
asked=$(($(counter deceived) - was))
[ "$asked" -ge 100 ] || fail "svwar was deceived $asked times only: $(cat "$T/war")"
note "svmap sees the decoy; svwar asked it $asked times and found no extension"

cat >"$T/etc/sipmoat.conf" <<CONF
agent = { action = "decoy"; ban = "0s"; };
flood = { mode = "off"; };
$caps decoy = "challenge"; realm = "asterisk"; };
CONF
guard_reload
was=$(counter deceived)
bot_run 31 timeout 120 svcrack -u 1001 -d "$T/words" $PBX4 >"$T/crack" 2>&1 </dev/null
must "svcrack finds a password: $(cat "$T/crack")" [ "$(grep -c '^| *1001 ' "$T/crack")" = 0 ]
asked=$(($(counter deceived) - was))
[ "$asked" -ge 41 ] || fail "svcrack was deceived $asked times only: $(cat "$T/crack")"
heard_nothing decoy
note "svcrack guessed $asked times at the decoy"

# the true nonce, and the ban that follows it
cat >"$T/etc/sipmoat.conf" <<CONF
agent = { action = "decoy"; ban = "5m"; ban_after = 3; };
$caps decoy = "challenge"; };
CONF
guard_reload
sip 203.0.113.12 $PBX4 -a friendly-scanner --size 600 -n 2 >"$T/said"
must "a decoy does not challenge: $(cat "$T/said")" grep -qF '"401": 2' "$T/said"
got=$(sip 203.0.113.12 $PBX4 -a friendly-scanner --size 600)
must "who is banned with this request is answered: $got" unanswered "$got"
must_ban 203.0.113.12

cat >"$T/etc/sipmoat.conf" <<CONF
agent = { action = "tarpit"; code = 480; reason = "Later"; ban = "0s"; };
$caps delay = "3s"; };
CONF
guard_reload
ask=$(printf '%s\\r\\n' 'OPTIONS sip:1@192.0.2.130 SIP/2.0' 'Via: SIP/2.0/UDP 203.0.113.13;branch=z9hG4bKtar;rport' \
	'Max-Forwards: 70' 'From: <sip:1@x>;tag=f' 'To: <sip:1@x>' 'Call-ID: tar' 'CSeq: 1 OPTIONS' \
	'User-Agent: friendly-scanner' 'Accept: application/sdp' 'Content-Length: 0' '')
got=$(sip 203.0.113.13 $PBX4 -n 3 --raw "$ask" -w 0.5)
must "the tarpit answers at once: $got" unanswered "$got"
got=$(sip 203.0.113.14 $PBX4 -n 3 --raw "${ask//tar/pit}" -w 10)
must "the tarpit does not answer once: $got" grep -qF '"480": 1' <<<"$got"
got=$(tcp 203.0.113.15 $PBX4 bad --wait 20)
must "no late answer over TCP: $got" grep -q '"end": "reset".*"refused": \["480", "Via: .*;received=203\.0\.113\.15;' <<<"$got"
wait_for 20 disconnected 203.0.113.15 || fail "the server keeps a connection in the tarpit"
if has_v6; then
	got=$(tcp 2001:db8:66:11::1 $PBX6 bad --wait 20)
	must "no late answer over TCP and IPv6: $got" grep -q '"refused": \["480"' <<<"$got"
fi
heard_nothing tarpit
must "answers were lost" [ "$(counter answer_lost)" = 0 ]
# one place, and nobody waits at the stop
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
cat >"$T/etc/sipmoat.conf" <<CONF
agent = { action = "tarpit"; ban = "0s"; };
$caps delay = "30s"; delayed = 1; };
CONF
guard_start "$T/etc/sipmoat.conf"
got=$(sip 203.0.113.16 $PBX4 -n 5 -a friendly-scanner --size 600)
must "a full tarpit answers: $got" unanswered "$got"
must "more wait than may: $(counter delay_full)" [ "$(counter delay_full)" = 4 ]
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
heard_nothing "the full tarpit"
note "a tarpit answers late and once, over UDP and TCP, and no more than may wait"
