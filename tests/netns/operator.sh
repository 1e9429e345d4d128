#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each subcommand against the running daemon: its exit status where it is done, refused, misused,
# and where nobody answers; its JSON, and the answers of the control socket, to their schemas in
# docs/schema; and no schema that nothing is held to.
. "$(dirname "$0")/../lib/field.sh"
field_open
$PY -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed (make deps)"
field_topology router
pbx_echo
mkdir "$T/state"
export STATE_DIRECTORY=$T/state
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
feeds = ( { name = "worst"; file = "$T/worst"; } );
destination = { action = "approve"; deny = [ "^900" ]; };
control = { socket = "$T/control"; };
CONF
{ cat "$T/sipmoat.conf"; echo 'flood = { bugdet = 20; };'; } >"$T/broken.conf"
printf '203.0.113.28\nno address\n' >"$T/worst"
guard_start "$T/sipmoat.conf"
token() { tool approvals | awk '$2 == "waiting" { print $1 }'; }
waits() { [ -n "$(token)" ]; }
sip 203.0.113.12 "$PBX4" >/dev/null
sip 203.0.113.11 "$PBX4" --agent friendly-scanner >/dev/null
must_ban 203.0.113.11
tool ban 203.0.113.13 --note 'by hand' >"$T/said" && tool allow 203.0.113.14 --for 1h >>"$T/said" ||
	fail "ban and allow: $(cat "$T/said")"
sip 203.0.113.15 "$PBX4" --raw "INVITE sip:900123@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.15;rport;branch=z9hG4bKdear\r\nMax-Forwards: 70\r\nFrom: <sip:1001@$PBX4>;tag=1\r\nTo: <sip:900123@$PBX4>\r\nCall-ID: dear\r\nCSeq: 1 INVITE\r\nContact: <sip:1001@203.0.113.15>\r\nContent-Length: 0\r\n\r\n" >"$T/sip" 2>&1
wait_for 10 waits || fail "no token waits: $(cat "$T/sip")"
printf 'OPTIONS sip:100@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:100@x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n' >"$T/message"
wait_for 10 test -s "$T/state/sipmoat.db" || fail "there is no store"
guarded $PY "$FIELD_LIB/subcommands.py" "$ROOT/$B/sipmoat" "$T/control" "$ROOT/docs/schema" "$T" \
	"$(token)" >"$T/wrong" 2>"$T/err" || fail "$(cat "$T/wrong" "$T/err")"
for s in "$ROOT"/docs/schema/*.json; do
	name=$(basename "$s" .json)
	grep -qrE "\"$name\"|$name\.json|holds $name\$" "$ROOT/tests/netns" "$ROOT/tests/lib" ||
		fail "nothing is held to docs/schema/$name.json"
done
note "exit status and schemas of each subcommand"
guard_stop
