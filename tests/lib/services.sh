# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# A server that counts (tests/lib/services.cfg), phones behind one NAT address, and what the
# daemon has counted; field.sh comes first.

HOME4=203.0.113.40 # the address that the phones at home share
PBX_CONF=$FIELD_LIB/services.cfg

# starts the server; it knows its users by a file
counting_pbx() {
	mkdir -p "$T/kamailio"
	{
		echo 'username(string) domain(string) password(string)'
		for ((u = 1000; u < 1200; u++)); do
			echo "$u:example.net:pw-$u"
		done
	} >"$T/kamailio/subscriber"
	PBX_MEMORY=128 pbx_start
}

# counted NAME: how often the server saw this (NAME: see services.cfg)
counted() {
	pbx kamcmd -s "unix:$T/kamailio/kamailio_ctl" htable.get count "$1" 2>/dev/null |
		awk '$1 == "value:" { n = $2 } END { print n + 0 }'
}
# counted_all PREFIX: all whose names begin so, together
counted_all() {
	pbx kamcmd -s "unix:$T/kamailio/kamailio_ctl" htable.dump count |
		awk -v p="$1" '$1 == "name:" { mine = index($2, p) == 1 }
			$1 == "value:" && mine { n += $2 } END { print n + 0 }'
}
# statistic GROUP NAME: one of the server's own
statistic() {
	pbx kamcmd -s "unix:$T/kamailio/kamailio_ctl" stats.get_statistics "$1:" |
		awk -v n="$1:$2" '$1 == n { print $3 }'
}

# home: a router with NAT and a network behind it, 10.0.0.10 to 10.0.0.13
home() {
	local i
	bot 40
	ip netns add "$NS-home"
	BOTS="$BOTS home"
	ip -n "$NS-home" link add h0 type veth peer name lan0 netns "$NS-bot40"
	ip -n "$NS-bot40" addr add 10.0.0.1/24 dev lan0
	ip -n "$NS-bot40" link set lan0 up
	bot_run 40 sysctl -qw net.ipv4.ip_forward=1
	bot_run 40 nft 'table ip home { chain post { type nat hook postrouting priority srcnat;
		oifname "e0" masquerade; }; }' || skip "this machine cannot do NAT"
	ip -n "$NS-home" link set lo up
	for i in 10 11 12 13; do
		ip -n "$NS-home" addr add "10.0.0.$i/24" dev h0
	done
	ip -n "$NS-home" link set h0 up
	ip -n "$NS-home" route add default via 10.0.0.1
}

# untouched: nothing was refused, banned, found, nor passed unjudged
untouched() {
	local name
	report
	for name in dropped observed bans resets waited queue_lost errors event_lost; do
		[ "$(of_report $name)" = 0 ] || fail "sipmoatd: $name $(of_report $name): $(told)"
	done
	awk '$2 == "check" && $4 { print $3, $4 }' "$T/report" >"$T/found"
	must "checks found something: $(paste -sd, "$T/found"): $(told)" [ ! -s "$T/found" ]
}
# what the log tells of refused packets
told() { grep -E '(banned|dropped|alert|would have).* from ' "$T/guard.log" | head -n 5; }

pbx_stop() {
	local pid
	pid=$(cat "$T/kamailio/pid")
	kill "$pid" 2>/dev/null
	wait_for 20 pbx_ended || fail "Kamailio does not end"
	rm -rf "$T/kamailio"
}
pbx_ended() { [ -z "$(pbx ss -Hlun "sport = :5060")" ] && ! kill -0 "$pid" 2>/dev/null; }
