#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast is a ban, and what does a banned packet cost?
#
#   make bench-bans [ROUNDS=20] [SECS=0.25]
#
# Latency: from the moment when a worker hands a ban over until the kernel tells that the
# element is in its set, alone and while many are added.  Drops: packets of banned sources, as
# fast as a core can send them, into gateways in turns: one with our tables, one with a single
# rule written by hand over a set with the same elements (bare), and one whose rule asks for the
# port too and whose elements count, as ours do (same); and of sources that are not banned, in
# front of a rule that drops all.  Compared is what a second of the sending core's time drops,
# so that whoever else runs there takes none of it; the median of the rounds.
. "$(dirname "$0")/../lib/nft.sh"
ROUNDS=${ROUNDS:-20}
SECS=${SECS:-0.25}
nft_open
command -v taskset >/dev/null || skip "taskset is not installed"

latency() { # WHAT COMMAND...
	local what=$1
	shift
	say "$@" || fail "$H_LINE"
	printf '%-44s %s\n' "$what" "${H_LINE#ok }"
}
echo "From the decision to the kernel:"
harness_start
say steer
latency "one by one" latency 500
latency "1,000 a second" stream 10000 1000
say fill 49000
latency "1,000 a second, 60,000 in the set" stream 5000 1000
harness_stop
gw nft delete table inet sipmoat
conf 'bans: { max = 131072; };'
harness_start
say steer
latency "100,000 a minute" stream 50000 1667
latency "as fast as it takes them, 3,000 at once" rate 3000
harness_stop
gw nft delete table inet sipmoat

# --- what is dropped ---

bare() { ip netns exec "$NS-bare" "$@"; }
same() { ip netns exec "$NS-same" "$@"; }
nft_far
for n in bare same; do
	ip netns add "$NS-$n"
	ip -n "$NS-far" link add ${n}0 type veth peer name ${n}1 netns "$NS-$n"
	far ip link set ${n}0 up
done
for at in 'gw v1' 'bare bare1' 'same same1'; do
	read -r ns link <<<"$at"
	$ns ip addr add 198.51.100.1/24 dev "$link"
	$ns ip addr add 2001:db8:2::1/64 dev "$link" nodad
	$ns ip link set "$link" up
	$ns nft -f - <<-'RULES'
	table inet end { # whoever is not banned ends here, and costs no more
		chain end {
			type filter hook prerouting priority -449; policy drop;
		}
	}
	RULES
done
conf ''
harness_start
say steer
say fill 60000
gw nft add element inet sipmoat banned6 '{ 2001:db8:77:1:: timeout 1h }'
# by_hand NAMESPACE FLAG: the sets there
by_hand() {
	"$1" nft -f - <<-RULES
		table inet hand {
			set b4 { type ipv4_addr; flags timeout; size 65536; $2 }
			set b6 { type ipv6_addr; flags timeout; size 65536; $2 }
			chain one {
				type filter hook prerouting priority -450;
			}
		}
	RULES
	$PY -c 'print("add element inet hand b4 {", ", ".join(
		f"198.18.{i >> 8 & 255}.{i & 255} timeout 1h" for i in range(60000)), "}")' |
		"$1" nft -f - || fail "the set by hand"
	"$1" nft add element inet hand b6 '{ 2001:db8:77:1:: timeout 1h }'
}
by_hand bare ''
by_hand same 'counter;'
rule() {
	printf 'flush chain inet hand one\nadd rule inet hand one %s drop\n' "$2" |
		"$1" nft -f - || fail "the rule by hand"
}

arrived() { far cat /sys/class/net/"$1"/statistics/tx_packets; }
# send NAMESPACE LINK TARGET PREFIX: packets that came to the rules in a second of the core
send() {
	local a mac secs
	mac=$("$1" cat /sys/class/net/"${2/0/1}"/address)
	a=$(arrived "$2")
	read -r _ _ secs < <(far taskset -c 0 nice -n -20 "$ROOT/$B/tests/bench/gen" "$2" "$mac" \
		"$3" "$SECS" "$4" 50000)
	awk -v n=$(($(arrived "$2") - a)) -v s="$secs" 'BEGIN { printf "%d\n", n / s }' >>"$T/$1.sent"
}
median() { sort -g "$T/$1.sent" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# drops WHAT TARGET PREFIX RULE: with our tables and with that rule
drops() {
	rm -f "$T"/*.sent
	rule bare "$4"
	rule same "udp dport 5060 $4"
	for ((i = 0; i < ROUNDS; i++)); do
		send gw v0 "$2" "$3"
		send bare bare0 "$2" "$3"
		send same same0 "$2" "$3"
	done
	awk -v ours="$(median gw)" -v bare="$(median bare)" -v same="$(median same)" -v what="$1" \
		'BEGIN { printf "%-32s %8d %8d %8d %10.2f %10.2f\n", what, ours, bare, same,
			ours / bare, ours / same }'
}
echo "Dropped in a second, medians of $ROUNDS rounds of $SECS s:"
printf '%-32s %8s %8s %8s %10s %10s\n' '' ours bare same ours/bare ours/same
drops "banned, IPv4, 60,000 in the set" 198.51.100.1 198.18.0.0/16 'ip saddr @b4'
drops "not banned, IPv4" 198.51.100.1 10.0.0.0/8 'ip saddr @b4'
drops "banned, an IPv6 /64" 2001:db8:2::1 2001:db8:77:1::/64 \
	'ip6 saddr and ffff:ffff:ffff:ffff:: @b6'
drops "not banned, IPv6" 2001:db8:2::1 2001:db8::/32 'ip6 saddr and ffff:ffff:ffff:ffff:: @b6'
harness_stop
