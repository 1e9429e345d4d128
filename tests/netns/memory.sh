#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Resident memory with default tables, after traffic that fills them: at most 64 MB.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
case $B in *-address* | *-thread*) skip "sanitizers need memory of their own" ;; esac
pbx_echo
guard_start
rss() { awk '/^VmRSS/ { printf "%d\n", $2 / 1024 }' "/proc/$GUARD_PID/status"; }
first=$(rss)
sip 203.0.113.14 $PBX4 -m REGISTER -n 500 -r 2000 >/dev/null
ip -n "$NS-gw" route add 198.18.0.0/16 via 192.0.2.1
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
mac=$(ip -n "$NS-gw" -j link show dev wan0 | sed 's/.*"address":"\([0-9a-f:]*\)".*/\1/')
[ ! -x "$ROOT/$B/tests/bench/gen" ] || wan "$ROOT/$B/tests/bench/gen" w0 "$mac" $PBX4 2 >"$T/gen"
must "sipmoatd ended" guard_alive
now=$(rss)
note "resident: $first MB at the start, $now MB after $(cut -d' ' -f1 "$T/gen") packets of 16384 sources"
must "$now MB resident" [ "$now" -le 64 ]
