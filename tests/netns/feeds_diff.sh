#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Feeds change in every way: after each change the kernel's sets hold just what all files
# together say, single addresses and ranges, with neighbours, overlaps and duplicates.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<-END
	control = { socket = "$T/control"; };
	feeds = ( { name = "one"; file = "$T/one"; }, { name = "two"; file = "$T/two"; },
		{ name = "allow"; file = "$T/allow"; list = "allow"; } );
END
touch "$T/one" "$T/two" "$T/allow"
guard_start "$T/etc/sipmoat.conf"
$PY "$FIELD_LIB/feeds.py" "$NS-gw" "$T" "$ROOT/$B/sipmoat" "${ROUNDS:-12}" ||
	fail "see above: $(tail -n 5 "$T/guard.log")"
must "a list was refused" test "$(grep -c refused "$T/guard.log")" = 0
# a refused transaction makes the daemon begin anew: that would hide what was wrong in it
must "nftables refused something" test "$(grep -c 'did not take' "$T/guard.log")" = 0
END_OF_LOG=$(tail -n 1 "$T/guard.log")
note "${END_OF_LOG#sipmoatd: }"
