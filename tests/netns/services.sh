#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an office uses, 2,000 calls at load through a real Kamailio: forking, hold, transfer, early
# media, session timers, both ends behind one NAT address, phones that register meanwhile.  Nothing
# is refused and no call fails: phones, server and daemon count the same; as shipped, and with
# everything strict.
# alone: 2,000 calls at load, of which none may fail
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
field_open
need kamailio kamcmd sipp
field_topology router
home
must "no scenarios" $PY "$FIELD_LIB/scenarios.py" "$T"

# what the caller does; its address (10.*: at home, behind NAT) and port; the same of the callee;
# how many of a hundred calls; the first of five users who call, and of five who are called
declare -A service=(
	[plain]="plain 198.51.100.10 5061 198.51.100.20 5071 15 1001 1101"
	[tcp]="plain 198.51.100.10 5070 198.51.100.21 5080 5 1046 1146"
	[hangup]="hangup 198.51.100.10 5062 198.51.100.21 5072 10 1006 1106"
	[hold]="hold 10.0.0.10 5063 198.51.100.21 5073 10 1011 1111"
	[transfer]="transfer 198.51.100.24 5064 198.51.100.20 5074 10 1016 1116"
	[timer]="timer 198.51.100.22 5065 10.0.0.11 5075 10 1021 1121"
	[prack]="prack 10.0.0.10 5066 10.0.0.11 5076 10 1026 1126"
	[cancel]="cancel 198.51.100.22 5067 198.51.100.23 5077 4 1031 1131"
	[busy]="busy 198.51.100.22 5068 198.51.100.23 5078 4 1036 1136"
	[message]="message 10.0.0.12 5069 10.0.0.12 5079 4 1041 1141"
	[fork]="plain 198.51.100.25 5060 198.51.100.20 5081 15 1051 1151"
)
! has_v6 || service[six]="hold $CALLER6 5060 $CALLEE6 5082 5 1056 1156"
TALK=400 pids=

# entry SERVICE: its columns, in variables
entry() {
	read -r scenario from from_port to to_port share callers callees <<<"${service[$1]}"
	family=4
	case $from in *:*) family=6 ;; esac
	n=$((calls * share / 100))
}
place() { case $1 in 10.*) echo "$NS-home" ;; *) echo "$NS-wan" ;; esac; }
# begin NAME ...: a phone in the background that must end well
begin() {
	local name=$1
	phone "$@" -timeout 170s -timeout_error &
	pids="$pids $name:$!"
}
complete() {
	local p
	for p in $pids; do
		wait "${p#*:}" || fail "${p%:*}: $(good "${p%:*}") good, $(bad "${p%:*}") bad: $(told; cut -c1-500 \
			"$T/${p%:*}.err" 2>/dev/null | head -n 20)"
	done
	pids=
}

# enrol NAME ADDRESS PORT FIRST: five users register there, from where they will be called
enrol() {
	users "$4" $(($4 + 4)) >"$T/$1.users"
	PHONE_NS=$(place "$2") phone "$1" register $family "$2" "$3" -inf "$T/$1.users" -m 5 -r 50 \
		-key contact_port "$3" -timeout 60s -timeout_error ||
		fail "$1 cannot register: $(tail -n 3 "$T/$1.err" 2>/dev/null)"
	registered=$((registered + 5))
}
everybody_registers() {
	local s
	registered=0
	for s in "${!service[@]}"; do
		entry "$s"
		enrol "$s-caller" "$from" "$from_port" "$callers"
		enrol "$s-callee" "$to" "$to_port" "$callees"
		# the users of fork have a second phone
		[ "$s" != fork ] || enrol fork-other 198.51.100.23 5083 "$callees"
	done
}
# again ADDRESS PORT CONTACT_PORT FIRST: phones register anew all the time
again() {
	users "$4" $(($4 + 4)) >"$T/again-$4.users"
	begin "again-$4" register 4 "$1" "$2" -inf "$T/again-$4.users" -m $((calls / 10)) \
		-r $((calls * 100)) -rp $((seconds * 1000000)) -key contact_port "$3"
	registered=$((registered + calls / 10))
}

# answer NAME SCENARIO ADDRESS PORT CALLS [OPTIONS]: a phone that takes so many calls
answer() {
	local name=$1 does=$2 address=$3 port=$4 most=$5 ns
	ns=$(place "$address")
	shift 5
	PHONE_NS=$ns begin "$name" "callee-$does" $family "$address" "$port" -m "$most" -d $TALK "$@"
	PHONE_NS=$ns wait_for 30 phone_listens "$address" "$port" || fail "SIPp does not listen on $address:$port"
}
everybody_answers() {
	local s
	users 1101 1105 | sed 's/;.*/;/' >"$T/elsewhere" # where transfers go
	for s in "${!service[@]}"; do
		entry "$s"
		case $s in
		plain) answer $s-callee $scenario "$to" "$to_port" $((n + calls / 10)) ;;
		transfer) answer $s-callee $s "$to" "$to_port" $n -inf "$T/elsewhere" ;;
		fork) answer $s-callee plain "$to" "$to_port" $n
			answer fork-other cancel 198.51.100.23 5083 $n ;;
		*) answer "$s-callee" "$scenario" "$to" "$to_port" $n ;;
		esac
	done
}
everybody_calls() {
	local s tcp
	invites=0
	for s in "${!service[@]}"; do
		entry "$s"
		tcp=
		[ "$s" != tcp ] || tcp="-t t1"
		[ "$s" = message ] || invites=$((invites + n))
		users "$callers" $((callers + 4)) "$callees" 5 >"$T/$s.users"
		# shellcheck disable=SC2086
		PHONE_NS=$(place "$from") begin "$s" "caller-$scenario" $family "$from" "$from_port" -inf "$T/$s.users" -m $n \
			-r $((n * 1000)) -rp $((seconds * 1000000)) -d $TALK $tcp
	done
	invites=$((invites + calls / 10)) # the transferred ones
}

# equal WHAT IS SHOULD
equal() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }
# what the kernel of the server's host took and Kamailio did not count: segments of TCP, and
# datagrams that found Kamailio too slow
beside() {
	pbx cat /proc/net/snmp /proc/net/snmp6 2>/dev/null | awk '$1 == "Tcp:" { n = $11 }
		$1 == "Udp:" { lost = $6 } $1 == "Udp6RcvbufErrors" { lost6 = $2 }
		END { print n + lost + lost6 }'
}
# what the server saw, and that every packet that the daemon let in arrived there; a call over TCP
# brings five messages
server_agrees() {
	local arrived
	equal "calls at the server" "$(counted call)" "$invites"
	equal "dialogs at the server" "$(statistic dialog processed_dialogs)" "$invites"
	equal "calls that were not answered" "$(statistic dialog failed_dialogs)" $((calls * 8 / 100))
	equal "dialogs left over" "$(statistic dialog active_dialogs)" 0
	equal "requests of no call" "$(counted lost)" 0
	equal "registrations" "$(counted register)" "$registered"
	arrived=$(($(statistic core rcv_requests) + $(statistic core rcv_replies) + $(statistic sl received_ACKs)))
	entry tcp
	equal "packets let in" "$(of_report inbound)" $((arrived - n * 5 + $(beside) - before))
}

# the strict checks are awake
outsider() {
	local got
	got=$(sip 203.0.113.11 $PBX4 -m INVITE --user 1001)
	must "an unregistered caller comes through: $got" unanswered "$got"
	got=$(sip 203.0.113.12 $PBX4 --raw "BYE sip:1001@$PBX4 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.12;branch=z9hG4bKo\r\nMax-Forwards: 70\r\nFrom: <sip:1101@$PBX4>;tag=a\r\nTo: <sip:1001@$PBX4>;tag=b\r\nCall-ID: o\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")
	must "a BYE of no call comes through: $got" unanswered "$got"
	report
	equal "hits of registered" "$(hits_of registered)" 1
	equal "hits of dialog" "$(hits_of dialog)" 1
}

# part CALLS SECONDS CONFIG [WHAT COMES THEN]
part() {
	calls=$1 seconds=$2
	before=$(beside)
	counting_pbx
	guard_start "$3"
	everybody_registers
	everybody_answers
	everybody_calls
	again 198.51.100.20 5090 5071 1101
	again 198.51.100.21 5091 5072 1106
	again 198.51.100.10 5092 5061 1001
	complete
	untouched
	server_agrees
	note "$calls calls (and $((calls / 10)) transferred), $registered registrations:" \
		"$(of_report packets) packets, none refused"
	${4:-}
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
	pbx_stop
}

# Where others use this machine, too, calls come slower: phones that get no turn lose theirs.
# pace: 1 where it idles, up to 4
pace() {
	{ head -n 1 /proc/stat; sleep 1; head -n 1 /proc/stat; } |
		awk '{ for (i = 2; i <= 9; i++) all[NR] += $i; idle[NR] = $5 }
		END { left = (idle[2] - idle[1]) / (all[2] - all[1]); print (left > 0.7 ? 1 : left > 0.4 ? 2 : 4) }'
}
slower=$(pace)
[ "$slower" = 1 ] || note "others use this machine: $slower times slower"
part 2000 $((30 * slower)) "$ROOT/systemd/sipmoat.conf"
# all that may be stricter than shipped, and nothing is learned that began before
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
memory = { learning = "0s"; };
malformed = { preset = "strict"; };
dialog = { sides = "strict"; };
register = { contacts = 2; third_party = "refuse"; };
registered = { mode = "enforce"; identity = "both"; };
CONF
note "strict:"
part 500 $((10 * slower)) "$T/etc/sipmoat.conf" outsider
