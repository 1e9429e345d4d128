#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command "events": what was told, who and which call, as it happens (long poll), in order,
# with the ids to go on from; what the daemon says of itself is there, too.  A burst is one event,
# and one that counts the others.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
control = { socket = "$T/control"; };
bans = { never = [ "198.51.100.25" ]; };
CONF
guard_start "$T/sipmoat.conf"
# beside all that follows, as it takes its time: who says nothing, half a line or no more is hung up
# on; a question may wait for longer than a line may, and ends in its time whatever else is told
cat >"$T/patience.py" <<'PYTHON'
import json, socket, sys, threading
from control import Control
def raw(text):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(sys.argv[1])
    s.sendall(text)
    return s
last = Control(sys.argv[1]).ask("events", most=1)["last"]
wait = json.dumps({"command": "events", "after": last, "check": "flood", "wait": 60}).encode() + b"\n"
deaf = [raw(b""), raw(b'{"command":'), raw(wait)]
deaf[2].shutdown(socket.SHUT_WR)
late = threading.Thread(target=lambda: deaf.append(
    Control(sys.argv[1]).ask("events", after=last, check="flood", wait=12)))
late.start()
assert deaf[2].recv(100) == b"", "half a connection waits"
print("ready", flush=True)
asker, other = Control(sys.argv[1]), Control(sys.argv[1])
done = threading.Event()
def ask():
    assert not asker.ask("events", after=last, check="flood", wait=2)["events"]
    done.set()
threading.Thread(target=ask, daemon=True).start()
rounds = 0
while not done.wait(0.2):
    for what in ("ban", "unban"):
        other.ask(what, who="198.51.100.99")
    rounds += 1
    assert rounds < 150, "it waits anew with each event"
for s in deaf[:2]:
    assert s.recv(100) == b"", "who says nothing stays"
late.join()
assert deaf[3]["events"] == [] and deaf[3]["ok"], deaf[3]
PYTHON
PYTHONPATH=$FIELD_LIB timeout 120 $PY "$T/patience.py" "$T/control" >"$T/patience" 2>&1 &
patience=$!
wait_for 40 grep -qs ready "$T/patience" || fail "no patience: $(cat "$T/patience")"
cat >"$T/follow.py" <<'PYTHON'
import sys, time
from control import Control
daemon = Control(sys.argv[1])
def ask(**members):
    return daemon.ask("events", **members)
start = ask(most=500)
assert any("guards" in e["text"] for e in start["events"]), start
last = start["last"]
print("ready", flush=True)
seen = []
while not any(e.get("action") == "banned" for e in seen):
    a = ask(after=last, wait=30)
    assert a["events"], "30 s without news"
    assert a["missed"] == 0
    ids = [e["id"] for e in a["events"]]
    assert ids == sorted(ids) and ids[0] > last, ids
    last = a["last"]
    seen += a["events"]
b = [e for e in seen if e.get("action") == "banned"][0]
assert b["check"] == "agent" and b["source"] == "203.0.113.11" and b["event"] == "finding", b
assert b["method"] == "OPTIONS" and b["transport"] == "udp" and b["ban_seconds"] > 0, b
assert "friendly-scanner" in b["user_agent"] and b["call_id"], b
assert b["excerpt"].startswith("OPTIONS sip:"), b
for since, some in ((3600, True), (1, False)):
    while some != bool(ask(check="agent", since=since)["events"]):
        assert not some, "since"
        time.sleep(0.2)
only = ask(check="agent", source="203.0.113.0/24")
assert [e["id"] for e in only["events"]] == [b["id"]], only
assert not ask(source="198.51.100.0/24")["events"]
# waits, finds nothing, and says so
a = ask(after=last, check="flood", wait=1)
assert not a["events"] and a["last"] >= last, a
PYTHON
PYTHONPATH=$FIELD_LIB $PY "$T/follow.py" "$T/control" >"$T/followed" 2>&1 &
follower=$!
wait_for 20 grep -q ready "$T/followed" || fail "nobody follows: $(cat "$T/followed")"
sip 203.0.113.11 "$PBX4" --agent friendly-scanner >/dev/null
wait $follower || fail "events: $(cat "$T/followed")"

# the tool: by check and source, as lines and as JSON; and it follows
told() { tool events "$@" 2>&1; }
must "the tool: $(told)" grep -qE '^20[-0-9]+ [0-9:]+  [a-z]+ +banned 203\.0\.113\.11' \
	<(told --check agent --source 203.0.113.0/24 --since 10m)
must "another source" [ -z "$(told --source 198.51.100.0/24)" ]
must "a check that is not there" grep -q 'no such check' <(told --check nonsense)
sip 198.51.100.25 "$PBX4" --agent friendly-scanner -n 12 -r 200 -w 0 >/dev/null
burst() {
	told --source 198.51.100.25 --json | $PY -c 'import json, sys
e = [json.loads(x) for x in sys.stdin]
sys.exit([(x["event"], x.get("more")) for x in e] != [("finding", None), ("more", 11)])'
}
wait_for 60 burst || fail "not one event and 11 more: $(told --source 198.51.100.25)"
must "not for people: $(told --source 198.51.100.25)" grep -q 'dropped 198\.51\.100\.25: agent: 11 more$' \
	<(told --source 198.51.100.25)
"$ROOT/$B/sipmoat" events -s "$T/control" -f --json --check agent >"$T/tool" &
follower=$!
wait_for 10 grep -q '"203.0.113.11"' "$T/tool" || fail "the tool prints no JSON: $(cat "$T/tool")"
sip 203.0.113.12 "$PBX4" --agent friendly-scanner >/dev/null
wait_for 10 grep -q '"203.0.113.12"' "$T/tool" || fail "the tool does not follow: $(cat "$T/tool")"
kill $follower
wait $follower 2>/dev/null

wait $patience || fail "patience: $(cat "$T/patience")"

# it goes on over a restart, behind what it has seen
start_follower() {
	"$ROOT/$B/sipmoat" events -s "$T/control" -f "$@" >"$T/tool" 2>"$T/tool.err" &
	follower=$!
}
start_follower --check agent
wait_for 10 grep -q 'banned 203\.0\.113\.12' "$T/tool" || fail "it prints nothing: $(cat "$T/tool")"
guard_stop
wait_for 10 grep -q 'waiting for it' "$T/tool.err" || fail "it does not tell: $(cat "$T/tool.err")"
guard_start
sip 203.0.113.13 "$PBX4" --agent friendly-scanner >/dev/null
wait_for 10 grep -q 'banned 203\.0\.113\.13' "$T/tool" || fail "it does not go on: $(cat "$T/tool" "$T/tool.err")"
must "it tells more than that it has gone and come: $(cat "$T/tool.err")" [ "$(wc -l <"$T/tool.err")" = 2 ]
must "it does not tell that it is back" grep -q 'sipmoatd is back' "$T/tool.err"
must "it repeats itself: $(cat "$T/tool")" [ "$(grep -c 'banned 203\.0\.113\.12' "$T/tool")" = 1 ]
kill $follower
wait $follower 2>/dev/null

# who reads has gone: it ends with the next event, or while it waits for the daemon, and is quiet
first() { # COMMAND...: where SIGPIPE is ignored, as in services, too
	"$@" "$ROOT/$B/sipmoat" events -s "$T/control" -f --check agent 2>"$T/tool.err" | head -n 1 >"$T/one" &
	follower=$!
	wait_for 10 [ -s "$T/one" ] || fail "not one line"
}
ended() { ! kill -0 $follower 2>/dev/null; }
sip 203.0.113.14 "$PBX4" --agent friendly-scanner >/dev/null
first env
sip 203.0.113.15 "$PBX4" --agent friendly-scanner >/dev/null
wait_for 10 ended || fail "it goes on for nobody"
first env --ignore-signal=PIPE
sip 203.0.113.16 "$PBX4" --agent friendly-scanner >/dev/null
wait_for 10 ended || fail "it goes on for nobody where SIGPIPE is ignored"
first env
guard_stop
wait_for 10 ended || fail "it waits for the daemon, for nobody"
must "it is not quiet: $(cat "$T/tool.err")" [ "$(wc -l <"$T/tool.err")" -le 1 ]

# a gap: of a daemon that has lost some
cat >"$T/gap.py" <<'PYTHON'
import json, os, socket, sys
at = socket.socket(socket.AF_UNIX)
at.bind(sys.argv[1])
at.listen()
client = at.accept()[0].makefile("rw")
def event(i):
    return {"id": i, "time": "2026-11-23T10:11:12.000001Z", "event": "notice", "level": "info", "text": "event %d" % i}
for first, answer in ((True, {"last": 5, "missed": 0, "events": [event(5)]}),
                      (False, {"last": 18, "missed": 12, "events": [event(18)]})):
    asked = json.loads(client.readline())
    assert first or asked["after"] == 5, asked
    client.write(json.dumps(dict(answer, ok=True)) + "\n")
    client.flush()
client.readline()
PYTHON
rm -f "$T/control"
$PY "$T/gap.py" "$T/control" 2>"$T/gap.err" &
gap=$!
wait_for 10 [ -S "$T/control" ] || fail "no daemon to lose events"
start_follower
wait_for 10 grep -q 'event 18' "$T/tool" || fail "no gap: $(cat "$T/tool" "$T/tool.err" "$T/gap.err")"
must "the gap is not in its place: $(cat "$T/tool")" \
	grep -qx '\.\.\. 12 events were missed' <(sed -n 2p "$T/tool")
kill $follower
wait $follower 2>/dev/null
wait $gap || fail "the daemon that loses events: $(cat "$T/gap.err")"
must "nobody there" grep -q 'no sipmoatd listens' <(told -f)
