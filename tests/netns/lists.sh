#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the memory holds, shown to people, with real phones at a real Kamailio: a call while it goes
# on and after its end, registrations with their devices, whatever bytes they say they are.  Each
# answer is held to its schema.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp svwar
$PY -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed (make deps)"
field_topology router
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<-CONF
	memory = { learning = "0s"; };
	malformed = { preset = "lenient"; };
	agent = { mode = "off"; };
	stray = { mode = "off"; };
	control = { socket = "$T/control"; };
CONF
# say COMMAND...: what sipmoat says, in $T/out and $T/err
say() { tool "$@" >"$T/out" 2>"$T/err"; }
# shows NAME EXPRESSION [-m MEMBER=VALUE]...
shows() {
	guarded $PY "$FIELD_LIB/listed.py" "$T/control" "$ROOT/docs/schema" "$1" "$2" "${@:3}" \
		>"$T/shown" 2>"$T/shown.err"
}
must_show() {
	shows "$@" || fail "$1 shows something else: $(tail -n 3 "$T/shown.err") $(head -c 3000 "$T/shown")"
}

pbx_start
guard_start "$T/etc/sipmoat.conf"
must_show calls 'all["total"] == 0'
must_show registrations 'all["total"] == 0'
say registrations
must "an empty list: $(cat "$T/out" "$T/err")" grep -q 'nobody is registered' "$T/out"

# --- registrations ---
phones_ready 4
register callers 4 $CALLER4 1001 1010 5062 || fail "callers cannot register"
must_show registrations 'all["total"] == 20 and len(rows) == 20'
must_show registrations 'row["source"] == "'$CALLER4'" and row["server"] == "'$PBX4'" and
	row["until"] > all["time"] >= row["refreshed"] >= row["since"] and row["transport"] == "udp" and
	all["total"] == 1 and row["contact"].startswith("sip:1003@")' -m user=1003
must_show registrations 'all["total"] == 10' -m source=198.51.100.20/31
must_show registrations 'all["total"] == 20 and len(rows) == 3' -m most=3
say why 1003
must "why does not tell where he is registered: $(cat "$T/out")" grep -q '^Registered:' "$T/out"
# a device of bytes that nobody wants to see, from a registered user
wan $PY "$FIELD_LIB/phones.py" 203.0.113.19 $PBX4 -u 1090 \
	--agent $'Evil\x1b[2J\xff<script>"\\' >"$T/evil"
must "the odd phone cannot register: $(cat "$T/evil")" grep -q '"200": 1' "$T/evil"
must_show registrations 'row["agent"] == "Evil?[2J?<script>\"\\"' -m user=1090
say registrations --user 1090
must "the device is not shown: $(cat "$T/out")" grep -qF 'Evil?[2J?<script>"\' "$T/out"
must "odd bytes reach the terminal" [ "$(LC_ALL=C tr -d '\n\40-\176' <"$T/out" | wc -c)" = 0 ]
note "$(grep 1090 "$T/out")"
wan $PY "$FIELD_LIB/phones.py" 203.0.113.19 $PBX4 -u 1090 --contact '*' --expires 0 >"$T/evil"
must_show registrations 'all["total"] == 0' -m user=1090
for list in calls dialogs sources; do
	say $list --state nonsense
	must "$list in a state that there is not: $(cat "$T/out" "$T/err")" \
		grep -qE '"state" must be one of: "[a-z]+" "' "$T/err"
done
say calls --nonsense
must "an option that there is not: $(cat "$T/err")" grep -q '^sipmoat calls: ' "$T/err"
for list in calls registrations stats status events 'why 1003' 'calls --json'; do
	# shellcheck disable=SC2086
	"$ROOT/$B/sipmoat" $list -s "$T/control" >/dev/full 2>"$T/err"
	rc=$?
	must "$list into a full disk ends with $rc: $(cat "$T/err")" [ $rc = 1 ]
done
note "21 registrations, by user, by source, and gone when they are"

# --- a call ---
calls one 4 $CALLER4 5062 1 1 8000 &
call=$!
wait_for 20 shows dialogs 'row["state"] == "confirmed"' -m user=1051 || fail "no call: $(cat "$T/shown" "$T/shown.err")"
sipp=$(pgrep -P $call) # it stands still, and the call goes on, until all below has been asked
kill -STOP "$sipp" || fail "no caller: $(cat "$T/one.out")"
must_show calls 'all["total"] == 1 and row["number"] == "1051" and row["from"] == "1001" and
	row["to"] == "1051" and row["status"] == 200 and row["shown"] and row["direction"] == "in" and
	row["source"] == "'$CALLER4'" and row["port"] == 5062 and row["call_id"] and
	row["began"] <= row["answered"] <= all["time"] and "why" not in row'
id=$($PY -c 'import json, sys; print(json.load(sys.stdin)["calls"][0]["id"])' <"$T/shown")
must_show dialogs 'all["total"] == 1 and row["kind"] == "call" and row["state"] == "confirmed" and
	row["heard"] and row["from"] == "1001" and row["to"] == "1051" and row["since"] <= all["time"] and
	{row["source"], row["second"]} == {"'$CALLER4'", "'$CALLEE4'"} and row["server"] == "'$PBX4'"' \
	-m state=confirmed -m user=1051
say dialogs
must "dialogs: $(cat "$T/out")" grep -qE '^call +confirmed .* 1001 +1051 ' "$T/out"
say calls
must "calls: $(cat "$T/out")" grep -qE '^answered .* in +1001 +1051 +'$CALLER4 "$T/out"
call_id=$($PY -c 'import json, sys; print(json.load(sys.stdin)["calls"][0]["call_id"])' <<<"$(shows calls 'True'; cat "$T/shown")")
must_show calls 'all["total"] == 1 and row["id"] == "'$id'"' -m "call_id=$call_id"
must_show calls 'all["total"] == 0' -m "call_id=$call_id-"
must_show dialogs 'all["total"] == 0' -m "call_id=$call_id-"
say why "$call_id"
must "why of a Call-ID: $(cat "$T/out")" grep -qE '^answered .* in +1001 +1051 +'$CALLER4 "$T/out"
must "its dialogs: $(cat "$T/out")" grep -qE '^call +confirmed .* 1001 +1051 ' "$T/out"
must "why of a Call-ID shows what another one has" [ "$(grep -c ^answered "$T/out")" = 1 ]
say why $CALLER4
must "why of its address: $(cat "$T/out")" grep -qE '^answered .* in +1001 +1051 +'$CALLER4 "$T/out"
must "what is known of it: $(cat "$T/out")" grep -qE "^$CALLER4 .* (registered|partner) " "$T/out"
say calls --json --user 1051
must "calls --json: $(cat "$T/out")" $PY -c 'import json, sys; assert json.load(sys.stdin)["total"] == 1' <"$T/out"
say calls --user nobody
must "calls of nobody: $(cat "$T/out")" grep -q 'there is no such call' "$T/out"
say calls --most x
must "no number is taken" grep -q usage "$T/err"
kill -CONT "$sipp"
wait $call || fail "the call does not end well"
wait_for 10 shows calls 'row["state"] == "ended" and row["why"] == "bye" and row["id"] == "'$id'"' ||
	fail "its end is not shown: $(cat "$T/shown")"
must_show calls 'row["seconds"] >= 2 and row["ended"] >= row["answered"]'
must_show calls 'all["total"] == 0' -m state=answered
note "a call while it goes on, and when it is over"

# --- a subscription, at another server ---
ip -n "$NS-pbx" addr add 192.0.2.140/25 dev p0
ip netns exec "$NS-pbx" $PY "$FIELD_LIB/echo.py" --tag server 192.0.2.140 >"$T/echo.log" 2>&1 </dev/null &
echo_listens() { [ -n "$(pbx ss -Hlun "src = 192.0.2.140:5060")" ]; }
wait_for 10 echo_listens || fail "the other server does not start: $(cat "$T/echo.log")"
sip $CALLER4 192.0.2.140 --raw "SUBSCRIBE sip:1051@192.0.2.140 SIP/2.0\r\nVia: SIP/2.0/UDP $CALLER4;rport;branch=z9hG4bKsub\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.140>;tag=watcher\r\nTo: <sip:1051@192.0.2.140>\r\nCall-ID: lamp-7\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:1001@$CALLER4>\r\nEvent: dialog\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n" >"$T/subscribed"
must "the subscription is not accepted: $(cat "$T/subscribed")" answered 200 "$(cat "$T/subscribed")"
must_show dialogs '[r for r in rows if r["kind"] == "subscription" and r["state"] == "confirmed" and
	r["call_id"] == "lamp-7" and r["to"] == "1051" and r["server"] == "192.0.2.140" and
	r["source"] == "'$CALLER4'" and r["since"] <= all["time"]]' -m user=1001
say dialogs --user 1001
must "the subscription: $(cat "$T/out")" grep -qE '^subscription +confirmed .* 1001 +1051 +'$CALLER4' +192\.0\.2\.140 .* lamp-7' "$T/out"
note "$(grep '^subscription' "$T/out")"

# --- sources ---
scan 31 svwar svwar -e1000-1200 $PBX4
must_ban 203.0.113.31 20
wait_for 10 shows sources 'row["score"] > 0 and row["state"] == "banned" and row["check"] and
	row["standing"] == "stranger" and row["note"]' -m source=203.0.113.31 ||
	fail "the scanner is not among the sources: $(cat "$T/shown" "$T/shown.err")"
sip 203.0.113.22 $PBX4 -m REGISTER --user 7777 >/dev/null # whom Kamailio does not know
must_show sources 'row["refused"] == 1 and "state" not in row' -m source=203.0.113.22
must_show sources 'row["source"] == "203.0.113.31" and row["score"] >= rows[1]["score"]' -m sort=score
must_show sources 'row["source"] == "'$CALLER4'" and row["users"] == 10 and row["partner"] and
	row["standing"] == "registered" and row["bans"] == 0 and row["last"] >= row["first"]' \
	-m source=$CALLER4
must_show sources 'all["total"] == 3 and len(rows) == 1' -m state=registered -m most=1
must_show sources 'all["total"] == 1' -m state=banned
must_show sources 'rows == sorted(rows, key=lambda r: -r["rate"])' -m sort=rate
say sources --sort score
must "sources: $(cat "$T/out")" grep -qE '^203\.0\.113\.31 .* banned +[1-9]' "$T/out"
note "$(grep '^203\.0\.113\.31' "$T/out")"
say sources --sort colour
must "an order that there is not: $(cat "$T/err")" grep -q '"sort" must be' "$T/err"
