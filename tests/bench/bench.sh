#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What does judging cost?  The same SIP, as fast as one core can send it, through
#   (a) plain forwarding,
#   (b) a loop that reads the same queues through the same socket code and accepts all,
#   (c) sipmoatd with every check on, nothing banned,
#   (d) with WATCHED=1: the same, while somebody looks: `sipmoat top`, the status page with its
#       events and a scrape, each once a second, at ordinary priority
# in turns, so that a noisy machine is noisy for all.  Medians.
#
#   make bench [ROUNDS=5] [SECS=2] [WATCHED=1]
# (b) stands on the steering rules that sipmoatd leaves behind when it is killed: the
# kernel's part is the same for (b) and (c).
. "$(dirname "$0")/../lib/field.sh"
ROUNDS=${ROUNDS:-5}
SECS=${SECS:-2}
WATCHED=${WATCHED:-}
WATCH_PORT=9479
QUEUES=5060

field_open
need taskset iptables
field_topology router
ip -n "$NS-gw" route add 198.18.0.0/16 via 192.0.2.1
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
wan_mac=$(ip -n "$NS-gw" -j link show dev wan0 | sed 's/.*"address":"\([0-9a-f:]*\)".*/\1/')
pbx nft -f - <<'RULES' || skip "this kernel cannot count at a device's ingress"
table netdev bench {
	counter sip { }
	chain in {
		type filter hook ingress device p0 priority 0;
		udp dport 5060 counter name sip drop
	}
}
RULES
# every check on and at work, and nothing to ban: the sender's phones do not log in, so the
# budgets are wide; a full queue drops, so that what arrives was judged
$PY "$FIELD_LIB/mmdb.py" "$T/country.mmdb" maxmind 1.0.0.0/8=AU || fail "no country database"
cat >"$T/bench.conf" <<CONF
queue = { when_full = "drop"; workers = 1; };
control = { socket = "$T/control"; };
police = { rate = 0; };
geo = { country = "$T/country.mmdb"; };
country = { mode = "enforce"; deny = [ "AQ" ]; };
flood = {
	window = "1s";
	budget = 100000; budget_24 = 1000000; budget_64 = 1000000; budget_48 = 1000000;
	crowd = 1000000; returned = 1000000; most = 1000000; proven = 1000000;
};
CONF
CORES=$(nproc)
HANDLER_CPU=$((CORES > 1 ? 1 : 0))

arrived() {
	pbx nft list counter netdev bench sip | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# cpu_ns PID: CPU time of all its threads
cpu_ns() { cat /proc/"$1"/task/*/schedstat 2>/dev/null | awk '{ s += $1 } END { printf "%.0f", s }'; }
busy_ticks() { awk '/^cpu / { printf "%.0f", $2 + $3 + $4 + $7 + $8 }' /proc/stat; }

# measure NAME [PID]: one run; appends "pps us-of-handler us-of-machine loss"
measure() {
	local name=$1 pid=${2:-} a0 a1 c0=0 c1=0 b0 b1 sent secs cpu
	a0=$(arrived)
	[ -z "$pid" ] || c0=$(cpu_ns "$pid")
	b0=$(busy_ticks)
	read -r sent secs cpu < <(wan taskset -c 0 nice -n -20 "$ROOT/$B/tests/bench/gen" w0 \
		"$wan_mac" $PBX4 "$SECS")
	sleep 0.3 # what still waits in the queue belongs to this run
	b1=$(busy_ticks)
	[ -z "$pid" ] || c1=$(cpu_ns "$pid")
	a1=$(arrived)
	awk -v n=$((a1 - a0)) -v sent="$sent" -v s="$secs" -v c=$((c1 - c0)) -v b=$((b1 - b0)) \
		-v g="$cpu" 'BEGIN { if (n < 1) n = 1
		printf "%.0f %.3f %.3f %.2f\n", n / s, c / 1000 / n, (b * 10000 - g * 1e6) / n,
			100 * (1 - n / sent) }' >>"$T/$name"
}

# median FILE COLUMN
median() { awk -v c="$2" '{ print $c }' "$1" | sort -g | awk '{ v[NR] = $1 }
	END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

unsteer() {
	local t
	for t in 'inet sipmoat' 'ip sipmoat-queue' 'ip6 sipmoat-queue'; do
		# shellcheck disable=SC2086
		gw nft delete table $t 2>/dev/null
	done
}

# in a group of its own each, so that all of it can be ended
watch_start() {
	watchers=
	chmod 755 "$T"
	# it does not run as root: somebody of the socket's group
	looks setpriv --reuid=65534 --regid=0 --clear-groups "$ROOT/$B/sipmoat" web -s "$T/control" --listen 127.0.0.1:$WATCH_PORT
	wait_for 20 web_listens || fail "no status page: $(cat "$T/looks")"
	looks $PY "$ROOT/tests/bench/watch.py" $WATCH_PORT
	looks env TERM=xterm script -qfc "$ROOT/$B/sipmoat top -s $T/control" "$T/top"
	wait_for 20 watched || fail "nobody looks: $(cat "$T/looks")"
}
web_listens() { [ -n "$(guarded ss -Hltn "sport = :$WATCH_PORT")" ]; }
looks() {
	setsid ip netns exec "$GUARD_NS" "$@" >>"$T/looks" 2>&1 </dev/null &
	watchers="$watchers $!"
}
watched() { grep -q looked "$T/looks" && grep -q checks "$T/top"; }
watch_end() {
	local pid
	for pid in $watchers; do
		kill -- "-$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

# moat NAME: with whoever looks
moat() {
	GUARD_WRAP="nice -n -20 taskset -c $HANDLER_CPU" guard_start "$T/bench.conf"
	[ "$1" != watched ] || watch_start
	measure "$1" "$GUARD_PID"
	[ "$1" != watched ] || watch_end
}

round() {
	measure forward
	if [ -n "$WATCHED" ]; then
		moat watched
		guard_kill
		unsteer
	fi
	moat moat
	grep -E '^VmRSS' /proc/"$GUARD_PID"/status | awk '{ printf "%.1f\n", $2 / 1024 }' >>"$T/rss"
	guard_kill
	ip netns exec "$NS-gw" nice -n -20 taskset -c $HANDLER_CPU "$ROOT/$B/tests/bench/bare" $QUEUES 2 8192 &
	local bare=$!
	wait_for 10 queue_bound $QUEUES || fail "the bare loop does not bind"
	measure bare $bare
	kill $bare
	wait $bare 2>/dev/null
	unsteer
}

queue_bound() { gw awk -v q="$1" '$1 == q { f = 1 } END { exit !f }' /proc/net/netfilter/nfnetlink_queue; }

# row NAME FILE
row() {
	printf '%-30s %8.0f packets/s  %5.1f %% lost  %6.2f us CPU of its own, %6.2f of the machine\n' \
		"$1" "$(median "$T/$2" 1)" "$(median "$T/$2" 4)" "$(median "$T/$2" 2)" \
		"$(median "$T/$2" 3)"
}

# ratio WHAT COLUMN-EXPRESSION [FILE FILE] of "moat" ($1 to $4) and "bare" ($5 to $8), or of those
ratio() {
	paste -d' ' "$T/${3:-moat}" "$T/${4:-bare}" | awk "{ printf \"%.2f\\n\", $2 }" >"$T/ratio"
	printf '%-44s %5.2f  (each round: %s)\n' "$1" "$(median "$T/ratio" 1)" \
		"$(paste -sd' ' "$T/ratio")"
}

for ((i = 1; i <= ROUNDS; i++)); do
	[ ! -t 2 ] || printf '\rround %d of %d ' "$i" "$ROUNDS" >&2
	round
done
[ ! -t 2 ] || printf '\r' >&2
echo "Medians of $ROUNDS rounds of $SECS s; CPU is per packet that came through."
row "(a) plain forwarding" forward
row "(b) bare queue loop" bare
row "(c) sipmoatd, every check on" moat
ratio 'ratio c/b, packets that came through:' '$1 / $5'
ratio 'ratio c/b, packets a core could judge:' '$6 / $2'
if [ -n "$WATCHED" ]; then
	row "(d) the same, and somebody looks" watched
	ratio 'ratio d/c, packets that came through:' '$1 / $5' watched moat
	ratio 'ratio d/c, CPU of a packet:' '$2 / $6' watched moat
fi
printf 'resident memory of sipmoatd: %s MB\n' "$(median "$T/rss" 1)"
