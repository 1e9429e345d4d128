#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bans outlast a reboot, which empties the kernel's sets, with what is known of them; where the
# kernel still has its table, what was deleted there stays deleted.  Those by hand stay by hand,
# and whom the configuration spares by now is not banned again.
. "$(dirname "$0")/../lib/field.sh"
field_open
need sqlite3
field_topology router
pbx_echo
mkdir "$T/state"
export STATE_DIRECTORY=$T/state
conf() {
	cat >"$T/sipmoat.conf" <<-CONF
		inside = [ "$PBX4", "$PBX6" ];
		bans = { never = [ "198.51.100.25"$1 ]; };
		control = { socket = "$T/control"; };
	CONF
}
start() { : >"$T/guard.log"; guard_start "$T/sipmoat.conf"; }
boot() { guarded nft delete table inet sipmoat || fail "there was no table"; }
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$T/state/sipmoat.db" "$1"; }
caught() { sip "$1" "$2" -a friendly-scanner -w 0 >/dev/null; wait_for 10 banned "${3:-$1}" || fail "$1 is not banned"; }
# the list, but for how long each still lasts
timeless() { tool bans | sed -E 's/ banned +([0-9]+[dhms])+ / banned T /' | tr -s ' ' | sort; }
listed() { tool bans | grep -E -- "$1"; }

conf ''
start
caught 203.0.113.21 $PBX4
caught 203.0.113.22 $PBX4
caught 203.0.113.23 $PBX4
! has_v6 || caught 2001:db8:66:14::1 $PBX6 2001:db8:66:14::
tool ban 203.0.113.24 --for 2h --note 'mine' >/dev/null
tool ban 203.0.113.64/28 >/dev/null
guarded nft add element inet sipmoat banned4 '{ 203.0.113.25 timeout 30m }'
guarded nft add element inet sipmoat banned4 '{ 203.0.113.26 }'
wait_for 10 listed '^203\.0\.113\.26 +banned +for good +nft' >/dev/null || fail "nft's ban is not taken over"
before=$(timeless)
guard_stop
bans="SELECT who, made_by, until - unixepoch() BETWEEN 0 AND 7200 FROM bans ORDER BY who LIMIT 3"
must "what people read: $(ask 'SELECT * FROM bans')" [ "$(ask "$bans")" = \
	"$(has_v6 && echo '2001:db8:66:14::/64|agent|1
203.0.113.21|agent|1
203.0.113.22|agent|1' || echo '203.0.113.21|agent|1
203.0.113.22|agent|1
203.0.113.23|agent|1')" ]
boot
start
after=$(timeless)
must "not as before: $(diff <(echo "$before") <(echo "$after"))" [ "$before" = "$after" ]
must "the kernel does not ban" banned 203.0.113.21
must "the kernel does not ban who was banned with nft" banned 203.0.113.26
got=$(sip 203.0.113.22 $PBX4)
must "who was banned before the reboot gets through: $got" unanswered "$got"
guard_stop

# unbanned while sipmoatd is down: the kernel's word counts
guarded nft delete element inet sipmoat banned4 '{ 203.0.113.21 }'
start
must "banned again" [ -z "$(listed '^203\.0\.113\.21 ')" ]
must "the others are gone" [ -n "$(listed '^203\.0\.113\.22 ')" ]
tool unban 203.0.113.22 >/dev/null
guard_stop

# neither who was unbanned, nor who is spared by now, nor one that has ended
sqlite3 "$T/state/sipmoat.db" "UPDATE bans SET until = unixepoch() - 1 WHERE who = '203.0.113.25'"
boot
conf ', "203.0.113.23"'
start
for n in 21 22 23 25; do
	must "203.0.113.$n is banned again" [ -z "$(listed "^203\.0\.113\.$n ")" ]
done
must "by hand: $(tool bans)" [ -n "$(listed '^203\.0\.113\.24 .* mine$')" ]

# kill -9: what the last look of the thread saw is there
caught 203.0.113.27 $PBX4
held() { [ "$(ask "SELECT count(*) FROM bans WHERE who = '203.0.113.27'")" = 1 ]; }
wait_for 20 held || fail "no row within 20 s"
guard_kill
guarded nft flush ruleset
start
must "lost by kill -9 and a reboot" banned 203.0.113.27
guard_stop
