#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo make newuser [SUITE=trixie]: a new user's path with the packages of `make deb`, on a Debian
# that is booted for it: installed, configured, a scanner banned and asked about; upgraded and
# removed while people phone; purged, and nothing left.
#
# Prepared, and not timed: the root, and in its package cache what the packages depend on; the
# Kamailio of that machine; phones and scanners in namespaces outside of it.
. "$(dirname "$0")/../lib/field.sh"
. "$ROOT/tests/lib/machine.sh" || exit
. "$ROOT/tests/newuser/steps.sh" || exit
. "$ROOT/tests/newuser/leftovers.sh" || exit
. "$ROOT/tests/newuser/phones.sh" || exit
. "$ROOT/tests/newuser/path.sh" || exit
. "$ROOT/tests/newuser/upgrade.sh" || exit
. "$ROOT/tests/newuser/removal.sh" || exit
. "$ROOT/tests/newuser/others.sh" || exit
. "$ROOT/tests/newuser/suite.sh" || exit
skip() { fail "$*"; } # what a test may lack, this needs

prepare() {
	local from=$SECONDS packages
	need debootstrap nsenter setpriv sipp svmap dpkg-deb dpkg-scanpackages
	packages=$(find "$DEBS" -maxdepth 1 -name 'sipmoat*.deb' ! -name '*-dbgsym_*' 2>/dev/null)
	[ -n "$packages" ] || fail "no packages in $DEBS: make deb"
	# shellcheck disable=SC2086
	"$ROOT/tests/newuser/root.sh" $packages || exit
	field_topology host
	machine_boot "$CACHE/$SUITE"
	mkdir "${MACHINE_ROOT:?}/root/newer"
	# shellcheck disable=SC2086
	cp $packages "${MACHINE_ROOT:?}/root/"
	# shellcheck disable=SC2086
	newer "${MACHINE_ROOT:?}/root/newer" $packages || fail "no packages of a higher version"
	kamailio_start
	phones_ready 4
	installed >"$T/installed.before"
	inventory "$T/before"
	note "prepared in $((SECONDS - from)) s: a Debian $SUITE with a Kamailio that people phone through"
}

main() {
	prepare
	path
	others
	upgrade
	upgrade_refused
	removal
	purge
	table
}

# whatever the end, Ctrl-C too
close() {
	trap '' INT TERM HUP
	exec 2>/dev/null # bash tells of every job that is killed
	[ "$1" = 0 ] || [ -z "$MACHINE_PID" ] || on journalctl -q -o cat -n 60 >"$T/journal.err"
	machine_off
	field_close "$1"
}

FIELD_BARE=1 field_open # what guards is in the packages
trap 'close $?' EXIT
main
