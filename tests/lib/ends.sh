# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests named ends* have in common; field.sh, services.sh, ended.sh and barred.sh come
# first.  Calls of a banned source through a real Kamailio.

# calls_end VALUE: bans.calls
calls_end() {
	mkdir -p "$T/etc"
	printf 'bans = { calls = "%s"; };\n' "$1" >"$T/etc/sipmoat.conf"
}
# by_hand ADDRESS: banned
by_hand() {
	local set=banned4
	case $1 in *:*) set=banned6 ;; esac
	gw nft add element inet sipmoat $set "{ $1 timeout 1h }"
}
# a_round HOST: somebody else is banned, and loses a connection: so many rounds were made
a_round() {
	rm -f "$T/round$1.json" "$T/round$1.held"
	holds "round$1" "203.0.113.$1" "$PBX4"
	by_hand "203.0.113.$1"
	wait_for 20 is_reset "round$1" || fail "203.0.113.$1 keeps its connection"
}
cuts() { grep -c "cut a call of" "$T/guard.log"; }
cut_so_many() { [ "$(cuts)" -ge "$1" ]; }

# ends_calls NAME FAMILY BAD PORT CALLEE PORT CALLS [SIPp options of BAD]: they go on when somebody
# sends a scanner's words in his name, and end for both sides when he is banned by hand
ends_calls() {
	local name=$1 family=$2 bad=$3 bad_port=$4 to=$5 to_port=$6 n=$7 before callee caller site=$3
	case $bad in *:*) site=${bad%::*}:: ;; esac
	shift 7
	before=$(cuts)
	enrolled "$name-callees" "$family" "$to" "$to_port" 1101
	phone "$name-callee" callee-barred "$family" "$to" "$to_port" -m "$n" -timeout 90s \
		-timeout_error &
	callee=$!
	wait_for 10 phone_waits "$to" "$to_port" || fail "SIPp does not listen on $to:$to_port"
	users 1001 1005 1101 5 >"$T/$name.users"
	phone "$name" caller-barred "$family" "$bad" "$bad_port" -inf "$T/$name.users" -m "$n" -r 20 \
		-timeout 90s -timeout_error "$@" &
	caller=$!
	wait_for 10 some_dialogs $((n + GO_ON)) || fail "$name: no $n calls: $(trouble)"
	sip "$bad" "$(target "$family" | sed 's/:5060$//; s/[][]//g')" -a friendly-scanner -w 0 >/dev/null
	a_round 15
	a_round 16
	unban 203.0.113.15
	unban 203.0.113.16
	[ "$(cuts)" = "$before" ] || fail "what anybody can forge ended a call"
	by_hand "$site"
	wait_for 10 cut_so_many $((before + n)) || fail "$name: $(cuts) calls were cut: $(trouble)"
	wait $caller || fail "$name: callers heard the end of $(good "$name") calls of $n: $(trouble)"
	wait $callee || fail "$name: the called heard the end of $(good "$name-callee") calls of $n: $(trouble)"
	[ "$(dialogs)" = "$GO_ON" ] || fail "$name: the server counts $(dialogs) calls, not $GO_ON"
	logged "cut a call of $site.*: banned: $site.* is banned" || fail "the log does not say why"
	note "$name: $n calls of a banned source ended for both sides"
	unban "$site"
}
