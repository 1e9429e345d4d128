#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 again and again, at random, amid calls, registrations and bans, while everything is saved
# each second: each time the database is whole, and nothing that somebody could read in it before
# is gone.  The kernel's table goes each time too, as in a reboot, so that bans come from there.
# KILLS=200 of them take some minutes.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp sqlite3
field_topology router
mkdir "$T/kept" "$T/after"
DB=$T/kept/sipmoat.db
# flood: one port is ten phones and ten calls a second here, which without memory a stranger's may not
cat >"$T/sipmoat.conf" <<-CONF
	flood = { budget = 100; };
	store = { file = "$DB"; interval = "1s"; };
	bans = { neighbours = 0; };
	control = { socket = "$T/control"; };
CONF
LEAST=${KILLS:-20} # kills; and more as long as there are so many seconds:
LONG=30
# every address of these is the wan's: a scanner for each kill
wan ip route add local 198.18.0.0/16 dev lo
start() { : >"$T/guard.log"; guard_start "$T/sipmoat.conf"; }
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$DB" "$1"; }
# saved is what was heard since the start, those who register once among it
saved() {
	[ "$(ask "SELECT value FROM about WHERE name = 'on_trial'
		UNION ALL SELECT count(*) FROM registrations WHERE user BETWEEN '1051' AND '1060'")" = "0
10" ]
}
amid() { sleep "$(printf '0.%03d' $((RANDOM % $1)))"; }
# those who register once, and are not heard again
listed() {
	"$ROOT/$B/sipmoat" registrations --json -s "$T/control" |
		$PY -c 'import json, sys; print(sum("1051" <= r["user"] <= "1060"
			for r in json.load(sys.stdin)["registrations"]))'
}
# What was there to be read before the kill and is not now; then what the next start is to find.
# A time may be a second off: what is restored is written anew, by the next process's clock.
LASTS="until > unixepoch() + 60" # bans that do not end meanwhile
LOST="SELECT 'ban ' || who FROM b.bans WHERE $LASTS AND who NOT IN (SELECT who FROM bans)
	UNION ALL SELECT 'call ' || o.call_id FROM b.calls o LEFT JOIN calls c USING(id)
		WHERE c.id IS NULL OR (o.ended IS NOT NULL AND NOT ifnull(abs(c.ended - o.ended) <= 1, 0))
	UNION ALL SELECT 'registration ' || user FROM b.registrations
		WHERE user NOT IN (SELECT user FROM registrations)
	UNION ALL SELECT 'part of the memory: ' || name FROM b.memory
		WHERE name NOT IN (SELECT name FROM memory WHERE name IS NOT NULL)
	UNION ALL SELECT 'counts' WHERE (SELECT total(value) FROM b.counters) >
		(SELECT total(value) FROM counters)"
# before: a copy for later, as an operator takes it
before() { rm -f "$T/before"; ask "VACUUM INTO '$T/before'" || fail "it cannot be read while it runs"; }
# after: looks at copies, so that the daemon meets what the kill left
after() {
	local got
	rm -f "$T/after/"*
	cp "$DB" "$T/after/"
	[ ! -e "$DB-wal" ] || cp "$DB-wal" "$T/after/"
	got=$(sqlite3 "$T/after/sipmoat.db" "PRAGMA integrity_check; ATTACH '$T/before' AS b; $LOST")
	must "after kill $kills: $got" [ "$got" = ok ]
	trial=$(sqlite3 "$T/after/sipmoat.db" "SELECT value FROM about WHERE name = 'on_trial'")
	bans=$(sqlite3 "$T/after/sipmoat.db" "SELECT who FROM bans WHERE state = 'banned' AND $LASTS")
}
# back: the daemon has what the database had
back() {
	local who
	! logged 'put aside|damaged' || fail "damaged by kill $kills"
	for who in $bans; do must "lost by kill $kills: the ban of $who" banned "$who"; done
	if [ "${trial:-0}" = 0 ]; then
		logged 'memory restored, saved ' || fail "not restored after kill $kills"
		must "registrations are lost by kill $kills: $(listed)" [ "$(listed)" = 10 ]
		restored=$((restored + 1))
	else
		logged 'memory starts empty: .* ended soon after it had been restored' ||
			fail "on trial, and not said so, at kill $kills"
		register callees 4 $CALLEE4 1051 1060 5070 || fail "phones cannot register"
	fi
}

pbx_start
start
phones_ready 4
calls office 4 $CALLER4 5062 100000 10 300 &
{ while register callers 4 $CALLER4 1001 1010 5062; do sleep 0.5; done; } &
callers=$!
wait_for 20 saved || fail "nothing is saved"
wait_for 20 [ "$(listed)" = 10 ] || fail "phones are not registered: $(listed)"
kills=0 restored=0 begun=$SECONDS
while [ $kills -lt $LEAST ] || [ $((SECONDS - begun)) -lt $LONG ]; do
	kills=$((kills + 1))
	wan timeout 5 $PY "$FIELD_LIB/sip.py" 198.18.$((kills / 250)).$((kills % 250 + 1)) $PBX4 -a friendly-scanner -w 0 >/dev/null &
	scanner=$!
	# each seventh time before all is saved for the first time
	if [ $((kills % 7)) -gt 0 ]; then
		wait_for 20 saved || fail "not saved after kill $kills"
		wait $scanner # until it has sent
		amid 500
	fi
	before
	amid 400
	guard_kill
	after
	guarded nft delete table inet sipmoat || fail "there was no table"
	start
	back
done
must "restored $restored times only" [ $restored -ge $((LEAST * 3 / 4)) ]
must "who was banned: $(ask 'SELECT who, made_by FROM bans')" \
	[ "$(ask "SELECT count(*) FROM bans WHERE made_by = 'agent'")" -ge 5 ]
must "no calls: $(good office)" [ "$(ask "SELECT count(*) FROM calls WHERE state = 'ended'")" -gt $kills ]
phones=$(ask "SELECT * FROM bans WHERE who LIKE '198.51.100.%'")
must "a phone is banned: $phones" [ -z "$phones" ]
kill $callers
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
note "$kills kills, $restored memories restored, $(good office) calls, $(ask 'SELECT count(*) FROM bans') bans," \
	"$(ask 'SELECT count(*) FROM calls') records of calls"
