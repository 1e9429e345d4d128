#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every check fires in the real daemon, and the log says which and why.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
trusted = { addresses = [ "203.0.113.20" ]; };
method = { deny = [ "PUBLISH" ]; };
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"

got=$(sip 203.0.113.20 $PBX4 -a friendly-scanner -n 40 -r 400)
must "trusted: refused: $got" answered 200 "$got"
must_not_ban 203.0.113.20

got=$(sip 203.0.113.11 $PBX4 -a friendly-scanner)
must "agent: came through: $got" unanswered "$got"
wait_for 10 logged 'banned 203\.0\.113\.11 .*: agent: ' || fail "agent: not in the log"

got=$(sip 203.0.113.12 $PBX4 -m REGISTER -n 40 -r 400)
wait_for 10 logged 'banned 203\.0\.113\.12 .*: flood: ' || fail "flood: not in the log"

got=$(sip 203.0.113.13 $PBX4 --raw 'INVITE sip:1001@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.13;branch=z9hG4bK1\r\nCall-ID: a\r\nCall-ID: b\r\nContent-Length: 5000\r\n\r\n')
must "malformed: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.13.*: malformed: ' || fail "malformed: not in the log"

got=$(sip 203.0.113.14 $PBX4 -m PUBLISH)
must "method: came through: $got" unanswered "$got"
wait_for 10 logged '203\.0\.113\.14.*: method: ' || fail "method: not in the log"

# banned: all of them wait in the queue before the first one is judged, so the kernel's set
# comes too late for the rest
kill -STOP "$GUARD_PID"
sip 203.0.113.15 $PBX4 -a friendly-scanner -n 200 -r 1000000 -w 0 >/dev/null
kill -CONT "$GUARD_PID"
counted() {
	kill -USR1 "$GUARD_PID"
	logged 'check banned +199 hits, 199 dropped'
}
wait_for 10 counted || fail "banned: not counted"
got=$(sip $CALLER4 $PBX4)
must "an honest source is refused: $got" answered 200 "$got"
grep -E '(banned|dropped) [0-9]' "$T/guard.log" | sed 's/^/    /'
