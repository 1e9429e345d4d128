#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo make demo: a gateway with sipmoatd and its shipped config in front of Kamailio; phones
# call through it while scanners, a password cracker and a flood attack.  All of it lives in
# network namespaces of its own; nothing on the host is touched.  The country is made up, for
# addresses that nobody has any more: those for documentation are in none.
. "$(dirname "$0")/../lib/field.sh"
CALLS4=150
CALLS6=40
MAPPER=203.0.113.31 WARRIOR=203.0.113.32 CRACKER=203.0.113.33 FLOODER=203.0.113.14
WARRIOR6=2001:db8:66:34::1 WARRIOR6_SITE=2001:db8:66:34::
ABROAD6=3ffe:66:0:1::1 ABROAD6_SITE=3ffe:66:0:1::

bold='' dim='' red='' green='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi
tell() { printf '%s%s  %s%s\n' "$bold" "$(date +%T)" "$*" "$plain"; }
stop() { printf '\n%sdemo: %s%s\n' "$red" "$*" "$plain"; exit 1; }
skip() { stop "$*"; } # what a test may lack, the demo needs
problems=0
problem() { problems=$((problems + 1)); printf '%sPROBLEM: %s%s\n' "$red" "$*" "$plain"; }

# counts, per source, what comes from the Internet and what passes to the server's side:
# measured by the kernel, outside of sipmoat
meters() {
	gw nft -f - <<-'RULES'
		table inet demo {
			set seen4 { type ipv4_addr; flags dynamic; size 4096; }
			set seen6 { type ipv6_addr; flags dynamic; size 4096; }
			set passed4 { type ipv4_addr; flags dynamic; size 4096; }
			set passed6 { type ipv6_addr; flags dynamic; size 4096; }
			chain pre {
				type filter hook prerouting priority -500;
				iifname wan0 udp dport 5060 update @seen4 { ip saddr counter }
				iifname wan0 udp dport 5060 update @seen6 { ip6 saddr counter }
			}
			chain post {
				type filter hook postrouting priority 500;
				oifname lan0 udp dport 5060 update @passed4 { ip saddr counter }
				oifname lan0 udp dport 5060 update @passed6 { ip6 saddr counter }
			}
		}
	RULES
}

# count SET ADDRESS
count() {
	gw nft get element inet demo "$1" "{ $2 }" 2>/dev/null |
		sed -n 's/.*packets \([0-9]*\).*/\1/p' | grep . || echo 0
}

follow_log() {
	tail -n +1 -f "$T/guard.log" 2>/dev/null | sed -u "s/^/          ${dim}sipmoatd | /;s/\$/$plain/" &
	FOLLOW=$!
}

# attack BOT NAME SOURCE WHAT COMMAND...
attack() {
	local n=$1 name=$2 source=$3 what=$4
	shift 4
	tell "${red}Attack from $source: $what${plain}"
	scan "$n" "$name" "$@"
}

# caught ADDRESS: waits for the ban
caught() {
	if wait_for 15 banned "$1" && wait_for 5 logged "banned $1(/64)? "; then
		sleep 0.3 # for the reader: the log's line comes first
		tell "${green}Banned: $1${plain}"
	else
		problem "$1 was not banned"
	fi
}

# row ADDRESS SITE WHAT: one line of the verdict table
row() {
	local v=4 seen passed left until='-'
	case $1 in *:*) v=6 ;; esac
	seen=$(count seen$v "$1")
	passed=$(count passed$v "$1")
	left=$(ban_line "$2" | sed -n 's/.*expires \([0-9dhms]*\).*/\1/p' |
		sed 's/[0-9]*ms$//')
	[ -z "$left" ] || until="$(clock_in "$left") (in $left)"
	printf '%-18s  %-34s  %7d  %7d  %s\n' "$1" "$3" "$seen" $((seen - passed)) "$until"
}

# clock_in 4m53s: the time of day then
clock_in() {
	local s
	s=$(sed 's/d/*86400+/; s/h/*3600+/; s/m/*60+/; s/s/+/; s/$/0/' <<<"$1")
	date -d "+$((s)) seconds" +%T
}

prepare() {
	field_open
	need kamailio sipp svmap svwar svcrack
	field_topology router
	meters
	configure
	pbx_start
	tell "Kamailio stands behind the gateway, with 100 users and digest authentication."
	phones_ready 4
	! has_v6 || phones_ready 6
}

# the shipped config, and a country that nobody here has to do with
configure() {
	mkdir "$T/etc" "$T/etc/conf.d" && cp -r "$ROOT/systemd/sipmoat.conf" "$ROOT/systemd/lists" "$T/etc" ||
		stop "no config"
	$PY "$FIELD_LIB/mmdb.py" "$T/etc/country.mmdb" maxmind 3ffe:66::/32=AQ || stop "no database"
	cat >"$T/etc/conf.d/site.conf" <<-CONF
		geo = { country = "$T/etc/country.mmdb"; };
		country = { mode = "enforce"; deny = [ "AQ" ]; };
	CONF
}

unprotected() {
	tell "First without protection: svwar looks for users ..."
	bot 35
	bot_run 35 timeout 20 svwar -e1000-1100 $PBX4 >"$T/before" 2>/dev/null </dev/null
	found=$(grep -cE '^\| [0-9]+ +\| reqauth' "$T/before")
	tell "... and finds $found of 100 in a few seconds."
}

protect() {
	tell "Now sipmoatd guards the gateway, with the config it is shipped with, and one country denied."
	guard_start "$T/etc/sipmoat.conf"
	follow_log
	register callers 4 $CALLER4 1001 1010 5062 || problem "the phones of the office cannot register"
	tell "The office registers its phones and starts $CALLS4 calls."
	calls office 4 $CALLER4 5062 $CALLS4 6 1500 &
	OFFICE=$!
	if has_v6; then
		register callers6 6 $CALLER6 1011 1020 5064 || problem "the IPv6 phones cannot register"
		tell "A branch does the same over IPv6, $CALLS6 calls."
		calls branch 6 $CALLER6 5064 $CALLS6 2 1500 &
		BRANCH=$!
	fi
}

attacks() {
	attack 31 svmap $MAPPER "svmap looks for SIP servers" \
		svmap 192.0.2.128/28
	caught $MAPPER
	attack 32 svwar $WARRIOR "svwar looks for users" \
		svwar -e1000-1100 $PBX4
	caught $WARRIOR
	attack 33 svcrack $CRACKER "svcrack guesses a password" \
		svcrack -u 1001 -r 1-1000 $PBX4
	caught $CRACKER
	if has_v6; then
		attack 34 svwar6 $WARRIOR6 "svwar looks for users, over IPv6" \
			svwar -6 -e1000-1100 $PBX6
		caught $WARRIOR6_SITE
	fi
	if has_v6; then
		tell "${red}From $ABROAD6, in a country that is denied: a call, politely${plain}"
		ip -n "$NS-wan" addr add $ABROAD6/128 dev w0 nodad
		unanswered "$(sip $ABROAD6 $PBX6 -m INVITE)" || problem "$ABROAD6 was answered"
		caught $ABROAD6_SITE
	fi
	tell "${red}Attack from $FLOODER: 500 REGISTERs a second, with an innocent name${plain}"
	phone flood flood 4 $FLOODER 5061 -r 500 -m 2500 -timeout 20s 2>/dev/null &
	FLOOD=$!
	caught $FLOODER
	wait $FLOOD
}

# calls_done PID NAME WANTED WHO
calls_done() {
	wait "$1"
	local rc=$?
	if [ $rc = 0 ] && [ "$(good "$2")" = "$3" ]; then
		tell "${green}$4: $(good "$2") of $3 calls completed.${plain}"
	else
		problem "$4: $(good "$2") of $3 calls completed (SIPp's exit status $rc)"
	fi
}

verdict() {
	local v
	sleep 0.3 # the last line of the log
	kill $FOLLOW 2>/dev/null
	printf '\n%s# nft list set inet sipmoat banned4%s\n' "$bold" "$plain"
	gw nft list set inet sipmoat banned4
	if has_v6; then
		printf '%s# nft list set inet sipmoat banned6%s\n' "$bold" "$plain"
		gw nft list set inet sipmoat banned6
	fi
	printf '\n%s%-18s  %-34s  %7s  %7s  %s%s\n' "$bold" source 'what it did' seen dropped \
		'banned until' "$plain"
	row $CALLER4 $CALLER4 "office: $(good office) of $CALLS4 calls"
	row $CALLEE4 $CALLEE4 "phones that answer"
	! has_v6 || row $CALLER6 2001:db8:10:1:: "branch: $(good branch) of $CALLS6 calls"
	row $MAPPER $MAPPER "svmap: looked for servers"
	row $WARRIOR $WARRIOR "svwar: looked for users"
	row $CRACKER $CRACKER "svcrack: guessed a password"
	! has_v6 || row $WARRIOR6 $WARRIOR6_SITE "svwar over IPv6"
	! has_v6 || row $ABROAD6 $ABROAD6_SITE "called from a denied country"
	row $FLOODER $FLOODER "flood: $(sipp_count flood 'TotalCallCreated') REGISTERs of SIPp"
	echo "seen: SIP packets that came to the gateway; dropped: did not pass it (kernel counters)"
	for v in $CALLER4 $CALLEE4 2001:db8:10:1:: 2001:db8:10:2::; do
		! banned $v || problem "$v is banned, and did nothing wrong"
	done
	if grep -qE '^\| [0-9]+ ' "$T/svwar.out"; then
		problem "svwar found users"
	fi
}

printf '\n  Internet (wan) ------ gateway (gw): sipmoatd ------ Kamailio (pbx)\n\n'
prepare
trap 'printf "\ninterrupted, cleaning up\n"; exit 130' INT
unprotected
protect
attacks
tell "The attackers are cut off.  The calls go on ..."
calls_done $OFFICE office $CALLS4 "Office"
! has_v6 || calls_done $BRANCH branch $CALLS6 "Branch over IPv6"
verdict
guard_stop
[ "$GUARD_RC" = 0 ] || problem "sipmoatd ended with status $GUARD_RC"
echo
if [ $problems -gt 0 ]; then
	stop "$problems problems, see above"
fi
tell "${green}Every call completed, every attacker is banned.${plain}"
