#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: a clean clone of somebody who is not root and this tree build the same bytes,
# lintian is content, and what is in them is what `make install` installs.  Installed, upgraded,
# removed and purged in a copy-on-write view of this machine where no systemd runs, in all the ways
# that dpkg knows.  With a systemd that runs: make newuser.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/field.sh
. tests/lib/view.sh
FIELD_BARE=1

# --- built ---
# The unit tests were run already, or are by a bare `make deb`.
built() {
	local clone=$T/clone here away
	mkdir "$clone"
	tar --exclude=./.git --exclude=./build --exclude='./build-*' --exclude=__pycache__ -cf - . |
		tar -xf - -C "$clone"
	chown -R nobody "$clone"
	# "sudo make demo" was here before: what it has built must not stand in the way
	make -s -C "$clone" B=build benches >"$T/here" 2>&1 || fail "root cannot build in a clone: $(cat "$T/here")"
	mkdir "$T/home"
	chown nobody "$T/home"
	chmod 711 "$T"
	(cd "$clone" && umask 077 && HOME=$T/home CCACHE_DIR=$T/home DEB_BUILD_OPTIONS=nocheck TZ=Asia/Tokyo \
		setpriv --reuid nobody --regid nogroup --clear-groups make deb) >"$T/away" 2>&1 &
	away=$!
	DEB_BUILD_OPTIONS=nocheck make deb >"$T/here" 2>&1
	here=$?
	wait $away || fail "a user who is not root cannot build them: $(tail -n 20 "$T/away")"
	[ $here = 0 ] || fail "make deb fails: $(tail -n 20 "$T/here")"
	must "it leaves something beside build/deb: $(find "$clone" -newer "$T/home" -not -path '*/build*')" \
		[ -z "$(find "$clone" -type f -newer "$T/home" -not -path '*/build/deb/*')" ]
	for deb in build/deb/*.deb build/deb/*.orig.tar.gz; do
		cmp "$deb" "$clone/$deb" || fail "two builds of $deb differ"
	done
	note "built twice, as root and as nobody: the same bytes; lintian is content"
}

# --- what is in them ---
# where a package has something else than `make install` does
placed() {
	sed -E -e 's,^\./lib/systemd,./usr/lib/systemd,' -e '/^\.\/usr\/share\/(doc|lintian)\//d' \
		-e 's,/zsh/vendor-completions/,/zsh/site-functions/,' -e '/\/man\/man./s,\.gz$,,' | sort
}
contents() {
	local deb f
	mkdir "$T/all" "$T/plain"
	for deb in build/deb/sipmoat*.deb; do
		case $deb in *-dbgsym_*) ;; *) dpkg-deb -x "$deb" "$T/all" || fail "$deb" ;; esac
	done
	make -s install DESTDIR="$T/plain" PREFIX=/usr B="$B" >"$T/err" 2>&1 || fail "$(cat "$T/err")"
	(cd "$T/all" && find . -type f) | placed >"$T/all.list"
	(cd "$T/plain" && find . -type f) | sort >"$T/plain.list"
	diff "$T/plain.list" "$T/all.list" || fail "make install (<) and the packages (>) differ"
	for f in $(grep -vE '/(bin|sbin|libexec|man)/|/zsh/' "$T/plain.list"); do
		[ ! -e "$T/all/$f" ] || cmp "$T/plain/$f" "$T/all/$f" || fail "$f differs"
	done
	note "the packages hold what make install installs: $(wc -l <"$T/plain.list") files"
}

# --- installed and removed, in the view ---
# dpkg_in STATUS OPTION...: on the view's packages, with nobody to ask
dpkg_in() {
	local want=$1 rc
	shift
	chroot "$R" env LC_ALL=C DEBIAN_FRONTEND=noninteractive bash -c \
		"cd /debs && exec dpkg --force-unsafe-io $*" >"$V/said" 2>&1 </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "dpkg $* ends with $rc, not $want: $(cat "$V/said")"
}
is_state() {
	local said
	said=$(chroot "$R" dpkg-query -W -f '${Status} ${Version}' sipmoat 2>&1)
	case $said in "$1"*) ;; *) fail "sipmoat is \"$said\", not \"$1\"" ;; esac
}
# what the view has and the machine has not; not counted is what dpkg remembers of packages that
# were there, and the copies that tools for accounts leave
nothing_left() {
	find "$V/up" -mindepth 1 -printf '%P\n' | while read -r f; do
		[ -e "/$f" ] || [ -L "/$f" ] || [ ! -e "$R/$f" ] || echo "/$f"
	done | grep -vE '^/(debs|var/lib/dpkg/|var/log/dpkg\.log|etc/\.pwd\.lock|etc/[a-z]+-$)' >"$V/left"
	must "$1 leaves $(cat "$V/left")" [ ! -s "$V/left" ]
	must "$1 leaves $(accounts)" [ -z "$(accounts)" ]
}
accounts() { grep -h '^sipmoat' "$R"/etc/{passwd,group,shadow,gshadow}; }

# newer SUFFIX SCRIPT LINE: a higher version of sipmoat, one of its scripts does this, too
newer() {
	local t=$V/repack
	dpkg-deb -R "$R"/debs/sipmoat_*.deb "$t"
	sed -i "s/^Version: .*/&+$1/" "$t/DEBIAN/control"
	[ -e "$t/DEBIAN/$2" ] || { echo '#!/bin/sh'; echo 'set -e'; } >"$t/DEBIAN/$2"
	printf '%s\n' "$3" >>"$t/DEBIAN/$2"
	chmod 755 "$t/DEBIAN/$2"
	dpkg-deb --root-owner-group -Znone -b "$t" "$R/debs/$1.deb" >/dev/null
	rm -rf "$t"
}

installs() {
	# what sipmoat-geoip takes its data from need not be here
	dpkg_in 0 --force-depends -i 'sipmoat{,-web,-alert,-geoip}_*.deb'
	is_state 'install ok installed'
	chroot "$R" sipmoatd -t >"$V/said" 2>&1 || fail "its configuration: $(cat "$V/said")"
	must "it does not observe" grep -qx 'mode = "observe";' "$R/etc/sipmoat/conf.d/00-observe.conf"
	must "/var/lib/sipmoat: $(chroot "$R" stat -c '%U %G %a' /var/lib/sipmoat)" \
		[ "$(chroot "$R" stat -c '%U %G %a' /var/lib/sipmoat)" = 'sipmoat sipmoat 750' ]
	must "the daemon would not start at boot" \
		[ -L "$R/etc/systemd/system/multi-user.target.wants/sipmoatd.service" ]
	must "the page or the alerts would start at boot" \
		[ "$(find "$R/etc/systemd/system" -name 'sipmoat*' | wc -l)" = 2 ]
	must "the timer would not start at boot" \
		[ -L "$R/etc/systemd/system/timers.target.wants/sipmoat-geo-update.timer" ]
	must "$(accounts)" [ "$(accounts | grep -c ':.*:.*:')" -ge 9 ]
}

upgrades() {
	dpkg_in 0 -i sipmoat_*.deb # once more
	newer later postinst 'echo later'
	newer badpre preinst '[ "$1" != upgrade ]'
	newer badpost postinst '[ "$1" != configure ]'
	dpkg_in 0 --force-depends -i later.deb
	is_state 'install ok installed'
	dpkg_in 1 --force-depends -i badpre.deb # the one before is put back
	is_state 'install ok installed'
	must "a failed upgrade has another version" \
		grep -q '+later$' <(chroot "$R" dpkg-query -W sipmoat)
	dpkg_in 1 --force-depends -i badpost.deb
	is_state 'install ok half-configured'
	dpkg_in 0 --force-depends -i sipmoat_*.deb # and back
	is_state 'install ok installed'
	dpkg_in 0 --audit
	note "reinstalled, upgraded, downgraded; of two that fail it recovers"
}

removes() {
	echo 'inside = [ "192.0.2.10" ];' >"$R/etc/sipmoat/conf.d/site.conf"
	rm "$R/etc/sipmoat/conf.d/00-observe.conf"
	dpkg_in 0 -r sipmoat sipmoat-web sipmoat-alert sipmoat-geoip
	is_state 'deinstall ok config-files'
	must "programs are left" [ -z "$(compgen -G "$R/usr/*bin/sipmoat*")" ]
	must "the configuration is gone without purge" [ -e "$R/etc/sipmoat/conf.d/site.conf" ]
	dpkg_in 0 -i sipmoat_*.deb
	must "what was deleted is back" [ ! -e "$R/etc/sipmoat/conf.d/00-observe.conf" ]
	echo x >"$R/var/lib/sipmoat/hand"
	mkdir -p "$R/var/log/sipmoat"
	echo x >"$R/var/lib/sipmoat-geo/country.mmdb"
	dpkg_in 0 -P sipmoat sipmoat-web sipmoat-alert sipmoat-geoip
	nothing_left purge
	dpkg_in 0 -i sipmoat_*.deb
	rm -rf "$R/etc/sipmoat" "$R/var/lib/sipmoat"
	chroot "$R" userdel sipmoat-web
	dpkg_in 0 -P sipmoat
	nothing_left "purge where most was gone"
	note "removed and purged: nothing is left"
}

# The configuration of `make install` stays, and its mode with it but for what it does not say.
after_make_install() {
	make -s install DESTDIR="$R" PREFIX=/usr B="$B" >"$V/said" 2>&1 || fail "$(cat "$V/said")"
	echo 'mode = "enforce";' >"$R/etc/sipmoat/conf.d/site.conf"
	dpkg_in 0 -i sipmoat_*.deb
	must "site.conf is gone" grep -q enforce "$R/etc/sipmoat/conf.d/site.conf"
	dpkg_in 0 -P sipmoat
	note "installed over what make install had installed"
}

inside() {
	V=$1 R=$1/root
	mount --make-rprivate / && view_mount "$V" || { echo "no copy-on-write view here"; exit 77; }
	# what this machine may have of its own
	chroot "$R" dpkg -P sipmoat sipmoat-web sipmoat-alert sipmoat-geoip >/dev/null 2>&1
	rm -rf "$R/etc/sipmoat" "$R"/var/l*/sipmoat* "$R/var/lib/man-db/auto-update"
	for who in sipmoat sipmoat-web sipmoat-alert sipmoat-geo; do
		chroot "$R" userdel $who
		chroot "$R" groupdel $who
	done 2>/dev/null
	mkdir "$R/debs"
	cp build/deb/*.deb "$R/debs"
	installs
	upgrades
	removes
	after_make_install
}

if [ "${1:-}" = --inside ]; then
	inside "$2"
	exit 0
fi
case $B in build) ;; *) skip "packages are built one way only, by plain make" ;; esac
field_open
need dpkg-buildpackage dh lintian setpriv unshare systemd-sysusers
built
contents
mkdir "$T/view"
unshare --mount bash tests/netns/packages.sh --inside "$T/view"
rc=$?
[ $rc != 77 ] || skip "the packages are good, but not installed: no copy-on-write view here"
exit $rc
