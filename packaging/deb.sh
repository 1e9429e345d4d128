#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian packages from a copy of the sources in build/deb, where they are left.
# No root is needed, nothing outside of build/deb is touched.  What lintian calls an error or a
# warning fails it.  DEB_BUILD_OPTIONS=nocheck leaves the unit tests out.
set -eu
cd "$(dirname "$0")/.."
for tool in dpkg-buildpackage dh lintian; do
	command -v $tool >/dev/null || {
		echo "make deb: $tool is missing: sudo make build-deps"
		exit 1
	}
done
# what make was told about this build is not meant for that one
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES B CC CFLAGS LDFLAGS CPPFLAGS PREFIX DESTDIR V SAN \
	WERROR CI
umask 022
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)
export SOURCE_DATE_EPOCH
upstream=${version%-*}
grep -qx "VERSION := $upstream" Makefile || {
	echo "make deb: packaging/debian/changelog speaks of $upstream, the Makefile does not"
	exit 1
}
to=$PWD/build/deb
orig=$to/sipmoat_$upstream.orig.tar.gz
rm -rf "$to"
mkdir -p "$to"
# the same bytes for the same sources, whoever packs them and when
tar --exclude=./.git --exclude=./build --exclude='./build-*' --exclude=__pycache__ \
	--exclude=./tests/fuzz/findings --transform="s,^\.,sipmoat-$upstream," --sort=name \
	--mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
	-cf - . | gzip -n >"$orig"
cd "$to"
tar -xzf "$orig"
cp -R "sipmoat-$upstream/packaging/debian" "sipmoat-$upstream/debian"
cd "sipmoat-$upstream"
# of build-essential only C is needed, and that is in build-deps
dpkg-buildpackage -us -uc --ignore-builtin-builddeps
cd ..
lintian --fail-on error,warning "sipmoat_${version}_$(dpkg --print-architecture).changes"
# of root's build the owner of the clone can make another one
[ "$(id -u)" != 0 ] || chown -R --reference="$to/../.." "$to"
ls -1 "$to"/*.deb
