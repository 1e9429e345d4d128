#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# svwar looks for extensions of a real Kamailio, under an innocent name and slowly enough for every
# budget: it is banned, and the server has seen no more of them asked for than configured.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
field_open
need kamailio kamcmd sipp svwar
field_topology router
# every address of these is the wan's: a source for each scan
wan ip route add local 198.18.0.0/16 dev lo
mkdir "$T/etc"
counting_pbx

# war N METHOD EXTENSIONS SECONDS: scan number N
war() {
	wan timeout 90 $PY "$FIELD_LIB/vicious.py" svwar "198.18.$1.1" "Acme Desk Phone 7.1" -m "$2" \
		-e "$3" -t "$4" --maximumtime 1 $PBX4 >"$T/war.$1" 2>&1
}
found() { grep -cE '^\| 1[01][0-9][0-9] ' "$T/war.$1"; }
targets() { counted "target-198.18.$1.1"; }
# at_most TARGETS N WHAT: reached the server, and the source is banned for it
at_most() {
	local n
	n=$(targets "$2")
	must_ban "198.18.$2.1"
	case $(ban_line "198.18.$2.1") in
	*'comment "scan'*) ;;
	*) fail "$3: banned for something else: $(ban_line "198.18.$2.1")" ;;
	esac
	[ "$n" -le "$1" ] || fail "$3: the server saw $n extensions, not $1"
	[ "$n" -ge $((LEAST)) ] || fail "$3: banned after $n extensions"
	note "$3: banned after $n extensions"
}
all() {
	local p
	for p in $pids; do
		wait "$p"
	done
	pids=
}
pids=

# without a firewall it finds all of them, whatever it asks
n=200
pids=
for method in REGISTER OPTIONS INVITE; do
	n=$((n + 1))
	war $n $method 990-1049 0.005 &
	pids="$pids $!"
done
all
for n in 201 202 203; do
	[ "$(found $n)" = 50 ] || fail "svwar does not work, the test proves nothing: $(cat "$T/war.$n")"
done

# What else could stop it is off (it gives the server as its own Contact), and everybody is known
# from the start.  A few more may pass: what is remembered of targets takes some for one.
cat >"$T/etc/sipmoat.conf" <<'CONF'
agent = { mode = "off"; };
stray = { mode = "off"; };
register = { own = "accept"; };
memory = { learning = "0s"; };
scan = { targets = 20; unanswered_port = 30; score = 1000; };
CONF
guard_start "$T/etc/sipmoat.conf"
# unknown extensions, known ones, and both, at 5 a second: a challenge is left alone when it was
# not answered for 8 to 16 s
while read -r n method range; do
	war "$n" "$method" "$range" 0.2 &
	pids="$pids $!"
done <<'SCANS'
1 REGISTER 2000-2199
2 OPTIONS 2000-2199
3 INVITE 2000-2199
4 REGISTER 1000-1199
5 OPTIONS 1000-1199
6 INVITE 1000-1199
7 REGISTER 990-1199
SCANS
all
for n in 1 2 3; do
	LEAST=20 at_most 28 $n "scan $n, unknown extensions"
	must "svwar found extensions" [ "$(found $n)" = 0 ]
done
for n in 4 5 6; do
	LEAST=30 at_most $((36 + 16 * 5)) $n "scan $n, known extensions"
done
LEAST=40 at_most $((46 + 16 * 5)) 7 "scan 7, ten unknown and then known extensions"
# who lives next door is not to blame
register neighbour 4 198.18.1.2 1001 1003 5070 || fail "a neighbour cannot register: $(told)"
must_not_ban 198.18.1.2
guard_stop

# shortly after a start nobody can be known: four times as many
sed -i /learning/d "$T/etc/sipmoat.conf"
guard_start "$T/etc/sipmoat.conf"
war 8 REGISTER 2000-2199 0.13
LEAST=80 at_most 115 8 "scan 8, shortly after the start"
# as shipped, but for its name
sed -i '/stray/d; /register/d' "$T/etc/sipmoat.conf"
guard_reload
war 9 REGISTER 2000-2199 0.2
must "svwar comes through: $(targets 9)" [ "$(targets 9)" = 0 ]
