# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# A test field in network namespaces of its own: the Internet (wan), a gateway (gw) and a
# server (pbx).  Sourced by the tests in tests/netns and by the demo.
#
#   wan  198.51.100.0/24 phones, 203.0.113.0/24 attackers, and the same in IPv6
#    |   192.0.2.0/25, 2001:db8:0:1::/64
#   gw   forwards; sipmoatd runs here (or on pbx: topology host)
#    |   192.0.2.128/25, 2001:db8:0:2::/64
#   pbx  Kamailio
#
# Everything is named after this process, so that runs do not meet; whatever the end (exit,
# failure, Ctrl-C), field_close kills what lives in the namespaces and removes them.

FIELD_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$FIELD_LIB/../.." && pwd)
B=${B:-build}
PY=/usr/bin/python3
NS=moat-$$
PBX4=192.0.2.130
PBX6=2001:db8:0:2::130
GW4=192.0.2.2
CALLER4=198.51.100.10
CALLEE4=198.51.100.20
CALLER6=2001:db8:10:1::10
CALLEE6=2001:db8:10:2::20
SLOW=${SLOW:-1} # times slower than a common machine: an emulated one gets fewer calls a second
BOTS=
T=
PATH=$PATH:/usr/sbin:/sbin # as su leaves it, it may lack them

note() { printf '    %s\n' "$*"; }
skip() { printf '%s\n' "$*"; exit 77; }
fail() { printf 'not ok: %s\n' "$*"; exit 1; }

# wait_for SECONDS COMMAND...: until it succeeds; the limit only ends a test that hangs
wait_for() {
	local end=$((SECONDS + $1 * SLOW))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed (make deps)"
	done
}

# must ERRORTEXT COMMAND...
must() {
	local what=$1
	shift
	"$@" || fail "$what"
}

has_v6() { [ -e /proc/net/if_inet6 ]; }

field_open() {
	[ "$(id -u)" = 0 ] || skip "needs root (network namespaces): run it with sudo"
	need ip nft
	[ -x "$ROOT/$B/sipmoatd" ] || [ -n "${FIELD_BARE:-}" ] || fail "$B/sipmoatd is not built"
	T=$(mktemp -d /tmp/sipmoat-test.XXXXXX) || fail "no temporary folder"
	trap 'field_close $?' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	{ ip netns add "$NS-wan" && ip netns exec "$NS-wan" true; } 2>"$T/err" ||
		skip "this machine may not make network namespaces ($(head -c 200 "$T/err"))"
	ip netns add "$NS-gw"
	ip netns add "$NS-pbx"
	wan true 2>"$T/err" || skip "this machine may not enter namespaces ($(head -c 200 "$T/err"))"
}

field_close() {
	local n rc=$1
	trap '' INT TERM HUP
	exec 2>/dev/null # bash tells of every job that is killed
	guard_last_words || rc=1
	wait_for 10 field_kill
	[ -z "${NOTIFY_PID:-}" ] || kill "$NOTIFY_PID"
	for n in wan gw pbx $BOTS; do
		ip netns del "$NS-$n" 2>/dev/null
	done
	if [ -n "$T" ] && [[ ! " 0 77 130 143 " == *" $rc "* ]]; then
		field_report
	fi
	# never into what a test has mounted there
	[ -z "$T" ] || rm -rf --one-file-system "$T"
	exit "$rc"
}

# A daemon that is still there must stop as it should, and no sanitizer may have complained.
guard_last_words() {
	if [ -n "${GUARD_PID:-}" ] && guard_alive; then
		guard_stop
		[ "$GUARD_RC" = 0 ] || { echo "not ok: sipmoatd ended with $GUARD_RC"; return 1; }
	fi
	[ ! -s "$T/guard.log" ] || ! grep -nE '(Sanitizer|runtime error):' "$T/guard.log"
}

# Kills what runs in the namespaces; all in there is ours, nobody else knows the names.
# Succeeds when nothing is left.
field_kill() {
	local n pids left=0
	for n in wan gw pbx $BOTS; do
		pids=$(ip netns pids "$NS-$n" 2>/dev/null)
		[ -n "$pids" ] || continue
		left=1
		# shellcheck disable=SC2086
		kill -9 $pids 2>/dev/null
	done
	[ $left = 0 ]
}

# what a person needs to understand a failure
field_report() {
	local f
	for f in "$T"/*.err "$T"/guard.log "$T"/kamailio.log; do
		[ -s "$f" ] || continue
		printf -- '--- the end of %s\n' "${f##*/}"
		tail -n 40 "$f"
	done
}

wan() { ip netns exec "$NS-wan" "$@"; }
gw() { ip netns exec "$NS-gw" "$@"; }
pbx() { ip netns exec "$NS-pbx" "$@"; }

# field_topology router|host: where the daemon stands
field_topology() {
	GUARD_NS=$NS-gw
	[ "${1:-router}" = router ] || GUARD_NS=$NS-pbx
	local n
	for n in wan gw pbx; do
		ip -n "$NS-$n" link set lo up
		! has_v6 || ip netns exec "$NS-$n" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0
	done
	# from in there: Linux 6.1 refuses names that this machine has, too
	ip -n "$NS-wan" link add w0 type veth peer name wan0 netns "$NS-gw"
	ip -n "$NS-gw" link add lan0 type veth peer name p0 netns "$NS-pbx"
	field_addresses4
	if has_v6; then
		field_addresses6
	fi
}

field_addresses4() {
	local i
	ip -n "$NS-wan" addr add 192.0.2.1/25 dev w0
	ip -n "$NS-gw" addr add 192.0.2.2/25 dev wan0
	ip -n "$NS-gw" addr add 192.0.2.129/25 dev lan0
	ip -n "$NS-pbx" addr add $PBX4/25 dev p0
	for i in 10 20 21 22 23 24 25; do
		ip -n "$NS-wan" addr add "198.51.100.$i/32" dev w0
	done
	for i in 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
		ip -n "$NS-wan" addr add "203.0.113.$i/32" dev w0
	done
	ip -n "$NS-wan" link set w0 up
	ip -n "$NS-gw" link set wan0 up
	ip -n "$NS-gw" link set lan0 up
	ip -n "$NS-pbx" link set p0 up
	gw sysctl -qw net.ipv4.ip_forward=1
	ip -n "$NS-wan" route add 192.0.2.128/25 via 192.0.2.2
	ip -n "$NS-gw" route add default via 192.0.2.1
	ip -n "$NS-pbx" route add default via 192.0.2.129
}

field_addresses6() {
	local i
	gw sysctl -qw net.ipv6.conf.all.forwarding=1
	ip -n "$NS-wan" addr add 2001:db8:0:1::1/64 dev w0 nodad
	ip -n "$NS-gw" addr add 2001:db8:0:1::2/64 dev wan0 nodad
	ip -n "$NS-gw" addr add 2001:db8:0:2::1/64 dev lan0 nodad
	ip -n "$NS-pbx" addr add $PBX6/64 dev p0 nodad
	ip -n "$NS-wan" addr add $CALLER6/128 dev w0 nodad
	ip -n "$NS-wan" addr add $CALLEE6/128 dev w0 nodad
	for i in 11 12 13 14 15; do
		ip -n "$NS-wan" addr add "2001:db8:66:$i::1/128" dev w0 nodad
	done
	ip -n "$NS-wan" route add 2001:db8:0:2::/64 via 2001:db8:0:1::2
	ip -n "$NS-gw" -6 route add default via 2001:db8:0:1::1
	ip -n "$NS-pbx" -6 route add default via 2001:db8:0:2::1
}

# strict_host: the PBX host has strict reverse path filters, and rules of its own that drop what
# has no valid state
strict_host() {
	pbx sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.p0.rp_filter=1 \
		net.ipv4.conf.lo.rp_filter=1
	pbx nft -f - <<-'RULES'
	table inet own {
		chain input {
			type filter hook input priority filter; policy drop;
			iif lo accept
			ct state invalid drop
			ct state established,related accept
			th dport 5060 accept
			meta l4proto { icmp, ipv6-icmp } accept
		}
		chain output {
			type filter hook output priority filter;
			ct state invalid drop
		}
		chain reverse {
			type filter hook prerouting priority -460;
			fib saddr . iif oif missing drop
		}
	}
	RULES
}

# bot N: a host of its own on the Internet, 203.0.113.N and 2001:db8:66:N::1, for programs
# that will not be told which address to use; bot_run N COMMAND...
bot() {
	local ns=$NS-bot$1 link=bot$1
	ip netns add "$ns"
	BOTS="$BOTS bot$1"
	ip -n "$ns" link add e0 type veth peer name "$link" netns "$NS-wan"
	ip -n "$ns" link set lo up
	ip -n "$ns" addr add "203.0.113.$1/32" dev e0
	ip -n "$ns" link set e0 up
	ip -n "$NS-wan" link set "$link" up
	wan sysctl -qw net.ipv4.ip_forward=1
	ip -n "$NS-wan" route add "203.0.113.$1/32" dev "$link"
	ip -n "$ns" route add default via 192.0.2.1 dev e0 onlink
	if has_v6; then
		wan sysctl -qw net.ipv6.conf.all.forwarding=1
		ip -n "$NS-wan" addr add "2001:db8:66:$1::ff/64" dev "$link" nodad
		ip -n "$ns" addr add "2001:db8:66:$1::1/64" dev e0 nodad
		ip -n "$ns" -6 route add default via "2001:db8:66:$1::ff"
	fi
}
bot_run() {
	local n=$1
	shift
	ip netns exec "$NS-bot$n" "$@"
}

# --- the server ---

pbx_start() {
	need kamailio
	local cfg=$T/kamailio.cfg as="${PBX_ADVERTISE:+ advertise $PBX_ADVERTISE}" listen
	listen="listen=udp:$PBX4:5060$as\nlisten=tcp:$PBX4:5060$as"
	! has_v6 || listen="$listen\nlisten=udp:[$PBX6]:5060\nlisten=tcp:[$PBX6]:5060"
	sed "s|^LISTEN|$listen|; s|//RUN|//$T/kamailio|" "${PBX_CONF:-$FIELD_LIB/kamailio.cfg}" >"$cfg"
	mkdir -p "$T/kamailio"
	ip netns exec "$NS-pbx" kamailio -f "$cfg" -DD -E -m "${PBX_MEMORY:-32}" -M 4 -Y "$T/kamailio" -w "$T/kamailio" \
		-P "$T/kamailio/pid" >"$T/kamailio.log" 2>&1 </dev/null &
	wait_for 20 pbx_listens || fail "Kamailio does not start: $(tail -n 3 "$T/kamailio.log")"
}

# a server that answers 200 to everything, where no real one is needed
pbx_echo() {
	local all=$PBX4
	! has_v6 || all="$all $PBX6"
	# shellcheck disable=SC2086
	ip netns exec "$NS-pbx" $PY "$FIELD_LIB/echo.py" --heard "$T/heard" $all >"$T/echo.log" \
		2>&1 </dev/null &
	wait_for 10 pbx_listens_tcp || fail "the answering server does not start: $(cat "$T/echo.log")"
}

# heard REGEX: did pbx_echo get such a request, or such an end of a connection?
heard() { grep -qE -- "$1" "$T/heard"; }
# ... a whole one of a scanner?  The beginning of a message may reach the server.
heard_scanner() { heard '^[a-z]+ [^ ]+ [A-Z]+ .*scanner'; }
# connected ADDRESS: has the server a socket for this peer, in whatever state?
connected() {
	case $1 in *:*) set -- "[$1]" ;; esac
	[ -n "$(pbx ss -Hatn "dst = $1")" ]
}
disconnected() { ! connected "$1"; }

pbx_listens_tcp() { [ -n "$(pbx ss -Hltn "sport = :5060")" ]; }
pbx_listens() { [ -n "$(pbx ss -Hlun "sport = :5060")" ] && [ -s "$T/kamailio/pid" ]; }

# --- phones ---

# target FAMILY: how SIPp writes the server's address
target() { if [ "$1" = 6 ]; then printf '[%s]:5060' $PBX6; else printf '%s:5060' $PBX4; fi; }

# users FROM TO [CALLEE_FROM CALLEES]: a SIPp input file of users and whom they call
users() {
	local u i=0
	echo SEQUENTIAL
	for ((u = $1; u <= $2; u++)); do
		printf '%s;[authentication username=%s password=pw-%s];%s\n' "$u" "$u" "$u" \
			"$((${3:-1051} + i % ${4:-1}))"
		i=$((i + 1))
	done
}

# phone NAME SCENARIO FAMILY ADDRESS PORT OPTIONS...: SIPp in the wan (or in PHONE_NS), in the
# foreground; leaves NAME.csv (statistics) and NAME.out in $T
phone() {
	local name=$1 scenario=$2 family=$3 address=$4 port=$5
	shift 5
	[ "$family" = 4 ] || address="[$address]"
	[ -f "$FIELD_LIB/sipp/$scenario.xml" ] && scenario=$FIELD_LIB/sipp/$scenario || scenario=$T/$scenario
	(cd "$T" && TERM=dumb exec ip netns exec "${PHONE_NS:-$NS-wan}" sipp "$(target "$family")" \
		-sf "$scenario.xml" -i "$address" -p "$port" -mp $((20000 + (port - 5000) * 10)) -nostdin \
		-trace_stat -stf "$T/$name.csv" -fd 1 -trace_err -error_file "$T/$name.err" \
		"$@") >"$T/$name.out" 2>&1 </dev/null
}

# sipp_count NAME COLUMN: from SIPp's own statistics, for example SuccessfulCall(C)
sipp_count() {
	awk -F';' -v want="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i }
		{ v = $c } END { print (NR > 1 && c) ? v + 0 : 0 }' "$T/$1.csv" 2>/dev/null || echo 0
}
good() { sipp_count "$1" 'SuccessfulCall(C)'; }
bad() { sipp_count "$1" 'FailedCall(C)'; }

# register NAME FAMILY ADDRESS FROM TO CONTACT_PORT [SIPp options]
register() {
	local name=$1 family=$2 address=$3 from=$4 to=$5 port=$6
	shift 6
	users "$from" "$to" >"$T/$name.users"
	phone "$name" register "$family" "$address" 5065 -inf "$T/$name.users" \
		-key contact_port "$port" -m $((to - from + 1)) -r $((20 / SLOW)) -timeout $((30 * SLOW))s -timeout_error "$@"
}

# answering FAMILY ADDRESS PORT: phones that answer, in the background until the end
answering() {
	phone "answer$1" uas "$1" "$2" "$3" 2>/dev/null &
	wait_for 30 phone_listens "$2" "$3" || fail "SIPp does not listen on $2:$3"
}
phone_listens() {
	ip netns exec "${PHONE_NS:-$NS-wan}" ss -Hlun "sport = :$2" | grep -qF "$1"
}

# calls NAME FAMILY ADDRESS PORT COUNT RATE TALK_MS [SIPp options]: from users 1001-1010
# to the phones of phones_ready; SIPp's exit status says whether every call completed
calls() {
	local name=$1 family=$2 address=$3 port=$4 count=$5 rate=$6 talk=$7
	shift 7
	users 1001 1010 "$((family == 4 ? 1051 : 1071))" 10 >"$T/$name.users"
	phone "$name" uac "$family" "$address" "$port" -inf "$T/$name.users" -m "$count" \
		-r $((rate > SLOW ? rate / SLOW : 1)) -d $((talk * SLOW)) -timeout $((120 * SLOW))s -timeout_error "$@"
}

# phones_ready [FAMILY]: ten phones registered and answering
phones_ready() {
	local f=${1:-4} to=$CALLEE4 first=1051
	[ "$f" = 4 ] || to=$CALLEE6 first=1071
	answering "$f" "$to" 5070
	register "callees$f" "$f" "$to" "$first" "$((first + 9))" 5070 ||
		fail "phones cannot register over IPv$f: $(tail -n 3 "$T/callees$f.err" 2>/dev/null)"
}

# --- the daemon ---

# guard_start [CONFIG]: sipmoatd, until it says READY; GUARD_PID
guard_start() {
	guard_launch "$@"
	wait_for 30 guard_said_ready && guard_alive ||
		fail "sipmoatd does not get ready: $(tail -n 3 "$T/guard.log")"
}

# apart: the shipped config, in $T/etc, but nobody is banned for his neighbours: where a test has
# many sources of one prefix
apart() {
	cp -r "$ROOT/systemd" "$T/etc"
	sed -i 's|#neighbours = 8;|neighbours = 0;|' "$T/etc/sipmoat.conf"
	GUARD_CONF=$T/etc/sipmoat.conf
}

# for a daemon that is not root: it may read neither this folder nor, perhaps, the clone
guard_public() {
	mkdir "$T/public"
	cp "$ROOT/$B/sipmoatd" "$T/public/"
	cp -r "$ROOT/systemd/." "$T/public/"
	chmod -R a+rX "$T"
	GUARD_BIN=$T/public/sipmoatd
	GUARD_CONF=$T/public/sipmoat.conf
}

guard_launch() {
	if [ ! -S "$T/notify" ]; then
		$PY "$FIELD_LIB/notify.py" "$T/notify" "$T/notified" </dev/null >/dev/null 2>&1 &
		NOTIFY_PID=$!
		wait_for 10 test -S "$T/notify"
	fi
	: >"$T/notified"
	GUARD_CONF=${1:-${GUARD_CONF:-$ROOT/systemd/sipmoat.conf}}
	# shellcheck disable=SC2086
	NOTIFY_SOCKET=$T/notify ip netns exec "$GUARD_NS" ${GUARD_WRAP:-} \
		"${GUARD_BIN:-$ROOT/$B/sipmoatd}" -c "$GUARD_CONF" >>"$T/guard.log" 2>&1 </dev/null &
	GUARD_PID=$!
}
guard_said_ready() {
	kill -0 "$GUARD_PID" 2>/dev/null || return 0
	grep -q '^READY=1' "$T/notified"
}
guard_alive() { kill -0 "$GUARD_PID" 2>/dev/null; }

# ends it and leaves its exit status in GUARD_RC
guard_end() {
	kill -"$1" "$GUARD_PID" 2>/dev/null
	wait "$GUARD_PID" 2>/dev/null
	GUARD_RC=$?
}
guard_stop() { guard_end TERM; }
guard_kill() { guard_end KILL; }

# guard_reload: SIGHUP, and wait until it says READY again
guard_reload() {
	local before
	before=$(grep -c '^READY=1' "$T/notified")
	kill -HUP "$GUARD_PID"
	wait_for 20 guard_ready_again "$before" || fail "no READY=1 after SIGHUP"
}
guard_ready_again() { [ "$(grep -c '^READY=1' "$T/notified")" -gt "$1" ]; }

# tool COMMAND...: sipmoat, of the daemon whose control socket is $T/control, or $control
tool() { "$ROOT/$B/sipmoat" "$@" -s "${control:-$T/control}"; }
# given STATUS TEXT COMMAND...: its exit status, and what it says, which stays in $T/said
given() {
	local status=$1 text=$2 rc
	shift 2
	tool "$@" >"$T/said" 2>&1
	rc=$?
	[ $rc = "$status" ] && grep -qE -- "$text" "$T/said" ||
		fail "sipmoat $*: status $rc, not $status, or not \"$text\": $(cat "$T/said")"
}
guarded() { ip netns exec "$GUARD_NS" "$@"; }
logged() { grep -qE "$1" "$T/guard.log"; }

# report: what the daemon has counted so far, fresh, in $T/report
report() {
	local from n
	n=$(report_ends)
	from=$(wc -l <"$T/guard.log")
	kill -USR1 "$GUARD_PID"
	wait_for 10 report_came "$n" || fail "no counters"
	tail -n +$((from + 1)) "$T/guard.log" >"$T/report"
}
report_ends() { grep -c 'sipmoatd: bans: ' "$T/guard.log"; }
report_came() { [ "$(report_ends)" -gt "$1" ]; }
# of_report NAME: one of its counters
of_report() { awk -v n="$1" '$2 == n { print $3 }' "$T/report"; }
# hits_of CHECK: how often it found something
hits_of() { awk -v n="$1" '$2 == "check" && $3 == n { print $4 }' "$T/report"; }

# banned ADDRESS (an IPv6 /64 by its first address): is it in the kernel's set?
banned() {
	local set=banned4 said tries
	case $1 in *:*) set=banned6 ;; esac
	# nft gives up where the ruleset changes while it asks: that is no answer
	for tries in {1..50}; do
		said=$(guarded nft get element inet sipmoat $set "{ $1 }" 2>&1 >/dev/null) && return
		case $said in *Interrupted*) ;; *) return 1 ;; esac
	done
	fail "nft was interrupted $tries times: $said"
}
must_ban() { wait_for "${2:-10}" banned "$1" || fail "$1 is not banned"; }
must_not_ban() { ! banned "$1" || fail "$1 is banned: $(ban_line "$1")"; }
ban_line() {
	local set=banned4
	case $1 in *:*) set=banned6 ;; esac
	guarded nft get element inet sipmoat $set "{ $1 }" 2>/dev/null | grep -F "$1"
}

# scan N NAME COMMAND...: a scanner on bot N, in the background; what it says is in NAME.out
scan() {
	local n=$1 name=$2
	shift 2
	bot "$n"
	ip netns exec "$NS-bot$n" timeout $((30 * SLOW)) "$@" >"$T/$name.out" 2>&1 </dev/null &
}

# sip SOURCE TARGET OPTIONS...: tests/lib/sip.py in the wan
sip() { wan $PY "$FIELD_LIB/sip.py" "$@"; }
# answer_to SOURCE TARGET OPTIONS...: likewise where one is due, however long that takes here
answer_to() { sip "$@" -w 20; }
# answered STATUS LINE-OF-SIP, unanswered LINE: did this come back?
unanswered() { case $1 in *'"answers": {}'*) return 0 ;; *) return 1 ;; esac; }
answered() { case $2 in *"\"$1\""*) return 0 ;; *) return 1 ;; esac; }

# tcp SOURCE TARGET STEP... OPTIONS: tests/lib/tcp.py in the wan
tcp() { wan $PY "$FIELD_LIB/tcp.py" "$@"; }
# ended HOW LINE-OF-TCP: "reset", "closed" or "open"
ended() { case $2 in *"\"end\": \"$1\""*) return 0 ;; *) return 1 ;; esac; }
