#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A feed of a million: how long until it is in the kernel, what it takes, and what others see of
# it meanwhile: the longest gap of a stream through the daemon, and how long bans take.
#   HOSTS=950000 PREFIXES=50000 SECS=15
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/field.sh
HOSTS=${HOSTS:-950000} PREFIXES=${PREFIXES:-50000}
bench=$ROOT/tests/bench/feeds.py
field_open
field_topology router
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<-END
	trusted = { addresses = [ "198.51.100.25" ]; };
	feeds = ( { name = "bench"; file = "$T/list"; } );
END
kernel() { awk '/^(Slab|VmallocUsed|Percpu):/ { s += $2 } END { print s }' /proc/meminfo; }
rss() { awk '/^Vm(RSS|HWM)/ { printf "%s %.0f MB ", $1, $2 / 1024 }' "/proc/$GUARD_PID/status"; }
loads() { grep -c '^sipmoatd: feeds: .* to block are in the kernel' "$T/guard.log"; }
loaded() { [ "$(loads)" -ge "$1" ]; }
# meanwhile NAME LOADS: watches others until so many loads are done
meanwhile() {
	local began=$SECONDS
	$PY "$bench" watch "$NS-wan,$NS-gw,$NS-pbx" "${SECS:-15}" >"$T/watched" &
	local watcher=$!
	[ "$2" = 0 ] || { sleep 1; must "no list" mv "$T/next" "$T/list"; }
	[ "$2" = 0 ] || wait_for 300 loaded "$2" || fail "not loaded: $(tail -n 3 "$T/guard.log")"
	[ $((SECONDS - began)) -lt "${SECS:-15}" ] || note "took longer than it was watched: SECS=..."
	wait $watcher
	printf '%-22s %s\n' "$1:" "$(cat "$T/watched")"
	[ "$2" = 0 ] || grep 'feeds: .* to block' "$T/guard.log" | tail -n 1
	printf '%-22s daemon %s kernel %+d MB\n' '' "$(rss)" $((($(kernel) - before) / 1024))
}
uname -r
guard_start "$T/etc/sipmoat.conf"
before=$(kernel)
meanwhile "no feed" 0
$PY "$bench" list "$T/next" "$HOSTS" "$PREFIXES" 1
meanwhile "$((HOSTS + PREFIXES)) entries" 1
# another tenth of the addresses, and a few prefixes less
$PY "$bench" list "$T/more" $((HOSTS / 10)) 0 2
{ head -n $((HOSTS * 9 / 10)) "$T/list"; cat "$T/more"; tail -n $((PREFIXES - 100)) "$T/list"; } >"$T/next"
meanwhile "a tenth changes" 2
