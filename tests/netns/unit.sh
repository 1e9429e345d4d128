#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit as a real systemd runs it, with `make install` behind it: it starts within its sandbox,
# ends refused TCP connections, reloads, refuses a broken config without losing the old one, comes
# back after kill -9 and after it hung, and does not try again with a config that cannot load.  systemd is process 1 of
# namespaces of its own, over a copy-on-write view of this machine.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/lib/view.sh
skip() { printf '%s\n' "$*"; exit 77; }
fail() { printf 'not ok: %s\n' "$*"; exit 1; }
must() { local what=$1; shift; "$@" || fail "$what"; }

# configure ROOT: all that a config may ask of the sandbox
configure() {
	local root=$1
	# a database, which is copied into sealed memory and mapped from there
	mkdir -p "$root/var/lib/sipmoat"
	/usr/bin/python3 tests/lib/mmdb.py "$root/var/lib/sipmoat/country.mmdb" maxmind
	mkdir "$root/var/lib/lists"
	/usr/bin/python3 tests/lib/mmdb.py --lists --world "$root/var/lib/lists" maxmind
	/usr/bin/python3 tests/lib/mmdb.py --world --built "$(date +%s)" \
		"$root/var/lib/lists/GeoLite2-Country.mmdb" maxmind
	echo 'tor_directory = /var/lib/lists' >"$root/etc/sipmoat/geo-update.conf"
	# in observe mode, as it comes, it would end no connection and ask for no approval
	echo 'mode = "enforce"; country = { mode = "enforce"; deny = [ "XX" ]; };' \
		>"$root/etc/sipmoat/conf.d/country.conf"
	cat >"$root/etc/sipmoat/conf.d/approve.conf" <<-'CONF'
		destination = { action = "approve"; deny = [ "^900" ]; };
		approve = { hook = "/usr/local/sbin/ask-somebody 192.0.2.130 5060"; };
	CONF
	# as a hook may well do: reads, writes where the unit may, connects, runs others
	cat >"$root/usr/local/sbin/ask-somebody" <<-'HOOK'
		#!/bin/bash
		exec 2>&1 >/run/sipmoat/hooked
		set -e
		read -r line
		echo "$line" | grep -o '"user":"[^"]*"'
		exec 3<>"/dev/tcp/$1/$2"
		echo connected
		! echo x >/etc/sipmoat/hooked || echo wrote
		! unshare -n true || echo unshared
		grep -E '^(Cap(Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status
	HOOK
	chmod 755 "$root/usr/local/sbin/ask-somebody"
}

# --- in the new namespaces: builds the view and becomes systemd ---
inside() {
	local t=$1 root=$1/root
	set -e
	mount --make-rprivate /
	view_mount "$t"
	view_groups "$t"
	view_install "$t" || {
		echo "not ok: make install fails" >>"$2/steps"
		exit 1
	}
	configure "$root"
	mkdir -p "$root/run/systemd/system/sipmoatd.service.d" "$root/run/result" "$root/run/clone"
	mount --bind "$2" "$root/run/result"
	mount --bind "$PWD" "$root/run/clone" # it may be in /tmp, which is another one here
	cat >"$root/run/systemd/system/sipmoatd.service.d/test.conf" <<-'UNIT'
		[Unit]
		DefaultDependencies=no
		Wants=
		[Service]
		WatchdogSec=4
		StandardOutput=append:/run/result/guard.log
		StandardError=append:/run/result/guard.log
	UNIT
	mkdir "$root/run/systemd/system/sipmoat-geo-update.service.d"
	cat >"$root/run/systemd/system/sipmoat-geo-update.service.d/test.conf" <<-'UNIT'
		[Unit]
		DefaultDependencies=no
		Wants=
		[Service]
		StandardOutput=append:/run/result/geo.log
		StandardError=append:/run/result/geo.log
	UNIT
	cat >"$root/run/systemd/system/test.service" <<-UNIT
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		ExecStart=/bin/bash /run/clone/tests/netns/unit.sh --steps
		StandardOutput=append:/run/result/steps
		StandardError=append:/run/result/steps
	UNIT
	printf '[Unit]\nDefaultDependencies=no\nWants=test.service\n' \
		>"$root/run/systemd/system/test.target"
	ip link set lo up
	exec env container=sipmoat-test chroot "$root" /lib/systemd/systemd --system \
		--unit=test.target --log-target=console --log-level=warning --show-status=no
}

# --- under that systemd ---
is() { [ "$(systemctl show -p "$1" --value sipmoatd)" = "$2" ]; }
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
restarted() { is NRestarts "$1" && is ActiveState active && is SubState running; }

# a network with a server here and a scanner outside
network() {
	ip netns add outside
	ip link add e0 type veth peer name w0 netns outside
	ip addr add 192.0.2.130/25 dev e0
	ip link set e0 up
	ip -n outside addr add 192.0.2.129/25 dev w0
	ip -n outside addr add 203.0.113.11/32 dev w0
	ip -n outside addr add 203.0.113.12/32 dev w0
	ip -n outside link set w0 up
	ip route add default via 192.0.2.129
	if [ -e /proc/net/if_inet6 ]; then
		ip addr add 2001:db8:0:2::130/64 dev e0 nodad
		ip -n outside addr add 2001:db8:0:2::1/64 dev w0 nodad
		ip -n outside addr add 2001:db8:66:11::1/128 dev w0 nodad
		ip -6 route add default via 2001:db8:0:2::1
	fi
	# shellcheck disable=SC2046
	/usr/bin/python3 tests/lib/echo.py 192.0.2.130 \
		$([ ! -e /proc/net/if_inet6 ] || echo 2001:db8:0:2::130) &
	wait_for 10 listens
}
listens() { [ -n "$(ss -Hltn "sport = :5060")" ]; }
# must_end SOURCE TARGET: a scanner's TCP connection ends for both ends
must_end() {
	local got
	got=$(ip netns exec outside /usr/bin/python3 tests/lib/tcp.py "$1" "$2" bad)
	case $got in *'"answers": 0, "end": "reset"'*) ;; *) fail "a scanner's connection: $got" ;; esac
	[ -z "$(ss -Htn state established "sport = :5060")" ] || fail "the server keeps it"
}

# the hook, and who has the control socket, within the sandbox
must_approve() {
	local call='INVITE sip:900123@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.11;rport;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.130>;tag=1\r\nTo: <sip:900123@192.0.2.130>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:1001@203.0.113.11>\r\nContent-Length: 0\r\n\r\n'
	must "the control socket is $(stat -c '%U %G %a' /run/sipmoat/control)" \
		[ "$(stat -c '%U %G %a' /run/sipmoat/control)" = 'sipmoat sipmoat 660' ]
	ip netns exec outside /usr/bin/python3 tests/lib/sip.py 203.0.113.12 192.0.2.130 \
		--raw "$call" >/dev/null
	must "the hook does not approve: $(cat /run/sipmoat/hooked)" \
		wait_for 15 grep -q 'approved by the hook: 1001' /run/result/guard.log
	must "the hook lacks something: $(cat /run/sipmoat/hooked)" grep -q connected /run/sipmoat/hooked
	must "the hook may too much: $(cat /run/sipmoat/hooked)" \
		[ "$(grep -cE '^Cap...:.0000000000000000|^NoNewPrivs:.1' /run/sipmoat/hooked)" = 4 ]
	! grep -E '^(wrote|unshared)' /run/sipmoat/hooked || fail "the hook is not in the sandbox"
	must "it is not listed" grep -q 'granted.*1001' <(sipmoat approvals)
	must "it cannot be taken back" sipmoat approve --revoke 1001 >/dev/null
}

# a new database comes by the unit that fetches them: as its own user, and the daemon reloads
must_update() {
	local at=/var/lib/sipmoat-geo/country.mmdb before
	perl -MMaxMind::DB::Writer::Tree -e 1 2>/dev/null || return 0
	echo 'source = tor' >>/etc/sipmoat/geo-update.conf
	before=$(reloads)
	systemctl start sipmoat-geo-update || fail "the update fails: $(cat /run/result/geo.log)"
	must "it is $(stat -c '%U %a' $at)" [ "$(stat -c '%U %a' $at)" = 'sipmoat-geo 644' ]
	must "the daemon did not reload" wait_for 10 reloaded $((before + 1))
	must "it is not the one in use" grep -q "country  $at" <(sipmoat country)
	echo nonsense >>/var/lib/lists/geoip
	! systemctl start sipmoat-geo-update 2>/dev/null || fail "it does not fail with a broken list"
	must "it reloads for nothing" reloaded $((before + 1))
	# of two databases one is refused: the unit has failed, and the daemon reads the other one
	mkdir -p /var/lib/GeoIP
	cp /var/lib/lists/GeoLite2-Country.mmdb /var/lib/GeoIP
	cp /var/lib/GeoIP/GeoLite2-Country.mmdb /var/lib/GeoIP/GeoLite2-ASN.mmdb
	sed -i 's/^source.*/source = maxmind/' /etc/sipmoat/geo-update.conf
	! systemctl start sipmoat-geo-update 2>/dev/null || fail "it does not fail with a file of no networks"
	must "it says $(tail -n 2 /run/result/geo.log)" grep -q 'the new asn.mmdb from maxmind is refused' /run/result/geo.log
	must "the daemon did not reload after one of two" wait_for 10 reloaded $((before + 2))
}
reloads() { grep -c 'configuration reloaded' /run/result/guard.log; }
reloaded() { [ "$(reloads)" = "$1" ]; }

steps() {
	local pid broken=/etc/sipmoat/conf.d/broken.conf
	echo booted
	must "no network" network
	must "it does not start" systemctl start sipmoatd
	pid=$(systemctl show -p MainPID --value sipmoatd)
	must "it runs as $(stat -c %U "/proc/$pid")" [ "$(stat -c %U "/proc/$pid")" = sipmoat ]
	must "it has other capabilities" grep -q '^CapBnd:.*0000003000$' "/proc/$pid/status"
	must "no filter for system calls" grep -q '^Seccomp:.*2$' "/proc/$pid/status"
	must "the steering is not in place" grep -q queue <(nft list ruleset 2>/dev/null)
	must_end 203.0.113.11 192.0.2.130
	[ ! -e /proc/net/if_inet6 ] || must_end 2001:db8:66:11::1 2001:db8:0:2::130
	must_approve
	! grep 'raw socket' /run/result/guard.log || fail "it has no raw sockets"
	must "no status line" grep -q 'packets seen' <(systemctl show -p StatusText sipmoatd)
	must "it does not tell how full the queues are" \
		grep -q '^sipmoat_queue_depth{' <(sipmoat stats --prometheus)
	must "reload fails" systemctl reload sipmoatd
	! grep database /run/result/guard.log || fail "the country database is not used"
	must_update
	echo 'flod = { };' >$broken
	! systemctl reload sipmoatd 2>/dev/null || fail "reload does not see a broken config"
	must "the process is another" is MainPID "$pid"
	must "the log does not say why" grep -q 'broken.conf:1: flod' /run/result/guard.log
	rm $broken
	kill -9 "$pid"
	must "it does not come back after kill -9" wait_for 20 restarted 1
	kill -STOP "$(systemctl show -p MainPID --value sipmoatd)"
	must "it does not come back after it hung" wait_for 30 restarted 2
	must "stop fails" systemctl stop sipmoatd
	must "it did not stop cleanly" is Result success
	must "what it remembers is not kept" [ "$(stat -c '%U %a' /var/lib/sipmoat/sipmoat.db)" = 'sipmoat 600' ]
	must "it does not start again" systemctl start sipmoatd
	must "it does not take back what it kept" \
		grep -q 'memory restored, saved [0-9]* s ago' /run/result/guard.log
	must "stop fails again" systemctl stop sipmoatd
	grep -q queue <(nft list ruleset 2>/dev/null) && fail "steering is left after stop"
	must "the ban chain is gone" nft list chain inet sipmoat bans >/dev/null
	echo 'flod = { };' >$broken
	! systemctl start sipmoatd 2>/dev/null || fail "it starts with a broken config"
	must "it left with $(systemctl show -p ExecMainStatus sipmoatd)" is ExecMainStatus 78
	sleep 3 # RestartSec is 2: would it try again?
	must "it tries again with a broken config" is NRestarts 0
	must "it is not failed" is ActiveState failed
	echo "all steps done"
}

# --- on a machine that boots systemd anyway, and has sipmoat installed; nothing of it is kept ---
here() {
	mkdir -p /run/result /run/systemd/system/sipmoatd.service.d
	configure ""
	printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/sipmoatd.service.d/test.conf
	systemctl daemon-reload
	: >/run/result/guard.log
	journalctl -f -n 0 -u sipmoatd -o cat >/run/result/guard.log &
	# shellcheck disable=SC2064
	trap "kill $!" EXIT
	steps
}

# --- from outside ---
outside() {
	local t group pid rc
	[ "$(id -u)" = 0 ] || skip "needs root (namespaces, overlay)"
	[ -x /lib/systemd/systemd ] || skip "systemd is not installed"
	command -v systemd-sysusers >/dev/null || skip "systemd-sysusers is not installed"
	[ -x "$B/sipmoatd" ] || fail "$B/sipmoatd is not built"
	case $B in *-address* | *-thread*) skip "sanitizers need what the sandbox forbids" ;; esac
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		group=/sys/fs/cgroup/sipmoat-$$
	elif [ -d /sys/fs/cgroup/systemd ]; then
		group=/sys/fs/cgroup/systemd/sipmoat-$$
	else
		skip "no control groups here"
	fi
	forget
	mkdir "$group" 2>/dev/null || skip "this machine may not make control groups"
	t=$(mktemp -d /tmp/sipmoat-unit.XXXXXX) || fail "no temporary folder"
	mkdir "$t/view" "$t/result"
	: >"$t/result/steps"
	# the group first, so that all that follows is in it
	bash -c 'echo $$ >"$1/cgroup.procs" && exec unshare --fork --pid --kill-child --mount --uts \
		--ipc --net --cgroup bash tests/netns/unit.sh --inside "$2" "$3"' \
		- "$group" "$t/view" "$t/result" >"$t/result/console" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2064
	trap "cleanup $pid '$t' '$group'" EXIT
	trap 'exit 143' INT TERM HUP
	wait_for 110 ended "$t/result/steps" $pid
	rc=$?
	if ! grep -qE '^(booted|not ok)' "$t/result/steps"; then
		tail -n 5 "$t/result/console"
		skip "systemd does not boot in namespaces here"
	fi
	grep -v '^booted\|^all steps done' "$t/result/steps"
	grep -q '^all steps done' "$t/result/steps" && return 0
	tail -n 15 "$t/result/guard.log" "$t/result/console" 2>/dev/null
	[ $rc = 0 ] || echo "the steps did not end"
	return 1
}
ended() { grep -qE '^(all steps done|not ok)' "$1" || ! kill -0 "$2" 2>/dev/null; }
# the process's death ends its namespaces, and all that runs in them
cleanup() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	wait_for 10 emptied "$3"
	forget
	rm -rf "$2/result"
	rmdir "$2/view" "$2"
	find "$3" -depth -type d -exec rmdir {} +
}
# A run that failed leaves the unit's group behind, where the host has a second hierarchy, and
# with it the filter on sockets of that unit.  A group in use cannot be removed.
forget() {
	find /sys/fs/cgroup -maxdepth 3 -path '*/system.slice/sipmoatd.service' \
		-exec rmdir {} + 2>/dev/null
}
emptied() { ! find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -q .; }

case ${1:-} in
--inside) shift && inside "$@" ;;
--steps) steps ;;
--here) here ;;
*) outside ;;
esac
