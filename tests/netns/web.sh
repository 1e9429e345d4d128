#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The server of the status page, over HTTP: what it serves, and to whom; that it goes on when the
# daemon is away, and when others are slow; and that nobody can change anything by it.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/web.sh"
web_field
web_start web 9479
open=$WEB_PID
printf 'correct-horse-battery\n' >"$T/token"
chmod 644 "$T/token"
web_start token 9480 --token-file "$T/token" --name status.example.com
closed=$WEB_PID
must "it runs as root" grep -qE '^Uid:\s65534' "/proc/$open/status"
must "it has capabilities" grep -q '^CapEff:\s0000000000000000$' "/proc/$open/status"

# ask PORT PATH...: answer into $T/got
ask() { guarded $PY "$FIELD_LIB/webask.py" "$@" >"$T/got" 2>"$T/got.err"; }
# gets STATUS PORT PATH...
gets() {
	local status=$1
	shift
	ask "$@" && grep -q "^$status " "$T/got" || fail "$*: not $status: $(head -n 3 "$T/got" "$T/got.err")"
}
said() { grep -qE -- "$1" "$T/got"; }
has() { said "$@" || fail "not there: $1: $(head -c 2000 "$T/got")"; }
# until PORT PATH REGEX
until_it() { wait_for 20 asks_for "$@" || fail "$2 does not come to say $3: $(tail -n 1 "$T/got" | head -c 500)"; }
asks_for() { ask "$1" "$2" && said "$3"; }

# slow clients, to the end of the test
ip netns exec "$GUARD_NS" $PY "$FIELD_LIB/webask.py" 9479 "$T/crowd" --crowd 50 >"$T/crowd.err" 2>&1 &
crowd=$!
wait_for 20 test -s "$T/crowd" || fail "no slow clients: $(cat "$T/crowd.err")"

gets 200 9479 /
has '^Content-Security-Policy: default-src .none.; script-src .sha256-'
has '^X-Content-Type-Options: nosniff$'
has '^X-Frame-Options: DENY$'
has '^Cache-Control: no-store$'
has '<h1>sipmoat</h1>'
must "the page needs something from elsewhere" \
	[ -z "$(grep -oE "unsafe-|https?://[^\"' ]*" "$T/got" | grep -v '^http://www.w3.org/2000/svg$')" ]
gets 200 9479 / -X HEAD
! said '<h1>' || fail "HEAD has a body"
for method in POST PUT DELETE PATCH OPTIONS TRACE; do gets 405 9479 /api/bans -X $method; done
gets 404 9479 /nothing
gets 404 9479 /../../etc/passwd
gets 200 9479 /health
gets 403 9479 /api/bans -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: cors'
gets 200 9479 / -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate'
for host in evil.example localhost.evil.example 127.0.0.1.evil.example; do
	gets 421 9479 / -H "Host: $host"
	! said '<h1>' || fail "it serves $host"
done
gets 200 9479 / -H 'Host: localhost:12345'
note "it serves this host, by its own names, for reading, while 50 clients are slow"

sip 203.0.113.11 $PBX4 -a friendly-scanner -w 0 >/dev/null
must_ban 203.0.113.11
until_it 9479 /api/bans '"who": ?"203\.0\.113\.11"'
tail -n 1 "$T/got" | $PY -c 'import json, sys
a = json.load(sys.stdin)
assert a["up"] and a["text"] == "" and a["now"] >= a["at"] > 1e9, a
assert a["answer"]["ok"] and 0 < a["answer"]["bans"][0]["seconds"] <= 300, a' || fail "/api/bans is odd"
until_it 9479 /metrics '^sipmoat_check_hits_total\{.*check="agent".*\} 1$'
has '^sipmoat_up 1$'
until_it 9479 /api/stats '"ok": ?true'
until_it 9479 /api/status '"ok": ?true'
until_it 9479 '/api/history?since=0' '"dropped":\[[0-9,]*1[,0-9]*\]'
note "bans, counters, history and metrics of the daemon"

# --- events: those that were, those that come, and on from where one was ---
guarded $PY "$FIELD_LIB/webask.py" 9479 --events 3 >"$T/first" 2>&1 || fail "no events: $(cat "$T/first")"
third=$(tail -n 1 "$T/first")
guarded $PY "$FIELD_LIB/webask.py" 9479 --events 1 --after "$(sed -n 2p "$T/first")" >"$T/next"
must "Last-Event-ID is not honoured: $(cat "$T/next"), not $third" [ "$(cat "$T/next")" = "$third" ]
# the last one, when the server has all that the daemon has
all_there() {
	last=$(guarded timeout 3 $PY "$FIELD_LIB/webask.py" 9479 --events 500 | tail -n 1)
	[ "$last" = "$(tool events --json | $PY -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])["id"])')" ]
}
wait_for 30 all_there || fail "the server has not the last event: $last"
guarded timeout 60 $PY "$FIELD_LIB/webask.py" 9479 --events 2 --after "$last" >"$T/live" 2>&1 &
follower=$!
sip 203.0.113.12 $PBX4 -a friendly-scanner -w 0 >/dev/null
sip 203.0.113.13 $PBX4 -a friendly-scanner -w 0 >/dev/null
wait $follower || fail "events do not come: $(cat "$T/live")"
must "an event came twice, or late: $last, then $(cat "$T/live")" \
	[ "$(sort -n "$T/live" | head -n 1)" -gt "$last" ]
note "events, by Last-Event-ID and as they come"

# --- the token ---
gets 401 9480 /api/bans
gets 401 9480 /metrics
gets 401 9480 /api/events
gets 401 9480 /
has 'type="password"'
gets 200 9480 /health
gets 401 9480 /api/bans -H 'Authorization: Bearer correct-horse-batterx'
gets 401 9480 /login -H 'Authorization: Bearer correct'
! said '^Set-Cookie' || fail "a cookie for a wrong token"
gets 200 9480 /metrics -H 'Authorization: Bearer correct-horse-battery'
gets 204 9480 /login -H 'Authorization: Bearer correct-horse-battery'
has '^Set-Cookie: sipmoat_session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$'
! said 'correct-horse' || fail "the token is in the cookie"
cookie=$(sed -nE 's/^Set-Cookie: ([^;]*);.*/\1/p' "$T/got")
gets 200 9480 / -H "Cookie: other=1; $cookie" -H 'Host: status.example.com'
gets 401 9480 / -H "Cookie: ${cookie%?}x"
gets 421 9479 / -H 'Host: status.example.com'
note "a token, in a header or behind a cookie"
# refused TEXT OPTION...
refused() {
	local text=$1 rc
	shift
	guarded setpriv --reuid=65534 --regid=0 --clear-groups "$ROOT/$B/sipmoat" web "$@" >"$T/said" 2>&1 </dev/null
	rc=$?
	[ $rc = 2 ] && grep -q -- "$text" "$T/said" || fail "web $*: $rc, $(cat "$T/said")"
}
refused 'others can reach that' --listen 0.0.0.0:9481
refused 'others can reach that' --listen '[::]:9481'
refused 'no address and port' --listen localhost:9481
refused 'No such file' --token-file "$T/nothing"
echo short >"$T/short"
chmod 644 "$T/short"
refused 'must be one line of 16' --token-file "$T/short"
note "no others without a token"

# --- the daemon goes, and comes ---
guard_stop
until_it 9479 /api/bans '"up":false,"text":"sipmoatd '
until_it 9479 /metrics '^sipmoat_up 0$'
gets 200 9479 /
last=$(tail -n 1 "$T/live")
guarded timeout 60 $PY "$FIELD_LIB/webask.py" 9479 --events 1 --after "$last" >"$T/back" 2>&1 &
follower=$!
guard_start
until_it 9479 /api/bans '"up":true'
until_it 9479 /metrics '^sipmoat_up 1$'
wait $follower || fail "events of the new daemon do not come: $(cat "$T/back")"
note "it says that the daemon is away, and goes on when it is back"

wait_for 40 grep -q 'slow ones are left' "$T/crowd" || fail "slow clients stay for ever"
must "$(tail -n 1 "$T/crowd")" grep -q '^0 slow' "$T/crowd"
wait $crowd
gets 200 9479 /
note "who is too slow is hung up on"
web_stop $open web
web_stop $closed token
