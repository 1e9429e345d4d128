#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat top in a terminal (tmux): what the daemon tells is on the screen, keys work, it takes
# another size, hostile names are letters and nothing else, a daemon that goes and comes back is
# told, and the terminal is put back.
. "$(dirname "$0")/../lib/field.sh"
command -v tmux >/dev/null || skip "no tmux"
field_open
field_topology router
mkdir "$T/etc" "$T/state"
export STATE_DIRECTORY=$T/state
# addresses of documentation are in no country; 3ffe::/16 belongs to nobody any more (RFC 3701)
! has_v6 || ip -n "$NS-wan" addr add 3ffe:66:1:1::1/128 dev w0 nodad
$PY "$FIELD_LIB/mmdb.py" "$T/etc/country.mmdb" maxmind 3ffe:66:1::/48=BR || fail "no database"
cat >"$T/etc/sipmoat.conf" <<CONF
geo = { country = "$T/etc/country.mmdb"; };
agent = { deny = [ "bad-phone" ]; ban = 0; };
control = { socket = "$T/control"; };
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"
term() { tmux -S "$T/tmux" -f /dev/null "$@"; }
trap 'rc=$?; term kill-server 2>/dev/null; field_close $rc' EXIT
screen() { term capture-pane -p -t top >"$T/screen"; }
shows() { screen && grep -qE -- "$1" "$T/screen"; }
shows_not() { screen && ! grep -qE -- "$1" "$T/screen"; }
must_show() { wait_for 30 shows "$1" || fail "not on the screen: $1: $(cat "$T/screen")"; }
keys() { term send-keys -t top "$@"; }
got=$(sip 203.0.113.11 $PBX4 -a bad-phone)
must "it got through: $got" unanswered "$got"
term new-session -d -s top -x 80 -y 24 "env TERM=screen LC_ALL=C.UTF-8 bash --norc --noprofile"
keys "PS1='ready> '; clear; '$ROOT/$B/sipmoat' top -s '$T/control'; echo left \$?" Enter
must_show '^ sipmoat .* enforce  .*packets/s'
must_show '^ 1 checks'
must_show '^agent .* 1 '
must_show '203\.0\.113\.11 +stranger +0\.[0-9] +[0-9]+$'
must_show 'dropped .*203\.0\.113\.11|203\.0\.113\.11.*agent'
must "wider than the terminal" [ "$(awk '{ if (length > m) m = length } END { print m }' "$T/screen")" -le 80 ]
must "more than 24 lines" [ "$(wc -l <"$T/screen")" -le 24 ]
"$ROOT/$B/sipmoat" ban 203.0.113.12 --for 1h --note noted -s "$T/control" >/dev/null
keys 5
must_show '5 bans \(1\)'
must_show '203\.0\.113\.12 +banned +(1h|59m[0-9]+s)'
keys z
must_show 'by hand +noted'
keys z
must_show '^ 1 checks'
sip 198.51.100.10 $PBX4 -m INVITE --user 1001 -w 10 >/dev/null
keys 6
must_show '6 calls \(1\)'
must_show ' answered +1001 +1001 +0:[0-9][0-9] 198\.'
must_show '^ calls: 1 talk'
keys 7
must_show '7 lanes \(2\)'
must_show ' strangers +[0-9.]+ +[0-9]*\.[0-9]*[1-9][0-9]* +0 +0'
must_show ' known +[0-9.]+ +[0-9.]+ +0 +0'
keys 3
must_show '3 users \[of late\]'
sip 203.0.113.14 $PBX4 -a bad-phone --user victim -w 0 >/dev/null
must_show ' victim +1 +1 agent'
keys s s
must_show '3 users \[by name\]'
if has_v6; then
	keys 4
	must_show '4 countries \[of late\] \(0\)'
	sip 3ffe:66:1:1::1 $PBX6 -a bad-phone -w 0 >/dev/null
	must_show ' BR +1 +1 agent'
fi
keys 1 s
must_show '1 checks \[in all\]'
keys '?'
must_show 'sort it by something else'
keys '?' p
must_show 'paused'
keys p +
must_show 'every 2 s'
keys Tab
must_show '2 sources'
note "80x24: each pane; keys"

# a hostile name: what it would do is move the cursor and colour the screen
printf '%b' 'OPTIONS sip:x@'$PBX4' SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.13:5060;branch=z9hG4bKtop\r\nFrom: <sip:\033[2J\033[31mPWNED@x>;tag=1\r\nTo: <sip:x@x>\r\nCall-ID: top\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nUser-Agent: bad-phone \033[1;1HPWNED\0233\r\nContent-Length: 0\r\n\r\n' >"$T/hostile"
wan $PY -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("203.0.113.13", 5060)); s.sendto(open(sys.argv[1], "rb").read(), (sys.argv[2], 5060))' "$T/hostile" $PBX4
must_show '203\.0\.113\.13'
must_show '^ sipmoat .* enforce'
must "it painted the screen" [ -z "$(term capture-pane -e -p -t top | grep -E $'\033\\[31mPWNED')" ]
must "the first line is not ours: $(cat "$T/screen")" grep -q '^ sipmoat ' <(head -n 1 "$T/screen")
note "hostile names are letters"

term resize-window -t top -x 132 -y 50
must_show '^ sipmoat .* enforce'
wide() { screen && [ "$(wc -l <"$T/screen")" = 50 ] && sed -n 50p "$T/screen" | grep -q 'q leave'; }
wait_for 10 wide || fail "it does not take 132x50: $(cat "$T/screen")"
term resize-window -t top -x 60 -y 16
low() { screen && sed -n 16p "$T/screen" | grep -q 'q leave'; }
wait_for 10 low || fail "it does not take 60x16: $(cat "$T/screen")"
term resize-window -t top -x 30 -y 8
must_show 'too small'
term resize-window -t top -x 80 -y 24
must_show 'q leave'
note "other sizes"

guard_stop
must_show 'no sipmoatd listens|hung up'
guard_start
wait_for 20 shows_not 'no sipmoatd listens' || fail "it does not come back: $(cat "$T/screen")"
must_show 'packets/s'
note "a daemon that goes and comes back"

keys q
must_show 'left 0'
keys "clear; '$ROOT/$B/sipmoat' top -s '$T/control'; echo ended \$?" Enter
must_show '^ 1 checks'
kill -TERM "$(pgrep -f "sipmoat top -s $T/control")"
must_show '^ended 143'
keys "clear; stty -a | tr ' ' '\\n' | grep -x -- '-*echo;*'; echo in order" Enter
must_show '^in order'
must_show '^echo;*$'
"$ROOT/$B/sipmoat" top -s "$T/control" </dev/null >"$T/said" 2>&1
rc=$?
must "without a terminal: $rc, $(cat "$T/said")" [ $rc = 2 ]
must "it says nothing clear: $(cat "$T/said")" grep -q "it needs a terminal" "$T/said"
keys "clear; TERM=dumb '$ROOT/$B/sipmoat' top -s '$T/control'; echo dumb \$?" Enter
must_show '"dumb" has no cursor'
must_show '^dumb 2'
note "the terminal is as it was, after q and SIGTERM"
