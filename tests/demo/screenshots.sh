#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo make screenshots: the pictures in docs/images, of the status page and of sipmoat top, in
# front of a daemon that is scanned for two minutes.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/web.sh"
skip() { fail "$*"; }
need chromium chromedriver tmux
has_v6 || skip "this kernel has no IPv6"
LAST=${SECS:-120}
# addresses of documentation are in no country; 3ffe::/16 belongs to nobody any more (RFC 3701)
where=(CN RU US NL BR IN VN DE ZA ID FR SC)
places=()
for i in "${!where[@]}"; do places+=("3ffe:66:$i::/48=${where[$i]}"); done
scenery() {
	local i k
	for i in "${!where[@]}"; do
		for k in 0 1 2 3 4; do
			[ $k -gt $((i % 5)) ] || ip -n "$NS-wan" addr add "3ffe:66:$i:$k::1/128" dev w0 nodad
		done
	done
	$PY "$FIELD_LIB/mmdb.py" "$T/etc/country.mmdb" maxmind "${places[@]}" || fail "no database"
	echo "geo = { country = \"$T/etc/country.mmdb\"; };" >>"$T/etc/sipmoat.conf"
	guard_reload
}
# traffic: scanners in waves, phones all the time
phones_talk() {
	local end=$((SECONDS + LAST)) i=0
	while [ $SECONDS -lt $end ]; do
		i=$((i + 1))
		sip "198.51.100.$((20 + i % 6))" $PBX4 -n $((2 + i * i % 7)) -w 0 >/dev/null
		sleep 0.3
	done
}
scanners_come() {
	local end=$((SECONDS + LAST)) i=0 k tools=(friendly-scanner sipvicious sipcli 'VaxSIPUserAgent/3.1')
	while [ $SECONDS -lt $end ]; do
		i=$((i + 1))
		k=$((i * 7 % ${#where[@]}))
		sip "3ffe:66:$k:$((i % (k % 5 + 1)))::1" $PBX6 -a "${tools[$((i % 4))]}" -n $((1 + i % 5)) -r 100 -w 0 >/dev/null
		[ $((i % 4)) != 0 ] ||
			sip "3ffe:66:$((k / 2)):0::1" $PBX6 -a 'Acme Desk Phone 7.1' -n 30 -r 200 -w 0 >/dev/null
		sleep 0.7
	done
}
web_field
scenery
for u in 1001 1002 1004; do
	sip 198.51.100.10 $PBX4 -p "5$u" -m INVITE --user "$u" -w 0.3 >/dev/null
done
guarded "$ROOT/$B/sipmoat" ban 203.0.113.0/24 --for 1w --note 'nothing but scans' -s "$T/control" >/dev/null 2>&1
guarded "$ROOT/$B/sipmoat" allow 198.51.100.25 --note 'our Anna, at home' -s "$T/control" >/dev/null 2>&1
term() { tmux -S "$T/tmux" -f /dev/null "$@"; }
leave() {
	local rc=$?
	term kill-server 2>/dev/null
	field_close $rc
}
trap leave EXIT
term new-session -d -s top -x 80 -y 24 \
	"env TERM=screen '$ROOT/$B/sipmoat' top -s '$T/control'" || fail "no terminal"
web_start web 9479
browser_start
page open http://127.0.0.1:9479/
note "some traffic: $LAST s"
phones_talk &
scanners_come
page shows sources banned
mkdir -p "$ROOT/docs/images"
# of the terminal while two flood and another scans
sip 198.51.100.21 $PBX4 -n 60 -r 12 -w 0 >/dev/null &
sip 198.51.100.22 $PBX4 -n 20 -r 4 -w 0 >/dev/null &
sleep 1.5
sip 3ffe:66:11:0::1 $PBX6 -a 'Acme Desk Phone 7.1' -n 30 -r 30 -w 0 >/dev/null &
sip 3ffe:66:8:2::1 $PBX6 -a sipcli -w 0 >/dev/null
sleep 1.2
term capture-pane -p -t top >"$ROOT/docs/images/top.txt"
page shot "$ROOT/docs/images/status-light.png" light 1100 1500
page shot "$ROOT/docs/images/status-dark.png" dark 1100 1500
page shot "$ROOT/docs/images/status-small.png" light 390 1100
page safe
browser_stop
web_stop $WEB_PID web
ls -l "$ROOT/docs/images/"
