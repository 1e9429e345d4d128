#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What reaches a server of scanners, guessers and a flood with nothing in front of it, with
# fail2ban's jail "asterisk" as Debian ships it, and with sipmoat as shipped: the table in
# docs/comparison.md (make bench-fail2ban).  A Kamailio on the same host plays the Asterisk: it writes the lines that the
# filter looks for.  fail2ban must ban, or the comparison proves nothing.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio fail2ban-server fail2ban-client iptables svwar
[ -e /etc/fail2ban/filter.d/asterisk.conf ] || skip "no filter asterisk in /etc/fail2ban"
field_topology host
wan ip route add local 198.18.0.0/16 dev lo # a source for each attack, or for each guess
ip -n "$NS-gw" route add 198.18.0.0/16 via 192.0.2.1

# as chan_sip says it; a challenge that nobody has answered yet is no failure
line() {
	printf 'xlog("L_ALERT", "F2B: [$timef(%%Y-%%m-%%d %%H:%%M:%%S)] NOTICE[1] chan_sip.c: '
	printf "Registration from '<\$fu>' failed for '\$si:\$sp' - %s\\\\n\");" "$1"
}
wrong=$(line 'Wrong password') unknown=$(line 'No matching peer found')
awk -v wrong="${wrong//\\/\\\\}" -v unknown="${unknown//\\/\\\\}" '
	/^loadmodule "auth.so"/ { print "loadmodule \"xlog.so\"" }
	/www_challenge/ { print "if ($au != $null)", wrong }
	/sht\(users=>\$fU\) == / { print; print unknown; next }
	{ print }' "$FIELD_LIB/kamailio.cfg" >"$T/logging.cfg"
PBX_CONF=$T/logging.cfg pbx_start
: >"$T/messages"
# shellcheck disable=SC2016
pbx sh -c 'tail -n +1 -F "$0/kamailio.log" 2>/dev/null | sed -un "s/.*F2B: //p" >>"$0/messages"' "$T" &
disown

# what passes everything: behind the chains of both
pbx nft -f - <<-'RULES'
table inet reached {
	chain input { type filter hook input priority 100; }
}
RULES
# watch NAME SOURCE: counts what reaches the server from there
watch() { pbx nft add rule inet reached input ip saddr "$2" udp dport 5060 counter comment "\"$1\""; }
reached() {
	pbx nft list chain inet reached input |
		sed -n "s/.* packets \([0-9]*\) .*\"$1\".*/\1/p"
}

guess() { wan timeout 60 $PY "$FIELD_LIB/guess.py" "$1" $PBX4 "${@:2}"; }
war() {
	wan timeout 60 $PY "$FIELD_LIB/vicious.py" svwar "$1" "$2" -m REGISTER -e 2000-2299 \
		--maximumtime 1 $PBX4
}
attacks() {
	local n=0 name
	pbx nft flush chain inet reached input
	for name in named quiet ordered paced breath spread flood; do
		n=$((n + 1))
		watch $name 198.18.$n.0/24
	done
	war 198.18.1.1 friendly-scanner
	war 198.18.2.1 'Acme Desk Phone 7.1'
	guess 198.18.3.1 -u 1001 -n 100 --wait 0.1
	guess 198.18.4.1 -u 1004 -n 60 --pause 0.1 --wait 0.1
	guess 198.18.5.1 -u 1002 -n 200 --ahead 200 --wait 0.1
	guess 198.18.6.%d -u 1003 -n 150 --wait 0.1
	sip 198.18.7.1 $PBX4 -m REGISTER -n 2000 -r 1000
} >"$T/attacks" 2>&1

# column FILE: what reached the server in these attacks
column() {
	local name
	for name in named quiet ordered paced breath spread flood; do reached $name; done >"$T/$1"
}

jail() { pbx fail2ban-client -s "$T/f2b.sock" -p "$T/f2b.pid" "$@"; }
jail_is_up() { jail status asterisk >/dev/null 2>&1; }
fail2ban() {
	cp -r /etc/fail2ban "$T/f2b"
	rm -f "$T"/f2b/jail.d/* "$T/f2b/jail.local"
	# nothing is said but that there is such a jail, and where the log is
	printf '[asterisk]\nenabled = true\nlogpath = %s\n' "$T/messages" >"$T/f2b/jail.d/pbx.conf"
	printf '[Definition]\nlogtarget = %s\ndbfile = None\n' "$T/f2b.log" >"$T/f2b/fail2ban.local"
	# it asks for its own name, and shall not wait for a name server that nobody can reach
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	# shellcheck disable=SC2016
	ip netns exec "$NS-pbx" sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' - \
		"$T/resolv.conf" fail2ban-server -f -c "$T/f2b" -s "$T/f2b.sock" -p "$T/f2b.pid" start \
		>"$T/f2b.err" 2>&1 </dev/null &
	wait_for 30 jail_is_up || fail "fail2ban does not start: $(tail -n 5 "$T/f2b.err" "$T/f2b.log")"
}
f2b_banned() { jail status asterisk | grep -q "Banned IP list:.*$1"; }

attacks
column nothing
: >"$T/messages"
fail2ban
attacks
must "fail2ban has not banned, the test proves nothing: $(tail -n 5 "$T/f2b.log")" \
	wait_for 20 f2b_banned 198.18.4.1
column fail2ban
jail stop >/dev/null
guard_start
attacks
column sipmoat
guard_stop

printf '%s\n' 'svwar under its own name, 300 users' 'svwar as "Acme Desk Phone 7.1", 300 users' \
	'100 guesses at a password, each after the answer to the last' \
	'60 guesses, one in a tenth of a second' \
	'200 guesses before the first answer is read' \
	'150 guesses for one user, each from an address of its own' \
	'2,000 REGISTERs without credentials in two seconds' >"$T/names"
printf '| packets that reach the server | nothing | fail2ban | sipmoat |\n|---|---|---|---|\n'
paste -d'|' "$T/names" "$T/nothing" "$T/fail2ban" "$T/sipmoat" | sed 's/|/ | /g; s/^/| /; s/$/ |/'

# of_column FILE ROW
of_column() { sed -n "${2}p" "$T/$1"; }
for row in 1 2 3 4 5 6 7; do
	must "row $row: sipmoat lets through more than fail2ban" \
		[ "$(of_column sipmoat $row)" -le "$(of_column fail2ban $row)" ]
done
must "something of a scanner came through" [ "$(of_column sipmoat 1)" = 0 ]
must "a flood is over 16" [ "$(of_column sipmoat 7)" -le 16 ]
must "fail2ban stops nobody, the comparison proves nothing" \
	[ "$(of_column fail2ban 4)" -lt "$(of_column nothing 4)" ]
