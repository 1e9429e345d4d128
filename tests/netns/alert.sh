#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Alerts of the real daemon, by a process of an ordinary user: posted to a receiver that is well,
# says 500, is slow, is not there for a while, or has a certificate that nobody vouches for; given to
# a command; over a restart of the daemon; and of what is not asked for nothing.
. "$(dirname "$0")/../lib/field.sh"
field_open
need setpriv openssl
field_topology router
pbx_echo
guard_public
mkdir -p "$T/public/conf.d"
cp "$ROOT/$B/sipmoat" "$ROOT/$B/sipmoat-alert" "$T/public/"
config() { # KEYS OF alerts
	cat >"$T/public/conf.d/site.conf" <<-CONF
		bans = { neighbours = 0; };
		control = { socket = "$T/control"; };
		alerts = { per_minute = 600; $1 };
	CONF
}
cat >"$T/receiver.py" <<-'PY'
	import http.server, json, ssl, sys, time

	class Receiver(http.server.BaseHTTPRequestHandler):
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers["Content-Length"]))
	        mode = open(sys.argv[1] + "/mode").read().strip()
	        with open(sys.argv[1] + "/posts", "a") as f:
	            print(mode, json.dumps(json.loads(body)), file=f, flush=True)
	        if mode == "slow":
	            time.sleep(5)
	        self.send_response(500 if mode == "500" else 204)
	        self.end_headers()

	    def log_message(self, *a):
	        pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Receiver)
	if sys.argv[2:]:
	    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	    tls.load_cert_chain(sys.argv[2])
	    server.socket = tls.wrap_socket(server.socket, server_side=True)
	server.serve_forever()
PY
receiver() { # MODE [CERTIFICATE | still, the one that runs]
	echo "$1" >"$T/mode"
	[ "${2:-}" != still ] || return 0
	ip netns exec "$GUARD_NS" $PY "$T/receiver.py" "$T" ${2:+"$2"} >"$T/receiver.log" 2>&1 </dev/null &
	RECEIVER=$!
	wait_for 10 listens || fail "the receiver does not listen: $(cat "$T/receiver.log")"
}
listens() { [ -n "$(guarded ss -Hltn 'sport = :8099')" ]; }
alert_start() {
	ip netns exec "$GUARD_NS" setpriv --reuid=65534 --regid=0 --clear-groups \
		"$T/public/sipmoat" alert -c "$T/public/sipmoat.conf" >>"$T/alert.err" 2>&1 </dev/null &
	ALERT=$!
	wait_for 10 follows || fail "it does not follow: $(cat "$T/alert.err")"
}
# has it asked, and waits for an answer?
follows() {
	kill -0 "$ALERT" 2>/dev/null &&
		[ "$(guarded ss -Hx src "$T/control" | grep -c ESTAB)" -gt 0 ]
}
scan() { sip "$1" $PBX4 -a friendly-scanner -w 0.1 >/dev/null; }
posted() { grep -qE -- "$1" "$T/posts"; }
said() { grep -qE -- "$1" "$T/alert.err"; }

config 'what = [ "banned", "error" ]; timeout = "2s"; url = "http://127.0.0.1:8099/hook?secret";'
: >"$T/posts"
receiver ok
guard_start
alert_start
must "it has capabilities" [ "$(awk '/^CapEff/ { print $2 }' "/proc/$ALERT/status")" = 0000000000000000 ]
# what it has not seen begin is not told; it waits for the first when this one comes
come() { scan "203.0.113.$((11 + RANDOM % 2))"; posted '^ok .*"event": "finding"'; }
wait_for 20 come || fail "nothing was posted: $(cat "$T/alert.err")"
must "it is not the event: $(cat "$T/posts")" posted '"action": "banned".*"check": "agent"'
sip 203.0.113.13 $PBX4 --raw 'INVITE sip:1@x SIP/2.0\r\nVia: \x00\r\n\r\n' -w 0.1 >/dev/null
note "posted as an event"

receiver 500 still
scan 203.0.113.14
wait_for 10 posted '^500 .*203\.0\.113\.14' || fail "not tried"
receiver ok still
wait_for 20 posted '^ok .*203\.0\.113\.14' || fail "not tried again after 500"
must "what was not asked for was posted" [ "$(grep -c '203\.0\.113\.13' "$T/posts")" = 0 ]
must "500 is not told" said 'alerts\.url answers with status 500'
must "the URL is told, which may be a secret" [ "$(grep -c secret "$T/alert.err")" = 0 ]
note "500: tried again"

kill "$RECEIVER"
wait "$RECEIVER" 2>/dev/null
scan 203.0.113.15
wait_for 10 said "alerts\\.url: .*(refused|connect)" || fail "that nobody listens is not told"
got=$(answer_to 203.0.113.20 $PBX4)
must "a request is not answered: $got" answered 200 "$got"
receiver ok
wait_for 30 posted '^ok .*203\.0\.113\.15' || fail "not tried again when it is back"
receiver slow still
scan 203.0.113.16
wait_for 10 posted '^slow .*203\.0\.113\.16' || fail "not tried"
wait_for 10 said '[Tt]imed? ?out' || fail "slowness is not told: $(cat "$T/alert.err")"
receiver ok still
wait_for 30 posted '^ok .*203\.0\.113\.16' || fail "not tried again after a time-out"
note "dead, slow: told once, tried again, and no packet waits"

guard_stop
wait_for 20 said 'no sipmoatd listens|hung up|closed' || fail "the end of the daemon is not told: $(cat "$T/alert.err")"
guard_start
wait_for 30 said 'sipmoatd is there again' || fail "it does not find the daemon again: $(cat "$T/alert.err")"
scan 203.0.113.17
wait_for 20 posted '^ok .*203\.0\.113\.17' || fail "not told after a restart"
note "it follows over a restart of the daemon"
kill "$ALERT"
wait "$ALERT" 2>/dev/null

# --- a command ---
mkdir -m 777 "$T/told"
cat >"$T/public/told.sh" <<-SH
	#!/bin/sh
	[ "\$1" = --loud ] || exit 1
	case \$SIPMOAT_SOURCE in *.18) sleep 60 ;; esac
	{ echo "\$SIPMOAT_ACTION \$SIPMOAT_CHECK \$SIPMOAT_SOURCE \$SIPMOAT_TEXT"; cat; env | wc -l; } >>$T/told/all
SH
chmod 755 "$T/public/told.sh"
config "what = [ \"banned\" ]; command = \"$T/public/told.sh --loud\"; timeout = \"1s\"; retries = 0;"
alert_start
# whoever was banned before anybody followed, or whose command took too long here, once more
anew() {
	tool unban "$1" >/dev/null 2>&1
	scan "$1"
}
told() { anew "203.0.113.$((21 + RANDOM % 3))"; grep -qs '^banned agent 203\.0\.113\.2[123] banned ' "$T/told/all"; }
wait_for 20 told || fail "the command was not run: $(cat "$T/alert.err")"
wait_for 20 grep -q '^{"id":.*}$' "$T/told/all" || fail "the command got no event: $(cat "$T/told/all")"
scan 203.0.113.18
wait_for 10 said 'told\.sh took too long and was killed' || fail "a command that hangs is not told: $(cat "$T/alert.err")"
scan 203.0.113.19
wait_for 10 grep -q 203.0.113.19 "$T/told/all" || fail "it is stuck behind a command that hung"
kill "$ALERT"
wait "$ALERT" 2>/dev/null
note "a command gets the event and a few variables; one that hangs is killed"

kill "$RECEIVER"
wait "$RECEIVER" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$T/key" -out "$T/cert" 2>"$T/err" || fail "no certificate: $(cat "$T/err")"
cat "$T/key" "$T/cert" >"$T/pem"
: >"$T/posts"
receiver ok "$T/pem"
config 'what = [ "banned" ]; url = "https://127.0.0.1:8099/hook"; timeout = "2s"; retries = 0;'
alert_start
certified() { anew "203.0.113.$((24 + RANDOM % 3))"; said 'alerts\.url: .*certificate'; }
wait_for 20 certified || fail "a bad certificate is not told: $(cat "$T/alert.err")"
must "it was posted to whom nobody vouches for: $(cat "$T/posts")" [ ! -s "$T/posts" ]
kill "$ALERT"
wait "$ALERT" 2>/dev/null
note "nothing is posted to a receiver with a bad certificate"

given 0 reloaded reload
config 'what = [ "banned", "cut" ]; url = "https://127.0.0.1:8099/hook"; timeout = "2s"; retries = 0;'
given 0 'alerts has changed: restart sipmoat-alert' reload
given 0 reloaded reload
must "what has not changed is told: $(cat "$T/said")" eval '! grep -q alerts "$T/said"'

config 'what = [ "banned", "nonsense" ];'
"$ROOT/$B/sipmoatd" -t -c "$T/public/sipmoat.conf" >"$T/said" 2>&1 && fail "nonsense is taken"
must "it is not told what is wrong: $(cat "$T/said")" grep -q 'alerts.what: "nonsense"' "$T/said"
config ''
"$T/public/sipmoat" alert -c "$T/public/sipmoat.conf" >"$T/said" 2>&1
must "without a receiver it does not end with 2" [ $? = 2 ]
kill "$RECEIVER"
