# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# From the package to the first ban, as a new user goes.  Sourced by run.sh.

SCANNER=203.0.113.31

# scans: svmap, as it is; does it see the server?
scans() {
	bot_run 31 timeout 20 svmap 192.0.2.128/28 >"$T/svmap" 2>&1 </dev/null
	grep -q "$PBX4:5060" "$T/svmap"
}
# a phone at the scanner's address
hears_server() { ! unanswered "$(bot_run 31 $PY "$FIELD_LIB/sip.py" $SCANNER $PBX4)"; }
# the scanner's packets that the kernel dropped
dropped_in_kernel() {
	pbx nft get element inet sipmoat banned4 "{ $SCANNER }" 2>/dev/null |
		sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}

path_install() {
	chapter "install"
	typed 0 'apt-get install -y ./sipmoat_*.deb'
	must "it is not running" on systemctl -q is-active sipmoatd
	must "it does not start at boot" on systemctl -q is-enabled sipmoatd
	SHOWN=20 typed 0 'sipmoat status'
	said observe
	must "the scanner is not answered: something is dropped" scans
	waits 10 "(what it would have dropped is told)" would_drop
	! banned $SCANNER || fail "somebody is banned in observe mode"
}
would_drop() { on sipmoat events 2>/dev/null | grep -F "$SCANNER" >"$T/said"; }

path_configure() {
	chapter "configure"
	SHOWN=30 typed 0 'sipmoat init --yes'
	said "inside +$PBX4.*kamailio listens on this host"
	said observe
	said 'systemctl reload sipmoatd'
	typed 0 'sipmoat check'
	typed 0 'systemctl reload sipmoatd'
	typed 0 'systemctl restart sipmoatd'
	SHOWN=20 typed 0 'sipmoat doctor'
	calls first 4 $CALLER4 5062 20 10 500 || fail "calls fail: $(good first) of 20 completed"
	note "20 calls went through"
}

path_ban() {
	local before
	chapter "enforce, and see a scanner banned"
	typed 0 'sipmoat mode enforce'
	! scans || fail "the scanner sees the server"
	waits 10 "(the scanner is banned)" banned $SCANNER
	typed 0 'nft list set inet sipmoat banned4'
	said $SCANNER
	before=$(dropped_in_kernel)
	! hears_server || fail "who is banned is answered"
	must "the kernel drops nothing" [ "$(dropped_in_kernel)" -gt "${before:-0}" ]
	SHOWN=20 typed 0 "sipmoat why $SCANNER"
	said agent
	said 'friendly-scanner'
	typed 0 "sipmoat unban $SCANNER"
	must "it is not heard again" hears_server
	calls second 4 $CALLER4 5062 20 10 500 || fail "calls fail: $(good second) of 20 completed"
	note "20 calls went through"
}

path() {
	bot 31
	path_install
	path_configure
	path_ban
	note "from the package to a ban that was asked about and lifted: $(seconds "$(spent)") s"
}
