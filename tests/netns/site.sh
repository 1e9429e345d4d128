#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After a power cut sixty phones behind one address register all at once: none is refused.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
pbx_start
guard_start
phones=()
for ((u = 1001; u <= 1060; u++)); do
	users "$u" "$u" >"$T/site$u.users"
	phone "site$u" register 4 $CALLER4 $((6000 + u)) -inf "$T/site$u.users" \
		-key contact_port $((6000 + u)) -m 1 -timeout 60s -timeout_error &
	phones+=($!)
done
failed=0
for p in "${phones[@]}"; do
	wait "$p" || failed=$((failed + 1))
done
must_not_ban $CALLER4
must "$failed of 60 phones could not register" [ $failed = 0 ]
logged "(banned|dropped|refused) $CALLER4" && fail "$(grep -E "(banned|dropped|refused) $CALLER4" "$T/guard.log")"
note "60 of 60 phones registered, nothing of theirs was dropped"
