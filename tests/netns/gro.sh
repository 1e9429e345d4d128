#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many messages in one packet of the kernel's own making (GSO by the sender, GRO on the way, for
# UDP and TCP) are judged one by one: of ten the three forbidden ones are dropped, seven arrive.
# A counter in front of the queue shows that they did travel as one.
. "$(dirname "$0")/../lib/field.sh"
field_open
need ethtool
field_topology router
# no ban, or the first scanner's message would cost the rest; and no budget, for what is sent again
sed 's/^agent = {/&\n\tban = "0s";/; s/^flood = {/&\n\tmode = "off";/' "$ROOT/systemd/sipmoat.conf" >"$T/sipmoat.conf"
must "the config has no group agent" grep -q 'ban = "0s"' "$T/sipmoat.conf"
gw nft -f - <<'RULES' || fail "the kernel does not count"
table inet witness {
	counter merged { }
	chain pre {
		type filter hook prerouting priority -460;
		iifname wan0 th dport 5060 meta length > 1500 counter name merged
	}
}
RULES
pbx_echo
guard_start "$T/sipmoat.conf"

# larger than any link lets through: since the last call, packets and their bytes
came() { gw nft reset counter inet witness merged | awk '/packets/ { print $2, $4 }'; }

# merged WHAT BYTES COMMAND...: so many came in packets larger than any link's; a busy machine may
# have to send more than once until it is so
merged() {
	local what=$1 least=$2 packets bytes
	shift 2
	for _ in {1..10}; do
		came >/dev/null
		"$@"
		read -r packets bytes < <(came)
		note "$what: $bytes bytes in $packets packets"
		[ "$bytes" -lt "$least" ] || return 0
	done
	fail "$what: they were never one packet: the test shows nothing"
}

# separately WHAT SOURCE TARGET HOW: the forbidden three are dropped, the others answered
separately() {
	merged "$1" 7000 three_dropped "$@"
	! heard_scanner || fail "$1: the server heard a scanner"
}
# packets that were queued, ever
queued() { guarded awk '{ n += $8 } END { print n + 0 }' /proc/net/netfilter/nfnetlink_queue; }
first=
three_dropped() {
	local what=$1 got before
	shift
	before=$(queued)
	got=$(wan $PY "$FIELD_LIB/gso.py" "$@" $first --bad 2,5,9)
	# docs/doctor.md, merging: all that such a kernel passes must still be judged
	if [ -z "$first" ] && [ "$(queued)" = "$before" ]; then
		note "this kernel drops a merged packet that begins a connection: it queues none of it"
		first=--first
		got=$(wan $PY "$FIELD_LIB/gso.py" "$@" $first --bad 2,5,9)
	fi
	must "$what: $got" [ "$got" = '{"answered": [0, 1, 3, 4, 6, 7, 8], "end": "open"}' ]
}

separately "UDP GSO" 203.0.113.11 $PBX4 segment
! has_v6 || separately "UDP GSO, IPv6" 2001:db8:66:11::1 $PBX6 segment

# GRO that also merges what is only forwarded; it waits for more until the timer ends
n=12
gw sh -c 'echo 20000000 >/sys/class/net/wan0/gro_flush_timeout' || skip "no GRO timer here"
for kind in rx-udp-gro-forwarding rx-gro-list; do
	gw ethtool -K wan0 gro on $kind on >/dev/null 2>"$T/err" ||
		skip "no $kind here: $(head -c 200 "$T/err")"
	separately "UDP GRO ($kind)" 203.0.113.$n $PBX4 burst
	! has_v6 || separately "UDP GRO ($kind), IPv6" 2001:db8:66:$n::1 $PBX6 burst
	gw ethtool -K wan0 $kind off
	n=$((n + 1))
done

# stream WHAT SOURCE TARGET: ten good ones are answered; with a scanner's among them, it ends
stream() {
	local what=$1 got
	merged "$what" 4000 all_answered "$@"
	shift
	got=$(wan $PY "$FIELD_LIB/gso.py" "$@" stream --bad 4)
	must "$what, one forbidden: $got" ended reset "$got"
	case $got in *[4-9]*) fail "$what, one forbidden: $got" ;; esac
	! heard_scanner || fail "$what: the server heard a scanner"
}

all_answered() {
	local what=$1 got
	shift
	got=$(wan $PY "$FIELD_LIB/gso.py" "$@" stream)
	must "$what: $got" [ "$got" = '{"answered": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "end": "open"}' ]
}

stream "TCP, large sends" 203.0.113.14 $PBX4
! has_v6 || stream "TCP, large sends, IPv6" 2001:db8:66:14::1 $PBX6
# small segments that only the receiver merges
wan ethtool -K w0 tso off >/dev/null 2>&1
stream "TCP GRO" 203.0.113.15 $PBX4
! has_v6 || stream "TCP GRO, IPv6" 2001:db8:66:15::1 $PBX6
