#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An operator's path: a scanner is banned; why it is, with the message that showed it and what to
# do; it is unbanned, banned again by what it sends, allowed, and gets through; what is inside,
# trusted, or never seen is told as that; users and calls can be asked for by name.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
trusted = { addresses = [ "203.0.113.15" ]; };
bans = { never = [ "198.51.100.25" ]; };
feeds = ( { name = "worst"; file = "$T/worst"; } );
control = { socket = "$T/control"; };
CONF
printf '203.0.113.28\n203.0.113.64/26\n' >"$T/worst"
guard_start "$T/sipmoat.conf"
again() { grep -qE -- "$1" "$T/said" || fail "not \"$1\": $(cat "$T/said")"; }

given 0 '^203\.0\.113\.11: free$' why 203.0.113.11
again 'nothing is held against it'
sip 203.0.113.11 "$PBX4" --agent 'friendly-scanner' --user scanned >/dev/null
wait_for 20 banned 203.0.113.11 || fail "the scanner is not banned"
given 0 '^203\.0\.113\.11: banned$' why 203.0.113.11
again 'by check agent \(unproven'
again '^  20[0-9-]{8} [0-9:]{8}  banned 203\.0\.113\.11 for 5m \(not proven\): agent: '
again '^      \| OPTIONS sip:'
again '^      \| User-Agent: friendly-scanner$'
again '^  agent \([0-9]+ found\): .*agent\.deny'
again 'sipmoat unban 203\.0\.113\.11'
given 0 '^scanned: seen$' why scanned
call=$(tool why 203.0.113.11 --json | $PY -c 'import json, sys
a = json.load(sys.stdin)
assert a["is"] == "banned" and a["bans"][0]["check"] == "agent", a
assert [c["check"] for c in a["checks"]] == ["agent"], a
print([e for e in a["events"] if e["event"] == "finding"][0]["call_id"])') || fail "no JSON"
given 0 ': seen$' why "$call"
given 0 '^scanned@[^ ]*: seen$' why scanned@pbx.example
given 0 '^scan: unseen$' why scan
given 0 '^nobody: unseen$' why nobody

if $PY -c 'import jsonschema' 2>/dev/null; then
	tool why 203.0.113.11 --json >"$T/why.json"
	$PY -m jsonschema -i "$T/why.json" "$ROOT/docs/schema/why.json" >"$T/wrong" 2>&1 ||
		fail "not as docs/schema/why.json says: $(cat "$T/wrong")"
fi

# bans around it and in it, and of nobody else
given 0 'banned' ban 198.51.100.64/26
bans_of() { tool why "$1" --json | $PY -c 'import json, sys
print(*sorted(b["who"] for b in json.load(sys.stdin)["bans"]))'; }
must "of what is in it: $(bans_of 203.0.113.0/24)" [ "$(bans_of 203.0.113.0/24)" = 203.0.113.11 ]
must "of what is around it: $(bans_of 198.51.100.70)" [ "$(bans_of 198.51.100.70)" = 198.51.100.64/26 ]
must "of others: $(bans_of 203.0.113.12)" [ -z "$(bans_of 203.0.113.12)" ]
given 0 '^198\.51\.100\.64/26 is banned for good, by hand' why 198.51.100.70
again '^  20[0-9-]+ [0-9:]+  198\.51\.100\.64/26: banned by user id 0'
# it is lifted by what is said there
lifted() { tool unban "$(sed -nE 's/^To lift it now: sipmoat unban ([^ ;]*);.*/\1/p' "$T/said")"; }
lifted >"$T/lifted" 2>&1 || fail "what it says does not lift it: $(cat "$T/said" "$T/lifted")"
given 0 '^198\.51\.100\.70: free$' why 198.51.100.70
given 0 ': free$' why 198.51.100.130
! grep -q 'by user id' "$T/said" || fail "somebody else is told of it: $(cat "$T/said")"

# what was told is forgotten by a restart, what holds is not
guard_stop
guard_start
given 0 '^203\.0\.113\.11: banned$' why 203.0.113.11
again '^  agent \(1 found\): .*agent\.deny'

given 0 'unbanned' unban 203.0.113.11
given 0 '^203\.0\.113\.11: free$' why 203.0.113.11
again 'unbanned by user id 0'
got=$(answer_to 203.0.113.11 "$PBX4")
must "unbanned, and does not get through: $got" answered 200 "$got"
sip 203.0.113.11 "$PBX4" --agent 'friendly-scanner' >/dev/null
wait_for 20 banned 203.0.113.11 || fail "it goes on after it was unbanned, and is not banned again"
given 0 'allowed' allow 203.0.113.11 --for 1h --note 'our own test'
given 0 '^203\.0\.113\.11: allowed$' why 203.0.113.11
again 'our own test'
got=$(answer_to 203.0.113.11 "$PBX4" --agent 'friendly-scanner')
must "allowed, and does not get through: $got" answered 200 "$got"

# a call of a user, with his domain and without
sip 203.0.113.12 "$PBX4" --raw "INVITE sip:200@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.12;rport;branch=z9hG4bKcall\r\nMax-Forwards: 70\r\nFrom: <sip:caller@pbx.example>;tag=1\r\nTo: <sip:200@pbx.example>\r\nCall-ID: call\r\nCSeq: 1 INVITE\r\nContact: <sip:caller@203.0.113.12>\r\nContent-Length: 0\r\n\r\n" >"$T/sip" 2>&1
given 0 '^Calls:$' why caller
given 0 '^Calls:$' why caller@pbx.example
again '^(asked|ringing|answered) .* caller +200 '

# what was only counted counts, too; of whom a check may not ban
for _ in 1 2 3 4; do sip 198.51.100.25 "$PBX4" --agent friendly-scanner -w 0.1 >/dev/null; done
counted() { tool why 198.51.100.25 --json | $PY -c 'import json, sys
sys.exit([c["findings"] for c in json.load(sys.stdin)["checks"]] != [4])'; }
wait_for 30 counted || fail "not 4 findings: $(tool why 198.51.100.25 --json)"

# what a server sends concerns whom it is sent to
pbx "$PY" "$FIELD_LIB/sip.py" "$PBX4" 203.0.113.16 --raw "INVITE sip:300@203.0.113.16 SIP/2.0\r\nVia: SIP/2.0/UDP $PBX4;rport;branch=z9hG4bKout\r\nMax-Forwards: 70\r\nFrom: <sip:200@$PBX4>;tag=1\r\nTo: <sip:300@203.0.113.16>\r\nCall-ID: out\r\nCSeq: 1 INVITE\r\nContact: <sip:200@192.168.1.10>\r\nContent-Length: 0\r\n\r\n" >"$T/sip" 2>&1
leaked() { tool why 203.0.113.16 | grep -qE '^  20[0-9-]+ [0-9:]+  .*leak'; }
wait_for 20 leaked || fail "what a server told is not known of: $(tool why 203.0.113.16)"
given 0 '^203\.0\.113\.16: free$' why 203.0.113.16
again '^      \| Contact: <sip:200@192\.168\.1\.10>'
given 0 '^203\.0\.113\.17: free$' why 203.0.113.17
! grep -q leak "$T/said" || fail "it concerns others, too: $(cat "$T/said")"

given 0 '^203\.0\.113\.15: trusted$' why 203.0.113.15
given 0 '^198\.51\.100\.25: never$' why 198.51.100.25
listed() { tool why 203.0.113.28 | grep -q ': listed$'; }
wait_for 20 listed || fail "the list is not read: $(tool feeds)"
given 0 '^203\.0\.113\.28: listed$' why 203.0.113.28
given 0 'on the list worst .*to block it' why 203.0.113.100
given 0 "^$PBX4: inside\$" why "$PBX4"
given 0 '"site": *"2001:db8:66:15::/64"' why 2001:db8:66:15::7 --json
given 0 '^203\.0\.113\.0/24: free$' why 203.0.113.0/24 --all
again 'by user id 0' # events of all that lie in it
tool why 2>/dev/null
must "no question is no wrong usage" [ $? = 2 ]
guard_stop
