# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests named duration* have in common; field.sh and services.sh come first.
# Calls between phones outside that would go on for ever are ended by the gateway.

# ended_open: SIPp's scenarios, the daemon's configuration
ended_open() {
	must "no scenarios" $PY "$FIELD_LIB/scenarios.py" "$T"
	mkdir -p "$T/etc"
	cat >"$T/etc/sipmoat.conf" <<-'CONF'
	duration = { warn = "1s"; cut = "3s"; };
	CONF
}
# enrolled NAME FAMILY ADDRESS PORT FIRST [SIPp options]: five users register there
enrolled() {
	local name=$1 family=$2 address=$3 port=$4 first=$5
	shift 5
	users "$first" $((first + 4)) >"$T/$name.users"
	phone "$name" register "$family" "$address" "$port" -inf "$T/$name.users" -m 5 -r 50 \
		-key contact_port "$port" -timeout 20s -timeout_error "$@" ||
		fail "$name cannot register: $(tail -n 3 "$T/$name.err" 2>/dev/null)"
}
dialogs() { statistic dialog active_dialogs; }
no_dialogs() { [ "$(dialogs)" = 0 ]; }
some_dialogs() { [ "$(dialogs)" -ge "$1" ]; }

# ended NAME FAMILY CALLER PORT CALLEE PORT CALLS [SIPp options of both, those of the caller
# besides in ENDED_CALLER]: every phone hears the
# end, the server counts no call any more, no answer and no later request passes
ended() {
	local name=$1 family=$2 from=$3 from_port=$4 to=$5 to_port=$6 n=$7 callee caller
	local before answered absorbed refused
	shift 7
	before=$(counted dialog-INVITE)
	answered=$(counted bye-answered)
	report
	absorbed=$(of_report absorbed)
	refused=$(hits_of duration)
	enrolled "$name-callees" "$family" "$to" "$to_port" 1101 "$@"
	phone "$name-callee" callee-ended "$family" "$to" "$to_port" -m "$n" -timeout 60s \
		-timeout_error "$@" &
	callee=$!
	wait_for 10 phone_waits "$to" "$to_port" || fail "SIPp does not listen on $to:$to_port"
	users 1001 1005 1101 5 >"$T/$name.users"
	# shellcheck disable=SC2086
	phone "$name" "caller-${ENDED_AS:-ended}" "$family" "$from" "$from_port" -inf "$T/$name.users" -m "$n" -r 20 \
		-timeout 60s -timeout_error "$@" ${ENDED_CALLER:-} &
	caller=$!
	wait_for 10 some_dialogs "$n" || fail "$name: the server counts $(dialogs) calls, not $n: $(trouble)"
	wait $caller || fail "$name: callers heard the end of $(good "$name") calls of $n: $(trouble)"
	wait $callee || fail "$name: the called heard the end of $(good "$name-callee") calls of $n: $(trouble)"
	wait_for 20 no_dialogs || fail "$name: the server still counts $(dialogs) calls"
	[ "$(counted dialog-INVITE)" = "$before" ] || fail "$name: a later request passed"
	answered=$(($(counted bye-answered) - answered))
	[ "$answered" = "$n" ] || fail "$name: $answered answers to BYEs at the server, not $n"
	report
	absorbed=$(($(of_report absorbed) - absorbed))
	[ "$absorbed" -ge $((2 * n)) ] || fail "$name: $absorbed answers ended here, not $((2 * n))"
	refused=$(($(hits_of duration) - refused))
	[ "$refused" -ge $((${ENDED_FOUND:-4} * n)) ] || fail "$name: $refused findings of $n calls"
	note "$name: $n calls ended for both sides, $absorbed answers absorbed"
}
trouble() {
	tail -n 5 "$T/$name.err" "$T/$name-callee.err" 2>/dev/null
	grep -E 'duration|call' "$T/guard.log" | head -n 5
}
phone_waits() { ip netns exec "$NS-wan" ss -Hluntp "sport = :$2" | grep -qF "$1"; }
