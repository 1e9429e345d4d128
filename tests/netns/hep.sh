#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The export to HOMER by the real daemon: what was refused and why, over IPv4 and IPv6, UDP and
# TCP, damaged too, with the Call-ID that joins both; all messages where that is asked for.  A
# collector that is not there, and a process that stands still, hold up no packet; what is lost is
# counted.  The process has no capabilities, and ends with the daemon.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cp -r "$ROOT/systemd" "$T/etc"
GUARD_CONF=$T/etc/sipmoat.conf
config() { # KEYS OF hep
	echo "bans = { neighbours = 0; }; hep = { $1 };" >"$T/etc/conf.d/site.conf"
}
mkdir -p "$T/etc/conf.d"
collector() { # ADDRESS
	ip netns exec "$GUARD_NS" $PY "$FIELD_LIB/homer.py" "$1" 9060 >>"$T/homer" 2>"$T/homer.err" &
	HOMER=$!
	wait_for 10 listens || fail "the collector does not listen: $(cat "$T/homer.err")"
}
listens() { [ -n "$(guarded ss -Hlun 'sport = :9060')" ]; }
# got EXPRESSION: is there a packet p of which that holds?
got() {
	$PY - "$T/homer" "$1" <<-'PY'
		import json, sys
		all = [json.loads(x) for x in open(sys.argv[1])]
		assert not [p for p in all if "broken" in p], all
		sys.exit(0 if any(eval("(%s)" % sys.argv[2], {"p": p, "all": all}) for p in all) else 1)
	PY
}
homer() { wait_for 10 got "$1" || fail "HOMER was not told: $1: $(tail -n 4 "$T/homer")"; }
hep_pid() {
	local p
	for p in $(ip netns pids "$GUARD_NS"); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = hep ] && echo "$p"
	done
}

config 'server = "127.0.0.1:9060"; id = 77; node = "gate"; password = "pw";'
collector 127.0.0.1
guard_start
pid=$(hep_pid)
must "there is no process for it" [ -n "$pid" ]
must "it has capabilities" [ "$(awk '/^Cap/ { print $2 }' "/proc/$pid/status" | sort -u)" = 0000000000000000 ]
must "it has other files open: $(ls -l "/proc/$pid/fd")" [ "$(ls "/proc/$pid/fd" | wc -l)" = 5 ]

got=$(sip 203.0.113.11 $PBX4 -a friendly-scanner)
must "the scanner is answered: $got" unanswered "$got"
homer 'p["type"] == 1 and p["src"] == "203.0.113.11" and p["dst"] == "'$PBX4'" and p["dport"] == 5060
	and p["family"] == 2 and p["protocol"] == 17 and p["id"] == 77 and p["node"] == "gate" and p["password"] == "pw"
	and "friendly-scanner" in p["payload"] and p["payload"].endswith("\r\n\r\n")'
homer 'p["type"] == 100 and p["finding"]["check"] == "agent" and p["finding"]["verdict"] == "drop"
	and p["finding"]["reason"] and p["finding"]["source"] == "203.0.113.11" and p["finding"]["ban"] > 0
	and p["correlation"].endswith("@203.0.113.11")
	and any(q["type"] == 1 and q["correlation"] == p["correlation"] and q["seconds"] == p["seconds"] for q in all)'
now=$(date +%s)
homer "abs(p['seconds'] - $now) < 120"
got=$(answer_to 203.0.113.12 $PBX4)
must "an ordinary request is not answered: $got" answered 200 "$got"
sip 203.0.113.13 $PBX4 --raw 'INVITE sip:1@x SIP/2.0\r\nVia: \x00\r\n\r\n' -w 0.1 >/dev/null
homer 'p["type"] == 100 and p["src"] == "203.0.113.13" and p["finding"]["check"] == "malformed"'
sip 203.0.113.14 $PBX4 --tcp -a friendly-scanner >/dev/null
homer 'p["type"] == 1 and p["protocol"] == 6 and p["src"] == "203.0.113.14"'
if has_v6; then
	sip 2001:db8:66:11::1 $PBX6 -a friendly-scanner >/dev/null
	homer 'p["type"] == 1 and p["family"] == 10 and p["src"] == "2001:db8:66:11::1" and p["dst"] == "'$PBX6'"'
fi
must "it was told of what nobody refused" [ "$(grep -c '203\.0\.113\.12"' "$T/homer")" = 0 ]
note "what was refused, why, and which call it belongs to"

# --- nobody listens ---
kill "$HOMER"
wait "$HOMER" 2>/dev/null
sip 203.0.113.15 $PBX4 -a friendly-scanner >/dev/null
sip 203.0.113.16 $PBX4 -a friendly-scanner >/dev/null
wait_for 10 logged 'could not be sent to HOMER at 127\.0\.0\.1:9060: Connection refused' ||
	fail "it is not told that nobody listens"
collector 127.0.0.1
sip 203.0.113.17 $PBX4 -a friendly-scanner >/dev/null
homer 'p["src"] == "203.0.113.17"'
note "a collector that was gone is told again when it is back"

# --- all messages, over IPv6 ---
guard_stop
must "the process outlives the daemon" [ -z "$(hep_pid)" ]
kill "$HOMER"
wait "$HOMER" 2>/dev/null
server=127.0.0.1
! has_v6 || server=::1
echo 'mode = "observe";' >"$T/etc/conf.d/mode.conf" # nobody is banned
config "what = \"all\"; rate = 0; server = \"$(has_v6 && echo '[::1]' || echo 127.0.0.1):9060\";"
collector $server
guard_start
got=$(answer_to 203.0.113.21 $PBX4)
must "a request is not answered: $got" answered 200 "$got"
homer 'p["type"] == 1 and p["src"] == "203.0.113.21" and p["payload"].startswith("OPTIONS ")'
homer 'p["type"] == 1 and p["dst"] == "203.0.113.21" and p["payload"].startswith("SIP/2.0 200 ") and "node" in p'
must "a message that passed has a finding" [ "$(grep -c '"type": 100.*203\.0\.113\.21"' "$T/homer")" = 0 ]
note "all messages"

# --- read by somebody else's program: Kamailio, which fills HOMER's tables elsewhere ---
capture() {
	mkdir "$T/capture"
	sed "s|//AT|//$T/capture|" "$FIELD_LIB/sipcapture.cfg" >"$T/capture.cfg"
	ip netns exec "$GUARD_NS" kamailio -f "$T/capture.cfg" -DD -E -m 16 -M 4 -Y "$T/capture" \
		>"$T/captured" 2>&1 </dev/null &
	KAMAILIO=$!
	wait_for 20 listens || fail "Kamailio does not listen: $(tail -n 3 "$T/captured")"
}
captured() { wait_for 10 grep -qE -- "captured: $1" "$T/captured" || fail "not captured: $1: $(tail -n 5 "$T/captured")"; }
if compgen -G '/usr/lib*/*/kamailio/modules/sipcapture.so' >"$T/module"; then
	guard_stop
	kill "$HOMER"
	wait "$HOMER" 2>/dev/null
	capture
	config 'what = "all"; rate = 0; server = "127.0.0.1:9060";'
	guard_start
	answer_to 203.0.113.21 $PBX4 >/dev/null
	captured 'udp 203\.0\.113\.21:[0-9]+ OPTIONS [^ ]+@203\.0\.113\.21 Acme Desk Phone 7\.1$'
	captured "udp ${PBX4//./\\.}:5060 200 [^ ]+@203\.0\.113\.21$"
	answer_to 203.0.113.22 $PBX4 --tcp -a friendly-scanner >/dev/null
	captured 'tcp 203\.0\.113\.22:[0-9]+ OPTIONS [^ ]+@203\.0\.113\.22 friendly-scanner$'
	if has_v6; then
		answer_to 2001:db8:66:11::1 $PBX6 >/dev/null
		captured 'udp 2001:db8:66:11::1:[0-9]+ OPTIONS '
	fi
	kill $KAMAILIO
	wait $KAMAILIO 2>/dev/null
	guard_stop
	config "what = \"all\"; rate = 0; server = \"$(has_v6 && echo '[::1]' || echo 127.0.0.1):9060\";"
	collector $server
	guard_start
	note "Kamailio's sipcapture reads it"
fi

# --- the process stands still: no packet waits, and what is too much is lost and counted ---
pid=$(hep_pid)
kill -STOP "$pid"
full() {
	local i
	for i in 22 23 24 25 26 27 28 29; do
		sip "203.0.113.$i" $PBX4 -m REGISTER --size 1300 -r 2000 -n 600 -w 0 >/dev/null
	done
	report
	[ "$(of_report hep_lost)" -gt 0 ]
}
wait_for 30 full || fail "no loss is counted"
# what was sent before may still be in the queue
served() { got=$(sip 203.0.113.18 $PBX4); answered 200 "$got"; }
wait_for 60 served || fail "a packet waits for HOMER: $got"
kill -CONT "$pid"
told() { sip 203.0.113.19 $PBX4 -w 0.1 >/dev/null; got 'p["src"] == "203.0.113.19"'; }
wait_for 20 told || fail "it does not go on"
note "$(of_report hep_lost) of a flood lost while it stood still, and a call got through"
kill -9 "$pid"
wait_for 20 logged 'the process that tells HOMER is gone' || fail "its end is not told"
got=$(answer_to 203.0.113.20 $PBX4)
must "without it a request is not answered: $got" answered 200 "$got"
note "killed: told, and packets flow on"

config 'server = "127.0.0.1:9999";'
guard_reload
must "a change is not told" logged 'hep has changed: restart sipmoatd'
config 'server = "localhost:9060";'
"$ROOT/$B/sipmoatd" -t -c "$GUARD_CONF" >"$T/said" 2>&1 && fail "a name is taken for an address"
must "it is not told what is wrong: $(cat "$T/said")" grep -q 'hep.server: must be an address and a port' "$T/said"
kill "$HOMER"
