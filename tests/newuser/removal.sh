# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The package removed while people phone, and purged.  Sourced by run.sh.

removal() {
	chapter "remove while people phone"
	load 12
	typed 0 'apt-get remove -y sipmoat'
	must "tables of the kernel are left: $(pbx nft list tables)" \
		[ -z "$(pbx nft list tables | grep sipmoat)" ]
	must "it still runs" [ -z "$(on pgrep sipmoat)" ]
	load_ends
	must "the configuration is gone without purge" on test -e /etc/sipmoat/conf.d/site.conf
	must "a scanner is not answered when nobody stands guard" scans
}

installed() { on dpkg-query -W -f '${Package}\n' | sort; }

# What came for the packages and others now merely recommend or suggest, apt keeps: away with it.
purge_dependencies() {
	installed >"$T/installed"
	# shellcheck disable=SC2046
	on apt-get purge -y $(comm -13 "$T/installed.before" "$T/installed") >"$T/said" 2>&1 ||
		fail "the dependencies cannot be purged: $(cat "$T/said")"
}

purge() {
	chapter "purge"
	typed 0 "apt-get purge -y 'sipmoat*'"
	typed 0 'apt-get autoremove --purge -y'
	purge_dependencies
	on rm /usr/local/sbin/tell-me
	inventory "$T/after"
	nothing_left "$T/before" "$T/after" || fail "purge leaves something"
	note "nothing is left: files, their bytes, accounts, tables and units are as before" \
		"($(grep -c . "$T/after") lines)"
}
