#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# svcrack guesses a password against a real Kamailio, under an innocent name: no more guesses than
# configured come through, whatever way they are sent.  The phone that the password belongs to
# registers and calls all the time, and so do those who share an address with a bad phone.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
field_open
need kamailio kamcmd sipp svcrack
field_topology router
home
# every address of these is the wan's: a source for each attack
wan ip route add local 198.18.0.0/16 dev lo
if has_v6; then
	wan ip -6 route add local 2001:db8:66:77::/64 dev lo
	wan sysctl -qw net.ipv6.ip_nonlocal_bind=1
fi
must "no scenarios" $PY "$FIELD_LIB/scenarios.py" "$T"
mkdir "$T/etc"
# what else could stop guessing is off
cat >"$T/etc/sipmoat.conf" <<'CONF'
agent = { mode = "off"; };
scan = { mode = "off"; };
flood = { mode = "off"; };
CONF
counting_pbx

# the right one comes soon after the last that may come through
{ seq -f 'wrong-%g' 12; echo pw-1001; seq -f 'late-%g' 60; } >"$T/words"
# other ways than svcrack's; each is for a user of its own
ways=("" --reuse "--ahead 40" "--ahead 40 --reuse" --ports "--ports --ahead 40" "--decoy"
	"--owner 1060" "-m INVITE" "--ahead 40 -m INVITE" "--same --reuse" "--same --ahead 40 --reuse"
	"--spell USERNAME=\"%s\"" "--spell username=%s" "--spell username=\"%s@b.example\"" "-m MESSAGE"
	"--decoy --ahead 40" "--spell username=\"nobody\",username=\"%s\"" --tcp "--tcp --ahead 40 --reuse"
	"--tcp --ports")

svcrack() {
	wan timeout 60 $PY "$FIELD_LIB/vicious.py" svcrack "$1" "Acme Desk Phone 7.1" -u 1001 \
		-d "$T/words" "${@:2}" $PBX4 2>&1
}
guess() { wan timeout 60 $PY "$FIELD_LIB/guess.py" "$1" $PBX4 "${@:2}"; }
right() { case $1 in *'"right": true'*) return 0 ;; esac; return 1; }
wrong() { ! right "$1"; }
# at_most LIMIT GUESSES WHAT: so many came through, and some did
at_most() {
	[ "$2" -le "$1" ] || fail "$3: the server saw $2 guesses, not $1: $(told)"
	[ "$2" -gt 0 ] || fail "$3: something else stopped it: $(told)"
	note "$3: $2 came through"
}
cracked() { grep -q '1001.*pw-1001' <<<"$1"; }

# shellcheck disable=SC2086 # ways are options
without_firewall() {
	local way got user=1010
	for way in "" -n; do
		got=$(svcrack 198.18.255.1 $way)
		must "svcrack $way does not work, the test proves nothing: $got" cracked "$got"
	done
	for way in "${ways[@]}"; do
		user=$((user + 1))
		got=$(guess 198.18.255.1 -n 40 -u $user -p pw-$user $way)
		must "guessing $way does not work, the test proves nothing: $got" right "$got"
	done
}

# lives NAME ADDRESS PORT USER [NAMESPACE]: a phone registers and calls until lived says so
lives() {
	users "$4" "$4" 1051 >"$T/$1.users"
	PHONE_NS=${5:-} phone "$1" caller-plain 4 "$2" "$3" -inf "$T/$1.users" -r 4 -d 200 -timeout 400s \
		-timeout_error &
	pids="$pids $1:$!"
	PHONE_NS=${5:-} phone "$1-again" register 4 "$2" $(($3 + 1)) -inf "$T/$1.users" -r 4 -key contact_port "$3" \
		-timeout 400s -timeout_error &
	pids="$pids $1-again:$!"
}
lived() {
	local p least=1000000
	for p in $pids; do
		kill -0 "${p#*:}" 2>/dev/null || fail "${p%:*} ended before the attacks did: $(good "${p%:*}") good"
		kill -USR1 "$(pgrep -P "${p#*:}")" # SIPp begins nothing more
	done
	for p in $pids; do
		wait "${p#*:}" || fail "${p%:*}: $(good "${p%:*}") good, $(bad "${p%:*}") bad: $(told)"
		[ "$(good "${p%:*}")" -ge $least ] || least=$(good "${p%:*}")
	done
	pids=
	must "they hardly called" [ $least -ge 20 ]
	note "the guessed user's phone, and one beside a bad phone: at least $least calls and registrations each, none failed"
}

# shellcheck disable=SC2086 # ways are options
attacks() {
	local way got user=1010 n=2 crackers=
	svcrack 198.18.1.1 --maximumtime 1 >"$T/cracker.1" &
	crackers=$!
	svcrack 198.18.2.1 --maximumtime 1 -n >"$T/cracker.2" &
	crackers="$crackers $!"
	for way in "${ways[@]}"; do
		user=$((user + 1)) n=$((n + 1))
		got=$(guess 198.18.$n.1 -n 40 --wait 0.2 -u $user -p pw-$user $way)
		must "guessing $way found the password: $got" wrong "$got"
		at_most 10 "$(counted guess-198.18.$n.1)" "guesses${way:+ $way}"
	done
	wait $crackers
	for n in 1 2; do
		! cracked "$(cat "$T/cracker.$n")" || fail "svcrack found the password"
		at_most 10 "$(counted guess-198.18.$n.1)" "svcrack $n"
	done

	# one source, many users: it is banned
	guess 198.18.100.1 -n 100 --wait 0.2 -u 1060-1159 >"$T/spray"
	at_most 50 "$(counted guess-198.18.100.1)" "one source, a hundred users"
	must_ban 198.18.100.1
	# many sources, one user, who is on the phone meanwhile
	guess 198.18.101.%d -n 200 --wait 0.05 -u 1001 >"$T/many"
	at_most 100 "$(counted_all guess-198.18.101.)" "two hundred sources, one user"
	if has_v6; then
		got=$(wan timeout 60 $PY "$FIELD_LIB/guess.py" 2001:db8:66:77::%d $PBX6 -n 40 --wait 0.2 -u 1008 \
			-p pw-1008)
		must "guessing from a whole /64 found the password: $got" wrong "$got"
		at_most 10 "$(counted guess-1008)" "a whole /64"
	fi
	# one bad phone at home
	got=$(ip netns exec "$NS-home" $PY "$FIELD_LIB/guess.py" 10.0.0.13 $PBX4 -n 40 \
		--wait 0.2 -u 1003)
	at_most 10 "$(counted guess-1003)" "a bad phone at home"
	must_not_ban $HOME4
}

# who mistypes and then gets it right begins anew
forgiven() {
	local got
	for got in 1 2 3; do
		got=$(guess 198.18.102.1 -u 1006 -n 9 -p pw-1006)
		must "eight mistakes, and the password is refused: $got" right "$got"
	done
	note "$(counted guess-198.18.102.1) logins of a user who mistypes"
}

without_firewall
guard_start "$T/etc/sipmoat.conf"
phone callee callee-plain 4 $CALLEE4 5070 2>/dev/null &
wait_for 30 phone_listens $CALLEE4 5070 || fail "SIPp does not listen"
register callee-registers 4 $CALLEE4 1051 1051 5070 || fail "the callee cannot register"
pids=
lives victim $CALLER4 5062 1001
lives beside 10.0.0.10 5064 1004 "$NS-home"
attacks
forgiven
lived
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]

# as configured, and no longer than configured
echo 'auth = { failures = 3; lock = "4s"; };' >>"$T/etc/sipmoat.conf"
guard_start "$T/etc/sipmoat.conf"
got=$(guess 198.18.103.1 -u 1007 -n 4 --wait 0.2 -p pw-1007)
must "the fourth guess comes through: $got" wrong "$got"
at_most 3 "$(counted guess-198.18.103.1)" "three configured"
again() { right "$(guess 198.18.103.1 -u 1007 -n 1 --wait 0.2 -p pw-1007)"; }
wait_for 10 again || fail "the lock does not end: $(told)"
