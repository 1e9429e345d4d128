# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The packages beside the daemon's, each as a service in its sandbox: page, alerts, country data.
# Sourced by run.sh.

# sandboxed UNIT USER: it runs as that user, with no capability, behind a filter for system calls
sandboxed() {
	local pid status
	pid=$(on systemctl show -p MainPID --value "$1")
	status=$(on cat "/proc/$pid/status")
	must "$1 runs as another user" [ "$(on stat -c %U "/proc/$pid")" = "$2" ]
	must "$1 has no filter for system calls" grep -q '^Seccomp:.*2$' <<<"$status"
	must "$1 has capabilities" grep -qE '^CapBnd:\s*0+$' <<<"$status"
}

asks_page() {
	pbx $PY "$FIELD_LIB/webask.py" 9479 "$1" >"$T/page" 2>&1 && grep -qE -- "$2" "$T/page"
}

others_web() {
	chapter "the status page"
	typed 0 'apt-get install -y ./sipmoat-web_*.deb'
	! on systemctl -q is-active sipmoat-web || fail "the page is served though nobody asked for it"
	typed 0 'systemctl enable --now sipmoat-web'
	waits 10 "(the page is there)" asks_page / '<title>'
	must "no metrics: $(cat "$T/page")" asks_page /metrics '^sipmoat_up 1'
	sandboxed sipmoat-web sipmoat-web
}

told_by_command() { on journalctl -q -o cat -t tell-me | grep -F "$SCANNER" >"$T/said"; }

others_alert() {
	chapter "alerts"
	typed 0 'apt-get install -y ./sipmoat-alert_*.deb'
	! on systemctl -q is-active sipmoat-alert || fail "alerts go out though nobody asked for them"
	on sh -c 'cat >/usr/local/sbin/tell-me && chmod 755 /usr/local/sbin/tell-me' <<-'TELL'
		#!/bin/sh
		exec logger -t tell-me "$SIPMOAT_EVENT $SIPMOAT_CHECK $SIPMOAT_SOURCE"
	TELL
	on sh -c 'cat >/etc/sipmoat/conf.d/alerts.conf' <<-'CONF'
		alerts = { command = "/usr/local/sbin/tell-me"; what = [ "banned" ]; };
	CONF
	typed 0 'sipmoat check'
	typed 0 'systemctl enable --now sipmoat-alert'
	sandboxed sipmoat-alert sipmoat-alert
	on sipmoat mode enforce >/dev/null
	! scans || fail "the scanner sees the server"
	waits 15 "(the command is told of a ban)" told_by_command
	on sipmoat unban "$SCANNER" >/dev/null
}

daemon_reloads() { daemon_log | grep -c 'configuration reloaded'; }
daemon_reloaded() { [ "$(daemon_reloads)" -gt "$1" ]; }
database_there() { on test -s /var/lib/sipmoat-geo/country.mmdb; }

others_geo() {
	local reloads
	chapter "country data"
	reloads=$(daemon_reloads)
	typed 0 'apt-get install -y ./sipmoat-geoip_*.deb'
	must "no timer" on systemctl -q is-active sipmoat-geo-update.timer
	waits 120 "(the first database is made)" database_there
	waits 10 "(the daemon has it)" daemon_reloaded "$reloads"
	must "the daemon may not read it" on runuser -u sipmoat -- test -r /var/lib/sipmoat-geo/country.mmdb
}

others() {
	others_web
	others_alert
	others_geo
}
