#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Marks, with the rules that docs/marks.md gives: a scanner's next packets go to a honeypot, by
# DNAT, and the PBX hears nothing of it; those of another source take another route; tc-like
# rules see the mark.  Who is registered is not marked by forged packets, and nobody else goes
# astray.  By hand, after a reload, and while sipmoatd is stopped.  IPv4 and IPv6.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio conntrack
field_topology router
TRAP4=203.0.113.194
TRAP6=2001:db8:0:3::194

# the honeypot, on a link of its own; and there, too, for what is routed to it
trap_start() {
	local all="$TRAP4 $PBX4"
	ip netns add "$NS-trap"
	BOTS="$BOTS trap"
	ip -n "$NS-trap" link add t0 type veth peer name trap0 netns "$NS-gw"
	ip -n "$NS-trap" link set lo up
	ip -n "$NS-trap" addr add $TRAP4/30 dev t0
	ip -n "$NS-trap" addr add $PBX4/32 dev lo
	ip -n "$NS-trap" link set t0 up
	ip -n "$NS-gw" addr add 203.0.113.193/30 dev trap0
	ip -n "$NS-gw" link set trap0 up
	ip -n "$NS-trap" route add default via 203.0.113.193
	gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.trap0.rp_filter=0
	if has_v6; then
		ip -n "$NS-trap" addr add $TRAP6/64 dev t0 nodad
		ip -n "$NS-gw" addr add 2001:db8:0:3::1/64 dev trap0 nodad
		ip -n "$NS-trap" -6 route add default via 2001:db8:0:3::1
		all="$all $TRAP6"
	fi
	# shellcheck disable=SC2086
	ip netns exec "$NS-trap" $PY "$FIELD_LIB/echo.py" --heard "$T/trapped" $all \
		>"$T/trap.log" 2>&1 </dev/null &
	wait_for 10 trap_listens || fail "the honeypot does not start: $(cat "$T/trap.log")"
}
trap_listens() { [ -n "$(ip netns exec "$NS-trap" ss -Hltn "sport = :5060")" ]; }
trapped() { grep -cE -- "$1" "$T/trapped"; }
is_trapped() { grep -qE -- "$1" "$T/trapped"; }

# came ADDRESS: packets of it that reached the PBX
pbx_counts() {
	local a v
	pbx nft -f - <<<'table inet seen { chain in { type filter hook input priority 100; }; }'
	for a; do
		case $a in *:*) v=ip6 ;; *) v=ip ;; esac
		pbx nft add rule inet seen in $v saddr "$a" counter comment "\"$a\""
	done
}
came() {
	pbx nft list chain inet seen in | awk -v w="\"$1\"" 'index($0, w) {
		for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'
}

# marked ADDRESS [MARK]: is it in the map, with that mark?
map_of() { case $1 in *:*) echo marked6 ;; *) echo marked4 ;; esac; }
marked() {
	guarded nft get element inet sipmoat "$(map_of "$1")" "{ $1 }" 2>/dev/null |
		grep -qE ": 0x0*${2:-[0-9a-f]+}[ }]"
}
not_marked() { ! marked "$@"; }
must_mark() { wait_for 10 marked "$@" || fail "$1 is not marked ${2:-}: $(gw nft list map inet sipmoat "$(map_of "$1")")"; }

# the operator's rules
operator() {
	gw nft -f - <<-RULES || skip "this kernel has no NAT in nftables"
	table ip honeypot {
		chain pre {
			type nat hook prerouting priority dstnat;
			meta mark 7 meta l4proto { tcp, udp } th dport 5060 dnat to $TRAP4
		}
	}
	table ip6 honeypot {
		chain pre {
			type nat hook prerouting priority dstnat;
			meta mark 7 meta l4proto { tcp, udp } th dport 5060 dnat to $TRAP6
		}
	}
	table inet slow {
		chain post {
			type filter hook postrouting priority 0;
			meta mark 8 counter comment "eight"
			meta mark 7 udp dport 20000 counter comment "seven"
		}
	}
	RULES
}
slow() {
	gw nft list chain inet slow post | awk -v w="\"$1\"" 'index($0, w) {
		for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'
}
# media SOURCE: a packet that is no SIP
media() { sip "$1" $PBX4 --dport 20000 --raw x -w 0 >/dev/null; }

write_conf() {
	cat >"$T/sipmoat.conf" <<-CONF
	inside = [ "$PBX4", "$PBX6" ];
	store = { file = ""; };
	agent = { ban = "0s"; mark = $1; };
	method = { action = "mark"; mark = 8; deny = [ "PUBLISH" ]; ban_after = 1; };
	$2
	CONF
}

# to_honeypot SOURCE TARGET [SITE]
to_honeypot() {
	local source=$1 target=$2 site=${3:-$1} got before
	got=$(answer_to "$source" "$target" -p 5070 --user '')
	must "$source: an honest request is not answered: $got" answered 200 "$got"
	before=$(came "$source")
	must "$source is marked before it did anything" not_marked "$site"
	got=$(sip "$source" "$target" -p 5070 -a friendly-scanner)
	must "$source: what a scanner sends was answered: $got" unanswered "$got"
	must_mark "$site" 7
	wait_for 10 logged "dropped ${site}[^ ]* and marked it with 0x7 for 5m: agent: " ||
		fail "$source: not in the log: $(tail -n 3 "$T/guard.log")"
	wait_for 10 untracked "$source" || fail "$source: its entry stays: $(gw conntrack -L 2>/dev/null)"
	# from the port that had a connection to the PBX
	got=$(answer_to "$source" "$target" -p 5070 -a friendly-scanner)
	must "$source: its next request is not answered: $got" answered 200 "$got"
	must "$source: ... by the honeypot" is_trapped "^udp $source OPTIONS friendly-scanner"
	# none of the checks stands in the way to the honeypot
	got=$(sip "$source" "$target" -m REGISTER -n 200 -r 500 -w 2)
	must "$source: the honeypot has $(trapped "^udp $source REGISTER") of 200" \
		[ "$(trapped "^udp $source REGISTER")" = 200 ]
	must "$source: not all were answered: $got" grep -q '"200": 200' <<<"$got"
	tcp "$source" "$target" good | grep -q '"answers": 1,' || fail "$source: no connection"
	must "$source: ... with the honeypot" is_trapped "^tcp $source OPTIONS"
	must "$source: the PBX saw more of it" [ "$(came "$source")" = "$before" ]
	must_not_ban "$site"
}
untracked() {
	local family=ipv4
	case $1 in *:*) family=ipv6 ;; esac
	[ -z "$(gw conntrack -L -f $family -s "$1" -p udp --sport 5070 2>/dev/null)" ]
}
# honest SOURCE TARGET
honest() {
	local before got
	before=$(came "$1")
	got=$(answer_to "$1" "$2" --user '')
	must "$1: not answered: $got" answered 200 "$got"
	[ "$(came "$1")" -gt "$before" ] || fail "$1 went astray"
}

pbx_start
trap_start
operator
pbx_counts 203.0.113.11 203.0.113.12 203.0.113.14 203.0.113.15 $CALLER4 \
	2001:db8:66:11::1 $CALLER6
write_conf 7
guard_start "$T/sipmoat.conf"

got=$(wan $PY "$FIELD_LIB/phones.py" $CALLER4 $PBX4 -u 1004 -p 5060)
must "not registered: $got" answered 200 "$got"
to_honeypot 203.0.113.11 $PBX4
honest $CALLER4 $PBX4
if has_v6; then
	to_honeypot 2001:db8:66:11::1 $PBX6 2001:db8:66:11::
	honest $CALLER6 $PBX6
fi
media 203.0.113.11
must "other packets of it have no mark" [ "$(slow seven)" = 1 ]
note "a scanner goes to the honeypot, and honest sources to the PBX"

got=$(sip $CALLER4 $PBX4 -a friendly-scanner)
must "what is forged was answered: $got" unanswered "$got"
wait_for 10 logged "dropped $CALLER4: agent: " || fail "what is forged is not in the log"
must "a registered phone is marked" not_marked $CALLER4
honest $CALLER4 $PBX4
note "a packet forged in the name of a registered phone marks nobody"

# the packet that was found carries the mark; those after it are routed by it
sip 203.0.113.12 $PBX4 -m PUBLISH >/dev/null
[ "$(slow eight)" -ge 1 ] || fail "what was found passes without the mark"
[ "$(came 203.0.113.12)" -ge 1 ] || fail "it did not pass"
must_mark 203.0.113.12 8
wait_for 10 logged "marked 203.0.113.12 with 0x8 for 5m: method: " || fail "not in the log"
ip -n "$NS-gw" rule add fwmark 8 table 88
ip -n "$NS-gw" route add $PBX4 via $TRAP4 table 88
before=$(came 203.0.113.12)
got=$(answer_to 203.0.113.12 $PBX4 -m OPTIONS)
must "what is routed by the mark is not answered: $got" answered 200 "$got"
must "... from there" is_trapped "^udp 203.0.113.12 OPTIONS"
must "the PBX saw it" [ "$(came 203.0.113.12)" = "$before" ]
honest 203.0.113.15 $PBX4
report
must "the report tells of $(of_report marks) sources" [ "$(of_report marks)" -ge 2 ]
must "the report tells of $(of_report marked) packets" [ "$(of_report marked)" -ge 1 ]
must "the report does not tell what is in the kernel" grep -q 'marks: 2 IPv4' "$T/report"
note "another route by the mark"

# by hand
gw nft add element inet sipmoat marked4 '{ 203.0.113.14 timeout 1h : 7 }'
sip 203.0.113.14 $PBX4 >/dev/null
must "marked by hand, and not led there" is_trapped "^udp 203.0.113.14 OPTIONS"
gw nft delete element inet sipmoat marked4 '{ 203.0.113.14 }'
honest 203.0.113.14 $PBX4

# stopped, killed: the marks stay, and are read back
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
must_mark 203.0.113.11 7
media 203.0.113.11
must "while it is stopped nothing is marked" [ "$(slow seven)" = 2 ]
: >"$T/guard.log"
guard_start "$T/sipmoat.conf"
must_mark 203.0.113.11 7
must_mark 203.0.113.12 8
report
must "not read back" grep -q 'marks: 2 IPv4' "$T/report"
gw nft flush ruleset
operator
wait_for 10 logged 'put back' || fail "the table is not put back"
must_mark 203.0.113.11 7
must_mark 203.0.113.12 8
note "marks outlast a stop, and a flush"

# other marks, less of its packets
write_conf 9 'marks = { scope = "sip"; };'
guard_reload
must "a mark that nobody gives any more stays" not_marked 203.0.113.11
must_mark 203.0.113.12 8
sip 203.0.113.14 $PBX4 -a friendly-scanner >/dev/null
must_mark 203.0.113.14 9
gw nft add rule inet slow post meta mark 9 udp dport 20000 counter comment '"nine"'
gw nft add rule inet slow post meta mark 9 udp dport 5060 counter comment '"sip"'
media 203.0.113.14
must "with scope sip other packets have a mark" [ "$(slow nine)" = 0 ]
sip 203.0.113.14 $PBX4 >/dev/null
[ "$(slow sip)" -ge 1 ] || fail "with scope sip SIP has no mark"
write_conf 9 'mode = "observe";'
guard_reload
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
before=$(slow sip)
sip 203.0.113.14 $PBX4 >/dev/null
must "in observe mode there are marks" [ "$(slow sip)" = "$before" ]
wait_for 10 logged 'would have dropped 203.0.113.11' || fail "not told in observe mode"
must "in observe mode a source is marked" not_marked 203.0.113.11
note "a reload changes marks, their scope, and ends them"
