#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# root.sh SUITE FOLDER PACKAGE.deb...: a Debian root as debootstrap makes it, with systemd and a
# Kamailio of its own, and in its package cache all that installing these packages takes: the
# machine that is booted from it has no network.  Made once, and kept.
#
# MIRROR says where packages come from; else it is where this machine has its own from.
set -u
suite=$1 root=$2
shift 2
log=$root.log

die() { echo "newuser: $*, see the end of $log:"; tail -n 5 "$log"; exit 1; }

mirror() {
	local own
	[ -z "${MIRROR:-}" ] || { echo "$MIRROR"; return; }
	own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	grep -qx ID=debian /etc/os-release || return 0
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v own="$own" '$1 == own { print $2; exit }'
}

# in the root, with this machine's network, and no service started
chrooted() {
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" env \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"' "$root" "$@" >>"$log" 2>&1 </dev/null
}

make_root() {
	rm -rf --one-file-system "$root"
	# shellcheck disable=SC2046
	unshare --mount debootstrap --variant=minbase --include=systemd-sysv,dbus,iproute2,procps \
		"$suite" "$root" $(mirror) >"$log" 2>&1 || die "debootstrap failed"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	chrooted apt-get -y --no-install-recommends install kamailio || die "no Kamailio in it"
	rm -f "$root/usr/sbin/policy-rc.d" "$root/var/cache/apt/archives"/*.deb
	: >"$root/etc/resolv.conf"
	: >"$root.made"
}

# what sipmoat-geo-update has apt fetch, in a folder that apt asks, too
country_data() {
	local debs=$root/srv/debs
	mkdir -p "$debs"
	chrooted sh -c 'cd /srv/debs && apt-get -o APT::Sandbox::User=root download tor-geoipdb' &&
		(cd "$debs" && dpkg-scanpackages . >Packages 2>>"$log") || die "no country data"
	echo 'deb [trusted=yes] file:/srv/debs ./' >"$root/etc/apt/sources.list.d/debs.list"
	chrooted apt-get update || die "apt does not take the folder"
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
	chrooted "$@" || { chrooted apt-get update && chrooted "$@"; } || die "no packages"
	country_data
	: >"$root/etc/resolv.conf"
	rm -f "$root"/tmp/*.deb
	echo "$now" >"$want"
}

mkdir -p "${root%/*}"
exec 9>"$root.lock"
flock 9 # one at a time
if [ ! -e "$root.made" ]; then
	echo "newuser: making a root of Debian $suite (some minutes; kept in $root)"
	make_root
fi
[ $# = 0 ] || fetch "$@"
