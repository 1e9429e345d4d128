#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The digest leak: who called a phone challenges the BYE with which it hangs up, and the phone
# never hears it; the registrar that it registers at may challenge it.  Guessing is in svcrack.sh.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
cp "$ROOT/systemd/sipmoat.conf" "$T/"
mkdir "$T/conf.d"
echo 'memory = { learning = "0s"; };' >"$T/conf.d/memory.conf"
guard_start "$T/sipmoat.conf"

ready() { grep -qs '^ready' "$T/$1"; }
hears() { grep -qs "^$2" "$T/$1"; }

# round ATTACKER: a registration that is challenged, a call that is, from new ends
round() {
	wan $PY "$FIELD_LIB/leak.py" challenger $CALLEE4 >"$T/registrar" 2>&1 &
	pids=$!
	wait_for 20 ready registrar || fail "no registrar: $(cat "$T/registrar")"
	pbx $PY "$FIELD_LIB/leak.py" phone $PBX4 $CALLEE4 >"$T/phone" 2>&1 &
	pids="$pids $!"
	wait_for 20 hears phone "407 REGISTER $CALLEE4" ||
		fail "the registrar's challenge is kept from the phone: $(cat "$T/guard.log")"
	wan $PY "$FIELD_LIB/leak.py" challenger "$1" $PBX4 >"$T/caller" 2>&1 &
	pids="$pids $!"
	wait_for 20 hears caller "BYE $PBX4" || fail "the phone does not hang up: $(cat "$T/phone")"
}

# shellcheck disable=SC2086 # a list
end_round() {
	kill $pids 2>/dev/null
	wait $pids 2>/dev/null
	pids=
}

round 203.0.113.20
wait_for 20 logged 'dropped 203\.0\.113\.20.*: auth: challenge 407 to a BYE' ||
	fail "the challenge is not refused: $(tail -3 "$T/guard.log")"
! hears phone "407 BYE" || fail "the phone heard it"
must_not_ban 203.0.113.20
note "$(grep -m 1 ': auth: ' "$T/guard.log")"
end_round

echo 'auth = { leak = "accept"; };' >"$T/conf.d/auth.conf"
guard_reload
round 203.0.113.21
wait_for 20 hears phone "407 BYE 203.0.113.21" || fail "it never comes, the test proves nothing"
end_round
