#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulation that docs/checks/pipe.md shows beside our pipes, held to Kamailio's own pipelimit:
# requests at 1, 2 and 4 times the limit, through TAILDROP and RED; nine of ten must have the same fate.
# alone: what passes is a matter of time
. "$(dirname "$0")/../lib/field.sh"
FIELD_BARE=1 field_open
need kamailio
for d in /usr/lib/*/kamailio/modules /usr/lib64/kamailio/modules; do
	[ -e "$d/pipelimit.so" ] && found=1
done
[ -n "${found:-}" ] || skip "this Kamailio has no pipelimit"
field_topology router
PBX_CONF=$FIELD_LIB/pipelimit.cfg pbx_start

# pace METHOD ALGORITHM RATE, in the background
pace() {
	wan $PY "$FIELD_LIB/pacer.py" $CALLER4 $PBX4 "$1" "$2" "$3" 8 20 2 >"$T/$1.paced" 2>&1
}
# alike METHOD ALGORITHM LOAD
alike() {
	local percent
	percent=$(sed -n 's/.*, \([0-9]*\) % alike$/\1/p' "$T/$1.paced")
	[ "${percent:-0}" -ge 90 ] || fail "$2 at $3 x: $(tail -n 3 "$T/$1.paced")"
	note "$2 at $3 x: $(cat "$T/$1.paced")"
}
for load in 1 2 4; do
	pace OPTIONS TAILDROP $((10 * load)) &
	taildrop=$!
	pace MESSAGE RED $((10 * load)) &
	wait $taildrop $!
	alike OPTIONS TAILDROP $load
	alike MESSAGE RED $load
done
