#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# root.sh PACKAGE.deb...: a root of Debian SUITE as debootstrap makes it, with systemd and a
# Kamailio of its own, and in its package cache all that installing these packages takes: the
# machine that is booted from it has no network.  Made once, and kept.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/tests/newuser/suite.sh"
root=$CACHE/$SUITE
log=$root.log

make_root() {
	debian "$root" systemd-sysv,dbus,iproute2,procps
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	chrooted "$root" apt-get -y --no-install-recommends install kamailio ||
		die "no Kamailio in it" "$root"
	rm -f "$root/usr/sbin/policy-rc.d" "$root/var/cache/apt/archives"/*.deb
	: >"$root/etc/resolv.conf"
	: >"$root.made"
}

# what sipmoat-geo-update has apt fetch, in a folder that apt asks, too
country_data() {
	local debs=$root/srv/debs
	mkdir -p "$debs"
	chrooted "$root" sh -c 'cd /srv/debs && apt-get -o APT::Sandbox::User=root download tor-geoipdb' &&
		(cd "$debs" && dpkg-scanpackages . >Packages 2>>"$log") || die "no country data" "$root"
	echo 'deb [trusted=yes] file:/srv/debs ./' >"$root/etc/apt/sources.list.d/debs.list"
	chrooted "$root" apt-get update || die "apt does not take the folder" "$root"
}

# what the packages need that the root has not, for the time when there is no network
fetch() {
	local want=$root.fetched now
	now=$(for p; do dpkg-deb -f "$p" Depends Pre-Depends Recommends; done | sort | sha256sum)
	[ "$(cat "$want" 2>/dev/null)" != "$now" ] || return 0
	echo "newuser: fetching what the packages depend on"
	cp "$@" "$root/tmp/"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	set -- apt-get -y --download-only install "${@/#*\///tmp/}"
	chrooted "$root" "$@" || { chrooted "$root" apt-get update && chrooted "$root" "$@"; } ||
		die "no packages" "$root"
	country_data
	: >"$root/etc/resolv.conf"
	rm -f "$root"/tmp/*.deb
	echo "$now" >"$want"
}

only_one "$root"
if [ ! -e "$root.made" ]; then
	echo "newuser: making a root of Debian $SUITE (some minutes; kept in $root)"
	make_root
fi
[ $# = 0 ] || fetch "$@"
