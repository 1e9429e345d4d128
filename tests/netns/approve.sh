#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The second factor with the real daemon, as an ordinary user with two capabilities: a call is
# refused and its token is in the log and in the list; a wrong token, and whoever may only look,
# approve nothing; the right one lets the next call of that user pass, for its time and once.
# Then a hook approves; one that hangs is killed, and packets flow meanwhile.
. "$(dirname "$0")/../lib/field.sh"
field_open
need setpriv
field_topology router
# shellcheck disable=SC2034 # of field.sh
GUARD_WRAP="setpriv --reuid=65534 --regid=65533 --clear-groups --no-new-privs \
	--bounding-set=-all,+net_admin,+net_raw --inh-caps=-all,+net_admin,+net_raw \
	--ambient-caps=-all,+net_admin,+net_raw"
guard_public
umask 000 # that user tells the notify socket
mkdir "$T/run"
chmod 777 "$T/run"
chmod a+rx "$ROOT/$B" 2>/dev/null
cp "$ROOT/$B/sipmoat" "$T/public/"
SOCKET=$T/run/control

# config [KEYS OF approve]
config() {
	cat >"$T/public/conf.d/approve.conf" <<-CONF
		destination = { action = "approve"; deny = [ "^900", "^800" ]; };
		control = { socket = "$SOCKET"; };
		approve = { $1 };
	CONF
}
mkdir -p "$T/public/conf.d"

ask() { "$T/public/sipmoat" "$@" -s "$SOCKET" >"$T/out" 2>&1; }
# as UID GID COMMAND...: the tool as somebody else
as() {
	setpriv --reuid="$1" --regid="$2" --clear-groups "$T/public/sipmoat" "${@:3}" \
		-s "$SOCKET" >"$T/out" 2>&1
}
# refused STATUS WORDS: how the last one ended, and what it said
refused() { [ "$rc" = "$1" ] && grep -q "$2" "$T/out"; }

calls=0
# call FROM USER NUMBER: an INVITE; what came back
call() {
	calls=$((calls + 1))
	sip "$1" $PBX4 --raw "INVITE sip:$3@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP $1;rport;branch=z9hG4bK-$$-$calls\r\nMax-Forwards: 70\r\nFrom: <sip:$2@$PBX4>;tag=$calls\r\nTo: <sip:$3@$PBX4>\r\nCall-ID: $$-$calls\r\nCSeq: 1 INVITE\r\nContact: <sip:$2@$1>\r\nContent-Length: 0\r\n\r\n" "${@:4}"
}
token_of() { # USER NUMBER: from the log
	sed -nE "s/.*: $1 .*calls $2 .*sipmoat approve ([0-9A-Z-]{9}) .*/\1/p" "$T/guard.log" |
		tail -n 1
}
told() { [ -n "$(token_of "$1" "$2")" ]; }

config 'grant = "1m";'
pbx_echo
guard_start
must "there is no socket" [ -S "$SOCKET" ]
must "its mode is $(stat -c %a "$SOCKET")" [ "$(stat -c %a "$SOCKET")" = 660 ]

got=$(call 203.0.113.11 1001 900123)
must "a dear call is let through: $got" unanswered "$got"
wait_for 10 told 1001 '900123' || fail "no token in the log"
token=$(token_of 1001 900123)
note "$(grep -m1 'approve with' "$T/guard.log")"
got=$(call 203.0.113.11 1001 200 -w 20)
must "another call is refused: $got" answered 200 "$got"

# --- who may what ---
ask approvals
rc=$?
must "approvals: $rc $(cat "$T/out")" refused 0 "$token.*waiting.*1001"
ask approvals --json
must "not JSON: $(cat "$T/out")" $PY -c 'import json, sys
all = json.load(sys.stdin)
assert all["total"] == 1 and all["approvals"][0]["token"] == sys.argv[1], all' "$token" <"$T/out"
as 65530 65533 approvals # of the group
rc=$?
must "the group may not look: $rc $(cat "$T/out")" refused 0 "$token"
as 65530 65533 approve "$token"
rc=$?
must "the group may approve: $rc $(cat "$T/out")" refused 1 'only root'
as 65530 65533 approve --revoke 1001
rc=$?
must "the group may revoke: $rc $(cat "$T/out")" refused 1 'only root'
as 65530 65530 approvals # of nothing
rc=$?
must "a stranger may look: $rc $(cat "$T/out")" refused 3 'no permission'
ask approve 2222-2222
rc=$?
must "a wrong token: $rc $(cat "$T/out")" refused 1 'no such token waits'
got=$(call 203.0.113.11 1001 900123)
must "it passes without approval: $got" unanswered "$got"
must "the token is told again and again" [ "$(grep -c "$token" "$T/guard.log")" = 1 ]

# --- approved: that user there, that number, once ---
ask approve "$(echo "$token" | tr A-Z a-z | tr -d -)" --for 5w
rc=$?
must "5 weeks are not too long: $rc $(cat "$T/out")" refused 2 'up to 4 weeks'
ask approve "$(echo "$token" | tr A-Z a-z | tr -d -)" --for 2h
rc=$?
must "root may not approve: $rc $(cat "$T/out")" refused 0 '1001 at 203.0.113.11 may have .* for 2h'
must "the log does not say who" logged 'approved by user id 0: 1001 may have number .*900.* for 2h'
got=$(call 203.0.113.11 1001 900124 -w 20)
must "the next attempt is refused: $got" answered 200 "$got"
got=$(call 203.0.113.11 1001 800124)
must "what was not approved passes: $got" unanswered "$got"
got=$(call 203.0.113.11 1002 900124)
must "somebody else passes: $got" unanswered "$got"
got=$(call 203.0.113.12 1001 900124)
must "that name elsewhere passes: $got" unanswered "$got"
ask approve "$token"
rc=$?
must "a token is good twice: $rc $(cat "$T/out")" refused 1 'no such token waits'
kill -USR1 "$GUARD_PID"
wait_for 20 grep -qE 'approved +1 ' "$T/guard.log" || fail "SIGUSR1 does not count it"

# --- a grant outlasts a restart as all memory does; here it is taken back ---
ask approve --revoke 1001
rc=$?
must "the log does not say so" logged 'revoked by user id 0: .* 1001 \(3\)'
must "revoke: $rc $(cat "$T/out")" refused 0 'taken back'
got=$(call 203.0.113.11 1001 900124)
must "what was taken back passes: $got" unanswered "$got"
ask approve --revoke 4711
rc=$?
must "revoke of nobody: $rc $(cat "$T/out")" refused 1 'has nothing'

# --- and ends by itself ---
got=$(call 203.0.113.11 1004 900123)
wait_for 10 told 1004 900123 || fail "no token in the log"
ask approve "$(token_of 1004 900123)" --for 8s
rc=$?
must "approve: $rc $(cat "$T/out")" refused 0 'for 8s'
got=$(call 203.0.113.11 1004 900123 -w 20)
must "the next attempt is refused: $got" answered 200 "$got"
ended() { unanswered "$(call 203.0.113.11 1004 900123)"; }
wait_for 40 ended || fail "a grant of 8 seconds holds for ever"

# --- the socket bears what comes ---
$PY - "$SOCKET" <<'PYTHON' || fail "the socket does not bear odd clients"
import json, socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(20)
    return s
def lines(s, n):
    data = b""
    while data.count(b"\n") < n:
        more = s.recv(65536)
        assert more, data
        data += more
    return [json.loads(x) for x in data.splitlines()]
s = connect()
s.sendall(b'no JSON\n{"command":"nonsense"}\n[]\n{"a":1}\n{"command":"version"}\n')
got = lines(s, 5)
assert [g.get("error") for g in got] == ["bad_request", "unknown_command", "bad_request",
                                         "bad_request", None], got
assert got[4]["version"], got
for odd in ('{"command":"approve"}', '{"command":"approve","token":7}',
            '{"command":"approve","token":"2222-2222","seconds":-1}',
            '{"command":"approve","token":"2222-2222","seconds":1e9}',
            '{"command":"revoke","user":""}', '{"command":"approve","token":"\\u0000"}'):
    s.sendall(odd.encode() + b"\n")
    got = lines(s, 1)[0]
    assert got["ok"] is False, (odd, got)
s = connect()
s.sendall(b"x" * 5000)
assert lines(s, 1)[0]["error"] == "bad_request"
try:
    assert s.recv(10) == b""
except ConnectionResetError:
    pass
many = [connect() for _ in range(40)]  # more than it has places for
gone = 0
for c in many:
    c.settimeout(0.2)
    try:
        gone += c.recv(10) == b""
    except (TimeoutError, socket.timeout):
        pass
assert 20 <= gone < 40, gone
for c in many:
    c.close()
PYTHON
wait_for 20 ask approvals || fail "it is deaf behind them: $(cat "$T/out")"
got=$(call 203.0.113.13 1001 200 -w 20)
must "packets wait for clients: $got" answered 200 "$got"

guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must "the socket is left" [ ! -e "$SOCKET" ]
ask approvals
rc=$?
must "without a daemon: $rc $(cat "$T/out")" refused 3 'is it running'

# --- a hook that approves of one user and hangs over another ---
cat >"$T/public/hook.py" <<'HOOK'
#!/usr/bin/python3
import json, os, sys, time
asked = json.load(sys.stdin)
caps = [x.split()[1] for x in open("/proc/self/status") if x.startswith("CapEff")][0]
with open(sys.argv[1], "a") as f:
    f.write("%s %s %s caps=%s env=%s args=%s fds=%s\n" % (
        asked["user"], asked["number"], asked["what"], caps, ",".join(sorted(os.environ)),
        ",".join(sys.argv[2:]), len(os.listdir("/proc/self/fd"))))
if asked["user"] == "1001":
    sys.exit(0)
if asked["user"] == "1666":
    if os.fork() == 0:
        time.sleep(1000)
    time.sleep(1000)
sys.exit(1)
HOOK
chmod a+rx "$T/public/hook.py"
config "hook = \"$T/public/hook.py $T/run/hooked one two\"; hook_timeout = \"2s\";"
: >"$T/guard.log"
guard_start
got=$(call 203.0.113.11 1001 900123)
must "the first attempt passes: $got" unanswered "$got"
wait_for 15 logged 'approved by the hook: 1001 may have number .*900.* for 1h' ||
	fail "the hook does not approve"
got=$(call 203.0.113.11 1001 900123 -w 20)
must "the hook's word does not count: $got" answered 200 "$got"
note "$(cat "$T/run/hooked")"
must "the hook may too much, or knows too much: $(cat "$T/run/hooked")" \
	grep -qE 'caps=0000000000000000 env=LANG,(LC_CTYPE,)?PATH args=one,two fds=5$' "$T/run/hooked"

got=$(call 203.0.113.12 1666 900123)
must "it passes: $got" unanswered "$got"
wait_for 15 grep -q '^1666' "$T/run/hooked" || fail "the hook was not asked"
hanging=$(pgrep -f "$T/public/hook.py" | wc -l)
must "nothing hangs" [ "$hanging" -ge 1 ]
got=$(call 203.0.113.13 1003 200 -w 20)
must "packets wait for the hook: $got" answered 200 "$got"
got=$(call 203.0.113.13 1003 900123) # one beside it, and it says no
wait_for 15 grep -q '^1003' "$T/run/hooked" || fail "one that hangs holds up the rest"
wait_for 15 logged 'approve.hook took too long over .* and was killed' || fail "it is not killed"
nothing_hangs() { ! pgrep -f "$T/public/hook.py" >/dev/null; }
wait_for 15 nothing_hangs || fail "what the hook started goes on: $(pgrep -fa "$T/public/hook.py")"
got=$(call 203.0.113.13 1003 900123)
must "no is taken for yes: $got" unanswered "$got"
kill -USR1 "$GUARD_PID"
wait_for 20 grep -qE 'approve.hook: 3 asked, 1 approved, 1 killed' "$T/guard.log" ||
	fail "SIGUSR1 does not tell of the hook: $(grep approve.hook "$T/guard.log")"

# --- nothing of it stays behind, whatever ends the daemon ---
got=$(call 203.0.113.14 1666 900123)
wait_for 15 pgrep -f "$T/public/hook.py" >/dev/null || fail "the hook was not asked again"
guard_kill
wait_for 15 nothing_hangs || fail "the hook outlives the daemon"
guard_start # over the socket that was left
ask approvals
rc=$?
must "it does not listen again: $rc $(cat "$T/out")" refused 0 .
