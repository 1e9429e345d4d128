# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The next version of the packages, while people phone.  Sourced by run.sh.

# newer TO PACKAGE...: the same packages with a higher version
newer() {
	local p t=$T/repack to=$1
	shift
	for p; do
		dpkg-deb -R "$p" "$t" || return
		sed -i 's/^\(Version: .*\)/\1+newer/; s/(= \([^)]*\))/(= \1+newer)/' "$t/DEBIAN/control"
		dpkg-deb --root-owner-group -b "$t" "$to" >/dev/null || return
		rm -rf "$t"
	done
}

daemon_pid() { on systemctl show -p MainPID --value sipmoatd; }
daemon_log() { on journalctl -q -o cat -u sipmoatd; }
daemon_starts() { daemon_log | grep -c '^Started '; }
restores() { daemon_log | grep -c 'memory restored'; }
# it guards, with the state it had: a ban by hand, the mode
guards_on() {
	must "it does not run" on systemctl -q is-active sipmoatd
	must "a ban is lost" banned 203.0.113.77
	must "the mode is lost: $(on sipmoat mode)" grep -q '^enforce' <(on sipmoat mode)
}

upgrade() {
	local pid starts restored
	chapter "upgrade while people phone"
	on sipmoat ban 203.0.113.77 --for 1d >/dev/null || fail "no ban by hand"
	on sipmoat mode enforce >/dev/null
	pid=$(daemon_pid) starts=$(daemon_starts) restored=$(restores)
	load 15
	typed 0 'apt-get install -y ./newer/*.deb'
	must "the process is the old one" [ "$(daemon_pid)" != "$pid" ]
	must "it was started $(($(daemon_starts) - starts)) times" [ "$(daemon_starts)" = $((starts + 1)) ]
	must "the program is not the new one" on cmp -s "/proc/$(daemon_pid)/exe" /usr/sbin/sipmoatd
	must "what it remembered is not restored" [ "$(restores)" = $((restored + 1)) ]
	guards_on
	load_ends
	must "the page is gone" asks_page / '<title>'
}

# A configuration that the new version cannot load: the old process goes on, and it is told.
upgrade_refused() {
	local pid
	chapter "upgrade to a version that does not load the configuration"
	echo 'flod = { };' | on sh -c 'cat >/etc/sipmoat/conf.d/broken.conf'
	pid=$(daemon_pid)
	load 8
	SHOWN=12 typed 0 'apt-get install -y --reinstall ./newer/sipmoat_*.deb'
	said 'NOT restarted'
	said 'broken.conf:1: flod'
	must "the process is another" [ "$(daemon_pid)" = "$pid" ]
	guards_on
	load_ends
	on rm /etc/sipmoat/conf.d/broken.conf
	typed 0 'systemctl restart sipmoatd'
	guards_on
}
