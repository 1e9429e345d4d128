#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever is banned loses all his TCP connections, for both ends, and his entries in conntrack;
# others keep theirs.  A ban on words that anybody can forge ends and deletes nothing.  What showed
# that a ban is certain is known after a restart, too.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/barred.sh"
field_open
need conntrack
field_topology router
pbx_echo
cp -r "$ROOT/systemd" "$T/etc"
guard_start "$T/etc/sipmoat.conf"
watches 203.0.113.11 2001:db8:66:11::1
cut_test $PBX4 203.0.113.11 $CALLER4 203.0.113.11
! has_v6 || cut_test $PBX6 2001:db8:66:11::1 $CALLER6 2001:db8:66:11::

# by hand
rm "$T/go"
holds hand 203.0.113.12 $PBX4
gw nft add element inet sipmoat banned4 '{ 203.0.113.12 timeout 1h }'
wait_for 20 is_reset hand || fail "a ban by hand ends no connection"

# forged: the datagram is not from whoever has the connection
holds forged 203.0.113.13 $PBX4
sip 203.0.113.13 $PBX4 -a friendly-scanner -w 0 >/dev/null
must_ban 203.0.113.13
# each of these ends in a round through all connections, the second in another one
for n in 15 16; do
	holds "hand$n" 203.0.113.$n $PBX4
	gw nft add element inet sipmoat banned4 "{ 203.0.113.$n timeout 1h }"
	wait_for 20 is_reset "hand$n" || fail "a ban by hand ends no connection of 203.0.113.$n"
done
must "a ban that anybody can forge ended a connection" lives forged
must "its entries are gone" tracked 203.0.113.13 -p tcp

# everything of it
sed -i 's|#scope = "sip"|scope = "all"|' "$T/etc/sipmoat.conf"
guard_reload
sip 203.0.113.14 $PBX4 -p 8080 --dport 8088 -w 0 >/dev/null
must "no entries of 203.0.113.14 before it is banned" tracked 203.0.113.14 -p udp --dport 8088
gw nft add element inet sipmoat banned4 '{ 203.0.113.14 timeout 1h }'
wait_for 20 untracked 203.0.113.14 || fail "with scope all an entry stays"
: >"$T/go"
wait_for 10 test -s "$T/forged.json"
kill -USR1 "$GUARD_PID"
wait_for 20 logged 'conntrack: [1-9][0-9]* entries of banned' || fail "deletions are not counted"
wait_for 20 logged 'barred +[1-9]' || fail "connections are not counted"
note "$(grep -oE 'conntrack: .*' "$T/guard.log" | tail -n 1)"

# what is known of a ban is read back
ended reset "$(tcp 203.0.113.11 $PBX4 bad)" || fail "the bad connection goes on"
must_ban 203.0.113.11
guard_stop
sed -i "s,#socket = \"control\",socket = \"$T/control\"," "$T/etc/sipmoat.conf"
guard_start "$T/etc/sipmoat.conf"
"$ROOT/$B/sipmoat" bans --json -s "$T/control" | $PY -c 'import json, sys
b = {x["who"]: x for x in json.load(sys.stdin)["bans"]}
assert b["203.0.113.11"]["proven"] and b["203.0.113.11"]["check"] == "agent", b
assert not b["203.0.113.13"]["proven"], b' || fail "what showed a ban is not known after a restart"
