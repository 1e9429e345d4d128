#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is looked at inside the virtual machine, a line each: PASS, FAIL or SKIP.  The daemon is the
# installed one, confined and started by systemd; then tests of tests/netns run with this kernel.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CLONE=/clone
cd $CLONE || exit 1
# what must be seen natively here, or is skipped elsewhere
TESTS="netns/answers_dnat netns/dnat netns/flood netns/tcp_refused netns/tcp_refused_dnat
	netns/hand netns/nft_bans netns/nft_adopt netns/nft_reload netns/nft_faults netns/gro
	netns/fragments netns/flush netns/renew netns/decoy netns/calls netns/reload netns/doctor"
forbidden='name="/etc/sipmoat/hooked"' # the hook of netns/unit tries it
out=/run/vm.out

# try NAME COMMAND...: its output is shown where it fails
try() {
	local name=$1 began=$SECONDS
	shift
	if "$@" >$out 2>&1; then
		printf 'PASS  %s (%d s)\n' "$name" $((SECONDS - began))
	else
		sed 's/^/      | /' $out
		printf 'FAIL  %s (%d s)\n' "$name" $((SECONDS - began))
	fi
}
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
attached() { # UNIT PROFILE
	local pid
	pid=$(systemctl show -p MainPID --value "$1")
	cat "/proc/$pid/attr/current"
	[ "$(cat "/proc/$pid/attr/current")" = "$2 (enforce)" ]
}
outside() { ip netns exec outside /usr/bin/python3 tests/lib/"$1" "${@:2}"; }

kernel() {
	uname -rv
	grep -qx Y /sys/module/apparmor/parameters/enabled || return
	nft -f - <<-'NFT' && nft delete table inet probe
		table inet probe { chain c { udp dport 5060 queue flags bypass to 0-1; }; }
	NFT
}

installed() {
	dpkg -i debs/*.deb || return
	echo "--- after the installation"
	systemctl --no-pager status sipmoatd
	systemctl is-active sipmoatd && attached sipmoatd.service sipmoatd && sipmoat mode | grep -i observe
}

native() { journalctl -u sipmoatd -o cat | grep -E 'steering will use|is in place' && nft list ruleset | grep -E 'queue.* to '; }

# --- the daemon that was installed, at work ---
network() {
	ip netns add outside
	ip link add e0 type veth peer name w0 netns outside
	ip addr add 192.0.2.130/25 dev e0 && ip link set e0 up && ip link set lo up
	ip -n outside addr add 192.0.2.129/25 dev w0
	for i in 11 12 13 14 15 16; do ip -n outside addr add 203.0.113.$i/32 dev w0; done
	ip -n outside link set w0 up
	ip route add default via 192.0.2.129
	cat >/etc/sipmoat/conf.d/site.conf <<-'CONF'
		mode = "enforce";
		inside = [ "192.0.2.130" ];
		events = { file = "/var/log/sipmoat/events.json"; journal = true; };
		bans = { neighbours = 0; };
	CONF
	echo 203.0.113.15 >/etc/sipmoat/lists/worst.txt
	echo 'feeds = ( { name = "worst"; file = "/etc/sipmoat/lists/worst.txt"; } );' \
		>/etc/sipmoat/conf.d/feed.conf
	systemctl restart sipmoatd
}
banned() { nft get element inet sipmoat banned4 "{ $1 }" >/dev/null 2>&1; }
told() { grep -q "\"source\":\"$1\"" /var/log/sipmoat/events.json; }
listens() { [ -n "$(ss -Hln "$1" 'src = 192.0.2.130:5060')" ]; }
scan() { outside sip.py "$1" 192.0.2.130 -a friendly-scanner -w 0.5 >/dev/null; }

works() {
	network || return
	attached sipmoatd.service sipmoatd || return
	/usr/bin/python3 tests/lib/echo.py 192.0.2.130 >/dev/null 2>&1 &
	server=$!
	guards
	rc=$?
	kill $server
	return $rc
}
guards() {
	wait_for 60 listens -t || { echo "no server"; return 1; }
	outside sip.py 203.0.113.12 192.0.2.130 | grep -q 200 || { echo "no answer"; return 1; }
	scan 203.0.113.11
	wait_for 20 banned 203.0.113.11 && wait_for 20 told 203.0.113.11
}
sipp_calls() {
	(cd /tmp && exec timeout 120 sipp -sn uas -i 192.0.2.130 -p 5060 -nostdin -m 5 >/dev/null 2>&1) &
	wait_for 60 listens -u || { echo "no server"; return 1; }
	(cd /tmp && ip netns exec outside timeout 60 sipp -sn uac -i 203.0.113.13 192.0.2.130:5060 -nostdin \
		-m 5 -r 5 -d 300 -timeout 50s -timeout_error)
}
rotated() {
	logrotate -f /etc/logrotate.d/sipmoat && grep -q '203\.0\.113\.11' /var/log/sipmoat/events.json-* || return
	scan 203.0.113.14
	wait_for 20 told 203.0.113.14
}
reloaded() { systemctl reload sipmoatd && systemctl restart sipmoatd && sipmoat bans && banned 203.0.113.11; }
served() {
	/usr/bin/python3 -c 'import urllib.request as u
assert b"\nsipmoat_up 1\n" in u.urlopen("http://127.0.0.1:9479/metrics").read()'
}
others() {
	printf '#!/bin/sh\ncat >/tmp/alerted\n' >/usr/local/sbin/alerted
	chmod 755 /usr/local/sbin/alerted
	echo 'alerts = { command = "/usr/local/sbin/alerted"; what = [ "banned" ]; };' >/etc/sipmoat/conf.d/alerts.conf
	systemctl reload sipmoatd && systemctl start sipmoat-web sipmoat-alert || return
	wait_for 20 attached sipmoat-web.service sipmoat-web &&
		wait_for 20 attached sipmoat-alert.service sipmoat-alert &&
		wait_for 20 served || return
	scan 203.0.113.16
	wait_for 20 grep -qs 203.0.113.16 /tmp/systemd-private-*-sipmoat-alert.service-*/tmp/alerted
}
# The kernel's own log leaves out what comes too fast; what it tells those who audit does not.
denials() { journalctl -b -o cat _TRANSPORT=kernel + _TRANSPORT=audit | grep 'apparmor="DENIED"'; }
nothing_denied() { ! denials; }
hook_denied() { denials | grep -q "$forbidden" && ! denials | grep -v "$forbidden"; }
# else all that was not denied would say nothing
seen() {
	! /usr/bin/aa-exec -p sipmoatd -- /bin/cat /etc/shadow && wait_for 20 denials
}
removed() {
	systemctl stop sipmoat-web sipmoat-alert sipmoatd
	ip link del e0
	ip netns del outside
	rm -f /etc/sipmoat/conf.d/{site,feed,alerts}.conf /var/lib/sipmoat/*
	nft delete table inet sipmoat # the bans, too
}

wanted=$(cat wanted)
try "kernel: AppArmor and nft's queue" kernel
try "the packages: started, confined, in observe mode" installed
try "the steering is nft's queue" native
try "confined: a scanner banned, told in the file" works
try "confined: calls pass" sipp_calls
try "confined: logrotate" rotated
try "confined: reload, restart" reloaded
try "confined: status page and alerts" others
try "nothing is denied" nothing_denied
removed
try "the unit: hook, refused TCP, watchdog, broken config" bash tests/netns/unit.sh --here
# what that leaves, stays: the tests must not mind links of this machine that are named as theirs
try "what the hook must not is denied, and nothing else" hook_denied
try "a denial would be seen" seen
# shellcheck disable=SC2086
SLOW=4 LIMIT=1800 JOBS=2 tests/run.sh ${wanted:-$TESTS} 2>&1 || echo "FAIL  tests of this kernel: see above"
dmesg | grep -E 'BUG|WARNING:|Oops|Kernel panic' | sed 's/^/FAIL  kernel: /'
echo "all done"
