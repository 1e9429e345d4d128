#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Feeds: who is on a block list is dropped in the kernel and counted, unless an allow list names
# him; files are followed without a restart; a broken file, and one that names the carrier or a
# phone that is registered, changes nothing; flushed sets come back.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio sipp
field_topology router
lists=$T/lists
mkdir "$T/etc" "$lists"
sock=$T/control
# list NAME LINE...: replaced by renaming, as a download should be
list() {
	printf '%s\n' "${@:2}" >"$lists/.$1"
	mv "$lists/.$1" "$lists/$1"
}
feed() { "$ROOT/$B/sipmoat" feeds -s "$sock"; }
conf() {
	cat >"$T/etc/sipmoat.conf" <<-END
		mode = "${1:-enforce}";
		control = { socket = "$sock"; };
		trusted = { addresses = [ "198.51.100.25"${2:-} ]; };
		feeds = (
			{ name = "worst"; file = "$lists/worst"; },
			{ name = "ban"; file = "$lists/ban.json"; format = "apiban"; },
			{ name = "friends"; file = "$lists/friends"; list = "allow"; }
		);
	END
}
cut() { unanswered "$(sip "$1" "${2:-$PBX4}")"; }
through() { ! cut "$@"; }
# dropped N: so many packets, at least, at the rule that drops
dropped() {
	gw nft list chain inet sipmoat feeds_hit | awk -v n="$1" '/counter packets/ && !/accept/ {
		for (i = 1; i < NF; i++) if ($i == "packets") s += $(i + 1) } END { exit s < n }'
}
holds() { gw nft get element inet sipmoat "$1" "{ $2 }" >/dev/null 2>&1; }
lacks() { ! holds "$@"; }

pbx_start
conf
list worst '# nobody yet' '203.0.113.11' '2001:db8:66:11::1'
list friends '203.0.113.99'
guard_start "$T/etc/sipmoat.conf"
wait_for 20 holds feed_hosts4 203.0.113.11 || fail "the list is not in the kernel: $(tail -n 5 "$T/guard.log")"
wait_for 20 logged 'feed ban: .*/ban.json is not loaded: No such file' || fail "a missing file is not told"
must "a listed source came through" cut 203.0.113.11
dropped 1 || fail "not counted: $(gw nft list chain inet sipmoat feeds_hit)"
must "an honest source is refused" through 203.0.113.12
if has_v6; then
	must "a listed source came through (IPv6)" cut 2001:db8:66:11::1 $PBX6
	must "an honest source is refused (IPv6)" through 2001:db8:66:12::1 $PBX6
fi
note "a listed source is dropped in the kernel, and counted"

list worst '203.0.113.16/30 ; a net' '203.0.113.13' 'oops' '10.0.0.1'
list ban.json '{"ipaddress":["203.0.113.20"],"ID":"1"}'
wait_for 20 holds feed4 203.0.113.17 || fail "the new list is not in the kernel"
wait_for 20 holds feed_hosts4 203.0.113.20 || fail "the JSON list is not in the kernel"
must "a source that is off the list is still cut" through 203.0.113.11
must "a source of a listed net came through" cut 203.0.113.18
must "its neighbour is cut" through 203.0.113.15
must "a listed source came through" cut 203.0.113.20
must "wrong lines are not told" logged 'feed worst: 1 lines are wrong, 1 ignored: line 3: "oops" is no address; line 4'
list friends '203.0.113.18'
wait_for 20 through 203.0.113.18 || fail "an allow list does not win"
must "its neighbour came through" cut 203.0.113.17
note "files are followed; an allow list wins over a block list"

list worst '<html>' '<h1>503</h1>' '</html>'
wait_for 20 logged 'feed worst: .* is refused, the 2 entries of before stay: .*failed download' ||
	fail "an error page is not refused"
must "the old list is gone" cut 203.0.113.17
feed | grep -q 'refused as it is now: it holds no address' || fail "sipmoat feeds: $(feed)"
"$ROOT/$B/sipmoat" feeds --json -s "$sock" | $PY -c 'import json, sys
a = json.load(sys.stdin)
f = {x["name"]: x for x in a["feeds"]}
assert (f["worst"]["entries"], f["worst"]["prefixes"], f["worst"]["wrong"]) == (2, 1, 1), f
assert f["worst"]["refused"] and not f["ban"]["refused"] and f["friends"]["list"] == "allow", f
assert [(k["list"], k["addresses"], k["ranges"]) for k in a["kernel"]] == [
	("block", 2, 1), ("allow", 1, 0)], a' || fail "sipmoat feeds --json"
kill -USR1 "$GUARD_PID"
wait_for 10 logged 'feed worst: 2 entries to block, 1 of them prefixes.*refused now: it holds' ||
	fail "not in the report"
note "an error page is refused, the old list stays"

phones_ready
list worst '203.0.113.17' '198.51.100.16/29'
wait_for 20 logged 'feed worst: .*: line 2, 198.51.100.16/29, would block 198.51.100.20, which is known' ||
	fail "a list that names a registered phone is not refused: $(feed)"
calls before 4 $CALLER4 5066 10 10 200 || fail "calls fail: $(tail -n 3 "$T/before.err")"
list worst '198.51.100.25' '203.0.113.17'
wait_for 20 logged 'feed worst: .*: line 1, 198.51.100.25, would block 198.51.100.25, which is trusted' ||
	fail "a list that names the carrier is not refused: $(feed)"
list ban.json "{\"ipaddress\":[\"$PBX4\"],\"ID\":\"2\"}"
wait_for 20 logged 'feed ban: .*would block .*, which is inside' || fail "the server itself is not spared: $(feed)"
list friends '198.51.100.20'
list worst '198.51.100.16/29' '203.0.113.17'
wait_for 20 holds feed4 198.51.100.20 || fail "an allow list does not help: $(feed)"
calls after 4 $CALLER4 5066 10 10 200 || fail "calls fail: $(tail -n 3 "$T/after.err")"
note "a list with the carrier, a registered phone or the server in it is refused; calls go on"

list worst '203.0.113.17' '203.0.113.21'
wait_for 20 holds feed_hosts4 203.0.113.21 || fail "a good list is not taken again: $(feed)"
gw nft flush ruleset
wait_for 20 holds feed_hosts4 203.0.113.21 || fail "not back after flush ruleset"
gw nft flush set inet sipmoat feed_hosts4
wait_for 20 holds feed_hosts4 203.0.113.21 || fail "not back after flush set"
gw nft flush chain inet sipmoat feeds
wait_for 20 cut 203.0.113.21 || fail "not back after flush chain"
must "an honest source is refused" through 203.0.113.12
note "flushed, and back"

conf observe
guard_reload
wait_for 20 through 203.0.113.21 || fail "dropped in observe mode"
conf enforce ', "203.0.113.21"'
guard_reload
wait_for 20 logged 'feed worst: .*203.0.113.21, which is trusted' || fail "not judged again at reload: $(feed)"
must "a trusted source is cut" through 203.0.113.21
conf
guard_reload
wait_for 20 cut 203.0.113.21 || fail "the list is not in force again"
guard_stop
[ "$GUARD_RC" = 0 ] || fail "sipmoatd ended with $GUARD_RC"
holds feed_hosts4 203.0.113.21 || fail "the list went with the daemon"
guard_start "$T/etc/sipmoat.conf"
must "the list is not there after a restart" wait_for 20 cut 203.0.113.21
list worst '203.0.113.17'
wait_for 20 lacks feed_hosts4 203.0.113.21 || fail "what an earlier run wrote does not go"
sed -i '/^feeds/,/);/d' "$T/etc/sipmoat.conf"
guard_reload
no_sets() { ! gw nft list set inet sipmoat feed4 >/dev/null 2>&1; }
wait_for 20 no_sets || fail "sets stay without feeds"
must "an honest source is refused" through 203.0.113.17
note "observe, reload, restart, and no feeds any more"
