#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bans and allowances by hand, with sipmoat: in the kernel when it returns, told with who and why,
# over restart and reboot (kill -9, and an empty kernel), refused where they would hit whom they
# must not; prefixes drop, and what is allowed in them gets through, by the known lane.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
mkdir "$T/state"
export STATE_DIRECTORY=$T/state
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
trusted = { addresses = [ "203.0.113.15" ]; };
bans = { never = [ "198.51.100.25" ]; };
feeds = ( { name = "worst"; file = "$T/worst"; } );
control = { socket = "$T/control"; };
CONF
printf '203.0.113.28\n203.0.113.29\n2001:db8:66:14::1\n' >"$T/worst"
guard_start "$T/sipmoat.conf"
# by the kernel: no queue has had it
dropped() {
	local before=$(($(queue 5060) + $(queue 5061)))
	got=$(sip "$1" "${2:-$PBX4}")
	must "$1 gets through: $got" unanswered "$got"
	must "$1: sipmoatd saw it, and not the kernel's sets" \
		[ $(($(queue 5060) + $(queue 5061))) = $before ]
}
through() { got=$(answer_to "$1" "${2:-$PBX4}"); must "$1 does not get through: $got" answered 200 "$got"; }
in_set() { guarded nft list set inet sipmoat "$1" | grep -qE -- "$2"; }
listed() {
	tool bans >"$T/bans" || fail "sipmoat bans: $?"
	grep -qE -- "$1" "$T/bans" || fail "not in the list: $1: $(cat "$T/bans")"
}
listed_now() { tool bans | grep -qE -- "$1"; }
queue() { guarded awk -v n="$1" '$1 == n { print $8 }' /proc/net/netfilter/nfnetlink_queue; }

given 0 'nobody is banned' bans
through 203.0.113.11
given 0 '^203\.0\.113\.11: banned for good$' ban 203.0.113.11 --note 'rings "at" night, §'
must "the element is not there when the tool has returned" banned 203.0.113.11
must "it has a timeout" grep -qv timeout <<<"$(ban_line 203.0.113.11)"
dropped 203.0.113.11
given 0 'banned for 2h$' ban 203.0.113.12 --for 2h
must "the log does not tell for how long" logged '203\.0\.113\.12: banned for 2h by user id 0'
dropped 203.0.113.12
listed '^203\.0\.113\.11 +banned +for good +root +- +- +rings "at" night, \?\?$'
listed '^203\.0\.113\.12 +banned +(1h59m|2h) +root'
tool bans --json | $PY -c 'import json, sys
a = json.load(sys.stdin)
b = {x["who"]: x for x in a["bans"]}["203.0.113.11"]
assert a["total"] == 2 and b["uid"] == 0 and b["since"] > 1e9 and "seconds" not in b, a' ||
	fail "the list as JSON is not what docs/control.md says"
must "the log does not tell who and why" logged '203\.0\.113\.11: banned by user id 0: rings "at" night'
given 0 'unbanned' unban 203.0.113.12
must_not_ban 203.0.113.12
through 203.0.113.12
given 1 '203\.0\.113\.12 is not banned' unban 203.0.113.12
given 0 'banned for 1h$' ban 203.0.113.11 --for 1h
must "an end did not take the place of none" grep -q timeout <<<"$(ban_line 203.0.113.11)"
given 0 'for good' ban 203.0.113.11 --note again
note "an address: banned, listed, told, shortened, unbanned"

# asks COUNT: of so many families the drop of a banned site asks whether anybody speaks for it
asks() {
	[ "$(for f in 4 6; do guarded nft list chain inet sipmoat bans_site$f; done | grep -cw goto)" = "$1" ]
}
must "it asks for nothing whether somebody speaks for him" asks 0
given 0 'allowed for good' allow 203.0.113.8/29
through 203.0.113.11
must "with one allowed nobody is asked" asks 1
given 0 'no longer allowed' disallow 203.0.113.8/29
dropped 203.0.113.11
must "it goes on asking" asks 0
guarded nft add element inet sipmoat allowed4 '{ 203.0.113.11 }'
wait_for 10 asks 1 || fail "who is allowed by nft is not asked for"
through 203.0.113.11
given 0 'no longer allowed' disallow 203.0.113.11
dropped 203.0.113.11
note "a ban costs one look-up, as long as nobody is allowed"

given 0 '^203\.0\.113\.16/29: banned for good' ban 203.0.113.17/29 --note 'the whole block'
dropped 203.0.113.18
through 203.0.113.25
given 1 '203\.0\.113\.18 itself is not banned; 203\.0\.113\.16/29 is' unban 203.0.113.18
before=$(queue 5061)
given 0 '203\.0\.113\.18: allowed for 30m$' allow 203.0.113.18 --for 30m --note 'our Anna'
through 203.0.113.18
must "what is allowed is not in the known lane" [ "$(queue 5061)" -gt "$before" ]
must "nor what is sent to it" [ "$(($(queue 5061) - before))" -ge 2 ]
dropped 203.0.113.19
# a scanner's packet in the name of who is allowed bans nobody
got=$(answer_to 203.0.113.18 $PBX4 -a friendly-scanner)
must "an allowed source was judged like a stranger: $got" answered 200 "$got"
must_not_ban 203.0.113.18
given 0 'banned for 10m$' ban 203.0.113.16/28 --for 10m
dropped 203.0.113.25
must "the end of the shorter one holds where the longer one does" in_set banned_nets4 \
	'203\.0\.113\.19-203\.0\.113\.23 comment|203\.0\.113\.16/29 comment'
must "the shorter one does not end" in_set banned_nets4 '203\.0\.113\.24/29 timeout 10m'
given 0 'allowed for good' allow 203.0.113.20
through 203.0.113.20
given 0 'no longer allowed' disallow 203.0.113.20
dropped 203.0.113.20
given 1 'is allowed, and that wins' ban 203.0.113.18
note "prefixes in one another, and who is allowed in them"

wait_for 20 in_set feed_hosts4 '203\.0\.113\.28' || fail "the feed is not in the kernel"
dropped 203.0.113.28
given 0 'allowed for good' allow 203.0.113.28
through 203.0.113.28
dropped 203.0.113.29
given 0 'no longer allowed' disallow 203.0.113.28
dropped 203.0.113.28
if has_v6; then
	dropped 2001:db8:66:14::1 $PBX6
	given 0 'allowed' allow 2001:db8:66:14::/64
	through 2001:db8:66:14::1 $PBX6
	given 0 'no longer allowed' disallow 2001:db8:66:14::/64
fi
note "an allowance wins over feeds"

if has_v6; then
	given 0 '^2001:db8:66:11::/64: banned' ban 2001:db8:66:11::1
	must_ban 2001:db8:66:11::
	dropped 2001:db8:66:11::1 $PBX6
	given 0 '^2001:db8:66:11::1: allowed' allow 2001:db8:66:11::1
	through 2001:db8:66:11::1 $PBX6
	must "of IPv6 the whole /64 is allowed" in_set allowed6 '2001:db8:66:11::1 comment'
	given 0 '' ban 2001:db8:66:12::1/128
	dropped 2001:db8:66:12::1 $PBX6
	given 0 'banned' ban 2001:db8:66:13::/48
	dropped 2001:db8:66:13::1 $PBX6
	given 0 'unbanned, 3 in all' unban 2001:db8:66::/48
	given 0 'banned' ban 2001:db8:66:13::1
	given 0 '^::/0: unbanned$' unban ::/0
	listed '^203\.0\.113\.16/29 +banned'
	through 2001:db8:66:13::1 $PBX6
	through 2001:db8:66:12::1 $PBX6
	note "IPv6: a ban is of the /64, an allowance of the one address"
fi

given 1 '192\.0\.2\.1 is a gateway of this host: it is never banned' ban 192.0.2.1
given 1 '192\.0\.2\.0/24 holds .* which is ' ban 192.0.2.0/24
given 1 '203\.0\.113\.15 is trusted' ban 203.0.113.15
given 1 '198\.51\.100\.25 is named in bans\.never' ban 198.51.100.25
given 1 'is inside' ban $PBX4
given 1 'wider than /8' ban 16.0.0.0/7
given 1 'wider than /16' allow 2000::/3
given 2 '"203\.0\.113\.300" is neither an address nor a prefix' ban 203.0.113.300
given 2 'neither' unban sip.example.com
given 2 'the note has 100 bytes, and 99 are kept' ban 203.0.113.12 --note "$(printf '%0100d' 0)"
given 2 'must be a time' ban 203.0.113.12 --for 0
given 2 'one address' ban
control=$T/nobody given 3 'no sipmoatd listens' bans
note "refused, with the reason"

# --- what others do with nft ---
guarded nft add element inet sipmoat banned_nets4 '{ 198.51.100.20-198.51.100.23 timeout 1h comment "by phone" }'
wait_for 10 logged '198\.51\.100\.20/30: banned by hand: by phone' || fail "an interval that nft added was not taken over"
listed '^198\.51\.100\.20/30 +banned +.* nft +.* by phone'
dropped 198.51.100.21
guarded nft delete element inet sipmoat banned_nets4 '{ 198.51.100.20-198.51.100.23 }'
wait_for 10 logged '198\.51\.100\.20/30: unbanned by hand' || fail "nft delete element was not heard"
through 198.51.100.21
listed '^203\.0\.113\.16/29 +banned'
# with a rule in one transaction
guarded nft -f - <<-NFT
	delete element inet sipmoat banned_nets4 { 203.0.113.24-203.0.113.31 }
	flush chain inet sipmoat bans_source
	add element inet sipmoat banned_nets4 { 198.51.100.20/30 timeout 1h }
NFT
wait_for 10 listed_now '^198\.51\.100\.20/30 +banned' || fail "an interval that came with a rule was not taken over"
given 0 '' unban 198.51.100.20/30
given 0 'banned for 10m$' ban 203.0.113.16/28 --for 10m
given 0 'allowed' allow 203.0.113.21
guarded nft delete element inet sipmoat allowed4 '{ 203.0.113.21 }'
wait_for 10 logged '203\.0\.113\.21: no longer allowed, by hand' || fail "an allowance that nft took away was not heard"
dropped 203.0.113.21
# more than anybody looks at: the last of it must not seem to reach to the end of all addresses
{
	echo 'add element inet sipmoat banned_nets4 {'
	for i in $(seq 0 9000); do echo "100.$((64 + i / 256 / 64)).$((i / 64 % 256)).$((i % 64 * 4)),"; done
	echo '100.127.0.0 }'
} >"$T/many.nft"
guarded nft -f "$T/many.nft"
wait_for 20 logged 'the set banned_nets4 holds more than 8192 intervals' || fail "too much for a set is not told"
in_set_not() { ! in_set "$@"; }
wait_for 20 in_set_not banned_nets4 '100\.64\.' || fail "what is too much stays in the set"
through 203.0.113.14
dropped 203.0.113.19
guarded nft flush ruleset
wait_for 10 in_set banned_nets4 '203\.0\.113\.16' || fail "prefixes are not put back"
wait_for 10 in_set allowed4 '203\.0\.113\.18' || fail "allowances are not put back"
dropped 203.0.113.19
through 203.0.113.18
note "nft: taken over, lifted, put back"

# --- what survives ---
checked() { # after WHAT
	listed '^203\.0\.113\.11 +banned +for good +root .* again$'
	listed '^203\.0\.113\.16/29 +banned +for good +root .* the whole block$'
	listed '^203\.0\.113\.18 +allowed +[0-9]+m[0-9s]* +root .* our Anna$'
	dropped 203.0.113.11
	dropped 203.0.113.19
	through 203.0.113.18
	note "the same $1"
}
guard_reload
checked "after a reload"
before=$(wc -l <"$T/bans")
guard_stop
guard_start
checked "after a restart"
must "bans came to be more: $(cat "$T/bans")" [ "$(wc -l <"$T/bans")" -le "$before" ]
guard_kill
guard_start
checked "after kill -9"
mv "$T/state" "$T/away"
tool allow 203.0.113.29 --for 1h >/dev/null 2>"$T/said"
must "it is not told that nothing is kept: $(cat "$T/said")" grep -q 'not kept on disk' "$T/said"
mkdir "$T/state"
wait_for 20 grep -qs '^allow 203\.0\.113\.29 ' "$T/state/hand" || fail "what could not be kept is not written when it can be"
note "without its directory it goes on, and writes when that is there again"
# written by a clock that is ahead, as ours is in 1970
now=$(date +%s)
echo "ban 203.0.113.14 $((now + 100060)) 0 $((now + 100000)) ahead" >>"$T/state/hand"
guard_kill
guarded nft flush ruleset
sed -i '1i no line of ours' "$T/state/hand"
sed -i '/^ban 203\.0\.113\.11 /s/$/, and more/' "$T/state/hand"
guard_start
listed '^203\.0\.113\.11 .* again, and more$'
listed '^203\.0\.113\.18 +allowed'
listed '^203\.0\.113\.14 +banned +([1-5]?[0-9]s|1m) .* ahead$'
dropped 203.0.113.19
must "a damaged line was not told" logged 'state/hand:1: cannot be read'
given 0 'unbanned' unban 203.0.113.11
must "a damaged line was lost" grep -q '^no line of ours$' "$T/state/hand"
must "what is unbanned is still in the file" [ "$(grep -c '203\.0\.113\.11' "$T/state/hand")" = 0 ]
must "the file is for everybody's eyes" [ "$(stat -c %a "$T/state/hand")" = 600 ]
through 203.0.113.11
note "after a reboot, all of it from the file; a damaged line costs nothing"
