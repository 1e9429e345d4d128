#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Events of the real daemon on their way out: a file of JSON that follows a rename and SIGHUP, and
# a full disk that is told once; standard output; journald with its fields; the lines that the
# shipped filter of fail2ban finds, which no stranger's text deceives.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cp -r "$ROOT/systemd" "$T/etc"
mkdir -p "$T/etc/conf.d" "$T/journald" "$T/small"
# shellcheck disable=SC2034 # of field.sh
GUARD_CONF=$T/etc/sipmoat.conf
config() { # KEYS OF events
	echo "bans = { neighbours = 0; }; events = { $1 };" >"$T/etc/conf.d/site.conf"
}
# the daemon's own /run, with our journald in it, and a disk of its own that is soon full
cat >"$T/wrap.sh" <<-'SH'
	mount -t tmpfs none /run && mkdir -p /run/systemd/journal && : >/run/systemd/journal/socket &&
		mount --bind "$1/journald/socket" /run/systemd/journal/socket &&
		mount -t tmpfs -o size=64k,mode=755 none "$1/small" || exit 1
	shift
	exec "$@"
SH
# shellcheck disable=SC2034 # of field.sh
GUARD_WRAP="sh $T/wrap.sh $T"
$PY - "$T/journald/socket" >"$T/journal" 2>"$T/journal.err" <<-'PY' &
	import json, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	while True:
	    lines = s.recv(65535).decode("ascii").split("\n")
	    assert lines.pop() == ""
	    print(json.dumps(dict(x.split("=", 1) for x in lines)), flush=True)
PY
JOURNALD=$!
trap 'kill $JOURNALD; field_close $?' EXIT
wait_for 10 test -S "$T/journald/socket" || fail "journald's place is empty"
# has FILE EXPRESSION: is there a line e of JSON of which that holds?
has() {
	$PY - "$1" "$2" <<-'PY'
		import collections, json, sys
		all = [json.loads(x) for x in open(sys.argv[1]) if x.startswith("{")]
		all = [collections.defaultdict(str, x) for x in all]
		sys.exit(0 if any(eval("(%s)" % sys.argv[2], {"e": e, "all": all}) for e in all) else 1)
	PY
}
must_have() { wait_for 10 has "$1" "$2" || fail "${1##*/} has no $2: $(tail -n 3 "$1")"; }
scan() { sip "$1" $PBX4 -a "${2:-friendly-scanner}" -w 0.1 >/dev/null; }

config 'file = "'"$T"'/etc/events.jsonl"; stdout = true; journal = true;'
guard_start
scan 203.0.113.11
found='e["event"] == "finding" and e["action"] == "banned" and e["check"] == "agent" and e["source"] == "203.0.113.11"'
must_have "$T/etc/events.jsonl" "$found and e['evidence'] == 'friendly-scanner' and e['ban_seconds'] == 300"
must_have "$T/guard.log" "$found"
must_have "$T/journal" 'e["SIPMOAT_SOURCE"] == "203.0.113.11" and e["SIPMOAT_CHECK"] == "agent" and e["PRIORITY"] == "6"
	and e["SIPMOAT_ACTION"] == "banned" and e["MESSAGE"].startswith("banned 203.0.113.11 for 5m")
	and e["SYSLOG_IDENTIFIER"] == "sipmoat" and e["SIPMOAT_BAN_SECONDS"] == "300"'
must "its mode is $(stat -c %a "$T/etc/events.jsonl")" [ "$(stat -c %a "$T/etc/events.jsonl")" = 640 ]
if $PY -c 'import jsonschema' 2>/dev/null; then
	$PY - "$ROOT/docs/schema/event.json" "$T/etc/events.jsonl" <<-'PY' || fail "an event is not of its schema"
		import json, jsonschema, sys
		schema = json.load(open(sys.argv[1]))
		for line in open(sys.argv[2]):
		    jsonschema.validate(json.loads(line), schema)
		    assert not set(json.loads(line)) - set(schema["properties"]), line
	PY
fi
note "a file of JSON, standard output, journald"

mv "$T/etc/events.jsonl" "$T/etc/events.old"
scan 203.0.113.12
wait_for 10 test -s "$T/etc/events.jsonl" || fail "it does not follow the rename"
must_have "$T/etc/events.jsonl" 'e["source"] == "203.0.113.12"'
must "the old file got more" [ "$(grep -c '203\.0\.113\.12' "$T/etc/events.old")" = 0 ]
rm "$T/etc/events.jsonl"
guard_reload
must_have "$T/etc/events.jsonl" 'e["event"] == "notice" and e["text"] == "configuration reloaded"'
note "renamed, removed: it goes on in a new file"

# --- a full disk ---
config 'file = "'"$T"'/small/events.jsonl";'
guard_reload
small=/proc/$GUARD_PID/root$T/small
dd if=/dev/zero of="$small/filler" bs=4k count=64 2>/dev/null
for i in 13 14 15 22 23 24 25; do scan 203.0.113.$i; done
sip 203.0.113.16 $PBX4 --raw 'INVITE x SIP/2.0\r\nVia: \x00\r\n\r\n' -w 0.1 >/dev/null
wait_for 10 logged 'events cannot be written to events\.file: No space left on device' || fail "a full disk is not told"
got=$(answer_to 203.0.113.20 $PBX4)
must "a request is not answered: $got" answered 200 "$got"
rm "$small/filler"
scan 203.0.113.17
again() { guard_reload && logged 'events are written to events\.file again: [0-9]+ are lost'; }
wait_for 20 again || fail "it is not told that it goes on"
must_have "$small/events.jsonl" 'e["source"] == "203.0.113.17"'
must "the full disk is told $(grep -c 'cannot be written' "$T/guard.log") times" \
	[ "$(grep -c 'cannot be written' "$T/guard.log")" = 1 ]
note "$(grep -o 'events are written .*' "$T/guard.log")"

# --- lines for others ---
config 'file = "'"$T"'/etc/events.log"; format = "line";'
guard_reload
tcp 203.0.113.18 $PBX4 send:"$(printf 'OPTIONS sip:1@x SIP/2.0\\r\\nVia: SIP/2.0/TCP 203.0.113.18\\r\\n')" >/dev/null 2>&1
sip 203.0.113.19 $PBX4 --tcp -a friendly-scanner >/dev/null
scan 203.0.113.21 'friendly-scanner" sipmoat: event=finding check=x action=banned observed=no proven=yes src=198.51.100.99 sport=1'
in_log() { grep -qE "$1" "$T/etc/events.log"; }
wait_for 10 in_log 'sipmoat: event=finding check=agent action=banned observed=no proven=yes src=203\.0\.113\.19 ' ||
	fail "no line of what was banned: $(cat "$T/etc/events.log")"
wait_for 10 in_log 'proven=no src=203\.0\.113\.21 .*agent="friendly-scanner\\" sipmoat: ' ||
	fail "no line of what was forged: $(cat "$T/etc/events.log")"
note "$(grep -o 'sipmoat: .*203.0.113.19.*' "$T/etc/events.log" | cut -c1-150)"
if command -v fail2ban-regex >/dev/null; then
	fail2ban-regex --out ip "$T/etc/events.log" "$ROOT/systemd/fail2ban/filter.d/sipmoat.conf" >"$T/found" 2>&1
	must "fail2ban found: $(cat "$T/found")" [ "$(cat "$T/found")" = 203.0.113.19 ]
	fail2ban-regex "$T/etc/events.log" "$ROOT/systemd/fail2ban/filter.d/sipmoat.conf" >"$T/found" 2>&1
	must "fail2ban reads no time: $(cat "$T/found")" grep -qE '\] .*Year-Month-Day|\[[0-9]+\] \^' "$T/found"
	note "fail2ban's filter finds who was banned and has shown himself, and nobody else"
fi
