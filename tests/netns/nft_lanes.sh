#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The two lanes: strangers go to one queue, known and trusted sources to the other; what
# carries our mark goes past.  The queues are those of
# the daemon; the kernel counts what it put into each.
. "$(dirname "$0")/../lib/nft.sh"
nft_open
nft_far
conf 'queue: { workers = 1; }; log: { level = "debug"; };
zones = ( { name = "carrier"; addresses = [ "203.0.113.2" ]; trust = true; } );'
gw "$ROOT/$B/sipmoatd" -c "$T/conf" >"$T/log" 2>&1 </dev/null &
wait_for logged 'steering SIP into queues' || fail "sipmoatd does not start"
# queue NUMBER: packets that it has had; the eighth column counts them
queue() { gw awk -v n="$1" '$1 == n { print $8 }' /proc/net/netfilter/nfnetlink_queue; }
# lane FROM BYTES STRANGERS KNOWN: what four datagrams add to each queue
lane() {
	local s k
	s=$(queue 5060) k=$(queue 5061)
	arrive "$1" 5060 "$2" 4 >/dev/null
	s=$(($(queue 5060) - s)) k=$(($(queue 5061) - k))
	[ "$s $k" = "$3 $4" ] || fail "$1, $2 bytes: $s to the strangers, $k to the known, not $3 $4"
}
lane 203.0.113.1 400 4 0
lane 2001:db8:1:1::1 400 4 0
lane 203.0.113.2 400 0 4
lane 203.0.113.1 3500 4 0
lane 2001:db8:1:1::1 3500 4 0
gw nft add element inet sipmoat known4 '{ 203.0.113.3 timeout 1h }'
copied() { # to the table that steers, when that is another one
	! gw nft list tables 2>/dev/null | grep -q 'ip sipmoat-queue' ||
		has known4 203.0.113.3 ip sipmoat-queue
}
wait_for copied || fail "the queue table does not know what an operator made known"
lane 203.0.113.3 400 0 4
# replies by the same lane: the address of the peer decides, not the direction
s=$(queue 5060) k=$(queue 5061)
gw $PY -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x", ("203.0.113.3", 5060))
s.sendto(b"x", ("203.0.113.1", 5060))
s.setsockopt(socket.SOL_SOCKET, 36, 0x51b0a7)
s.sendto(b"x", ("203.0.113.1", 5060))'
must "outbound: $(($(queue 5060) - s)) strangers" [ $(($(queue 5060) - s)) = 1 ]
must "outbound: $(($(queue 5061) - k)) known" [ $(($(queue 5061) - k)) = 1 ]
gw nft delete element inet sipmoat known4 '{ 203.0.113.3 }'
not_copied() { ! has known4 203.0.113.3 ip sipmoat-queue; }
wait_for not_copied || fail "the queue table still knows what an operator deleted"
lane 203.0.113.3 400 4 0
