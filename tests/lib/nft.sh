# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# A field for the ban thread alone: one namespace (gw) with nftharness in it, and on demand
# a second one (far) that sends to it.  Sourced by tests/netns/nft_*.sh.

NFT_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$NFT_LIB/../.." && pwd)
B=${B:-build}
PY=/usr/bin/python3
NS=nft-$$
T=
H_PID=

note() { printf '    %s\n' "$*"; }
skip() { printf '%s\n' "$*"; exit 77; }
fail() { printf 'not ok: %s\n' "$*"; exit 1; }
must() {
	local what=$1
	shift
	"$@" || fail "$what"
}

# wait_for COMMAND...: until it succeeds; the limit only ends a test that hangs
wait_for() {
	local end=$((SECONDS + 20 * ${SLOW:-1}))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

nft_open() {
	[ "$(id -u)" = 0 ] || skip "needs root (network namespaces): run it with sudo"
	command -v nft >/dev/null || skip "nft is not installed (make deps)"
	[ -x "$ROOT/$B/tests/netns/nftharness" ] || fail "nftharness is not built (make harness)"
	T=$(mktemp -d /tmp/sipmoat-nft.XXXXXX) || fail "no temporary folder"
	trap 'nft_close $?' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	{ ip netns add "$NS-gw" && ip netns exec "$NS-gw" true; } 2>"$T/err" ||
		skip "this machine may not make network namespaces ($(head -c 200 "$T/err"))"
	gw ip link set lo up
	conf ''
}

nft_close() {
	local pid
	trap '' INT TERM HUP
	exec 2>/dev/null
	for n in gw far bare same; do
		# shellcheck disable=SC2046
		kill -9 $(ip netns pids "$NS-$n")
		ip netns del "$NS-$n"
	done
	[ "$1" = 0 ] || [ "$1" = 77 ] || [ ! -s "$T/log" ] || tail -n 30 "$T/log"
	rm -rf "$T"
	exit "$1"
}

gw() { ip netns exec "$NS-gw" "$@"; }
far() { ip netns exec "$NS-far" "$@"; }

# conf TEXT: the configuration, beside what all tests want
conf() {
	cat >"$T/conf" <<-END
		inside = [ "192.0.2.130", "2001:db8:0:2::130" ];
		geo: { country = ""; };
		$1
	END
}

harness_start() {
	harness_launch || fail "nftharness does not start: $H_LINE $(tail -n 3 "$T/log")"
}
harness_launch() {
	coproc H { exec ip netns exec "$NS-gw" "$ROOT/$B/tests/netns/nftharness" "$T/conf" 2>>"$T/log"; }
	H_IN=${H[1]} H_OUT=${H[0]}
	read -r -t 60 H_LINE <&"$H_OUT" && [ "$H_LINE" = ok ]
}
harness_kill() { kill -9 "$H_PID"; wait "$H_PID" 2>/dev/null; }
harness_stop() {
	local pid=$H_PID
	say stop
	must "nftharness ended badly: $(tail -n 20 "$T/log")" wait "$pid"
}

# say COMMAND: its answer's last line is left in H_LINE, the others in H_TEXT
say() {
	printf '%s\n' "$*" >&"$H_IN"
	H_TEXT=
	while read -r -t 60 H_LINE <&"$H_OUT"; do
		case $H_LINE in
		ok*) return 0 ;;
		error*) return 1 ;;
		esac
		H_TEXT+=$H_LINE$'\n'
	done
	fail "nftharness is gone after: $*"
}

# element SET ADDRESS: its line, as nft prints it
element() {
	gw nft get element "${3:-inet}" "${4:-sipmoat}" "$1" "{ $2 }" 2>/dev/null |
		sed -n 's/.*elements = { \(.*\) }/\1/p'
}
has() { [ -n "$(element "$@")" ]; }
must_have() { wait_for has "$@" || fail "$2 is not in $1: $(gw nft list set inet sipmoat "$1")"; }
has_not() { ! has "$@"; }
must_lack() { wait_for has_not "$@" || fail "$2 is in $1: $(element "$@")"; }
# left SET ADDRESS: whole seconds until it expires, from text like "1d2h3m4s5ms"
left() {
	element "$1" "$2" | $PY -c 'import re, sys
unit = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0}
text = re.search(r"expires (\S+)", sys.stdin.read())
print(sum(int(n) * unit[u] for n, u in re.findall(r"(\d+)(ms|[dhms])", text[1])) if text else -1)'
}
elements() {
	gw nft -j list set inet sipmoat "$1" | $PY -c 'import json, sys
for o in json.load(sys.stdin)["nftables"]:
	if "set" in o: print(len(o["set"].get("elem", [])))'
}
in_state() {
	say walk
	grep -q "^$1 " <<<"$H_TEXT"
}
not_in_state() { ! in_state "$@"; }
counted() {
	say count
	[[ " $H_LINE " == *" $1 "* ]]
}
logged() { grep -qE "$1" "$T/log"; }

# a second namespace whose packets come in through the first one's veth
nft_far() {
	ip netns add "$NS-far"
	ip -n "$NS-far" link add v0 type veth peer name v1 netns "$NS-gw"
	gw ip addr add 192.0.2.1/24 dev v1
	gw ip addr add 2001:db8:1::1/48 dev v1 nodad
	gw ip link set v1 up
	far ip link set lo up
	far ip addr add 192.0.2.2/24 dev v0
	for a in 203.0.113.1 203.0.113.2 203.0.113.3; do far ip addr add $a/32 dev v0; done
	for a in 2001:db8:1:1::1 2001:db8:1:1::2 2001:db8:1:2::1; do
		far ip addr add $a/128 dev v0 nodad
	done
	far ip addr add 2001:db8:1::2/64 dev v0 nodad
	far ip link set v0 up
	far ip route add default via 192.0.2.1
	far ip route add 2001:db8:1::1/128 dev v0
	gw ip route add 203.0.113.0/24 dev v1
	gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v1.rp_filter=0
}

# arrive FROM PORT BYTES COUNT: how many of COUNT datagrams to that port came through
arrive() { gw $PY "$NFT_LIB/arrive.py" "$NS-far" "$@"; }
