#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A broken config on SIGHUP: the old rules stay, the log says file, line, key and so on.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
mkdir "$T/etc"
mkdir "$T/etc/conf.d"
echo "control = { socket = \"$T/control\"; };" >"$T/etc/conf.d/control.conf"
printf 'agent = { deny = [ "old-rule" ]; };\n' >"$T/etc/sipmoat.conf"
pbx_echo
guard_start "$T/etc/sipmoat.conf"
printf 'agent = { deny = [ "new-rule" ]; };\nflood = { bugdet = 20; window = "x"; };\n' \
	>"$T/etc/sipmoat.conf"
guard_reload
must "the log does not say that the old rules stay" logged 'old configuration stays'
must "the log names no file, line and key" logged 'sipmoat\.conf:2: .*bugdet'
must "the log has no hint" logged 'budget'
must "the log has only the first error" logged 'sipmoat\.conf:2: .*window'
must "sipmoatd ended" guard_alive
got=$(answer_to 203.0.113.15 $PBX4 -a new-rule)
must "a rule of the broken config is in force: $got" answered 200 "$got"
sip 203.0.113.16 $PBX4 -a old-rule >/dev/null
must_ban 203.0.113.16
note "$(grep -E 'bugdet' "$T/guard.log" | head -n 1)"
# likewise a broken line of a rate card: who may not call for money may still not
mkdir "$T/etc/lists"
printf '44,Britain,1.00\n' >"$T/etc/lists/rates.csv"
printf 'cost = { rates = [ "file:rates.csv" ]; unpriced = "refuse"; };\n' >"$T/etc/sipmoat.conf"
guard_reload
got=$(sip 203.0.113.18 $PBX4 -m INVITE --user +493023125000)
must "the rate card is not in force: $got" unanswered "$got"
got=$(answer_to 203.0.113.19 $PBX4 -m INVITE --user +442079460123)
must "a call of the card does not pass: $got" answered 200 "$got"
printf '44,Britain,1.00\n49,Germany,cheap\n' >"$T/etc/lists/rates.csv"
guard_reload
must "the log does not name the line of the card" logged 'lists/rates\.csv:2: cost\.rates: .*no price'
got=$(sip 203.0.113.18 $PBX4 -m INVITE --user +493023125000)
must "the rate card of before is gone: $got" unanswered "$got"
rm "$T/etc/lists/rates.csv"
printf 'agent = { deny = [ "new-rule" ]; };\n' >"$T/etc/sipmoat.conf"
guard_reload
sip 203.0.113.17 $PBX4 -a new-rule >/dev/null
must_ban 203.0.113.17

# the same of a list and of a rate card, whose lines are named
cat >"$T/etc/sipmoat.conf" <<'CONF'
destination = { deny_numbers = [ "file:never.txt" ]; };
cost = { rates = [ "file:rates.csv" ]; };
CONF
printf '44\n' >"$T/etc/lists/never.txt"
printf 'prefix,price\n44,0.02\n' >"$T/etc/lists/rates.csv"
guard_reload
number() { sip "203.0.113.$1" $PBX4 -m MESSAGE --user "$2"; }
denied() { must "$3" unanswered "$(number "$1" "$2")"; }
free() { must "$3" answered 200 "$(number "$1" "$2")"; }
denied 18 +442079460001 "the list is not in force"
printf '33\n# a comment\n4x4\n' >"$T/etc/lists/never.txt"
printf 'prefix,price\n33,0.02\n49,cheap\n' >"$T/etc/lists/rates.csv"
guard_reload
must "the log names no line of the list" logged 'lists/never\.txt:3: destination.deny_numbers: "4x4"'
must "the log names no line of the rate card" logged 'lists/rates\.csv:3: cost.rates: "49,cheap"'
denied 19 +442079460001 "the old list is not in force"
free 21 +33199000001 "a line of the broken list is in force"
printf '33\n' >"$T/etc/lists/never.txt"
printf '33,0.02\n' >"$T/etc/lists/rates.csv"
guard_reload
denied 22 +33199000001 "the mended list is not in force"
free 23 +442079460001 "the old list is still in force"

# nftables does not take the new rules: somebody has put a chain of that name elsewhere
guarded nft add chain inet sipmoat marks '{ type filter hook input priority 5; }'
printf 'agent = { action = "mark"; mark = 8; };\n' >"$T/etc/sipmoat.conf"
given 1 'half in force: .*another program' reload
given 0 'nftables did not take the last reload' status
guarded nft delete chain inet sipmoat marks
given 0 'reloaded' reload
given 0 '^mode ' status
must "the alarm does not end: $(cat "$T/said")" eval '! grep -q nftables "$T/said"'
