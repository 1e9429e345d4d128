#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh: `make deb` on a Debian SUITE: here where this is one, else in a root of its own with
# what `make build-deps` installs, made once and kept.  There the unit tests are run, too: nothing
# else runs them on that Debian.
set -u
cd "$(dirname "$0")/../.." || exit 1
ROOT=$PWD
. tests/newuser/suite.sh

# in mounts of its own: the clone can be read there, and build/ in it is the root's own
inside() {
	mkdir -p build "$BUILDER/build" "$BUILDER/clone" &&
		mount --bind . "$BUILDER/clone" &&
		mount -o remount,bind,ro "$BUILDER/clone" &&
		mount --bind "$BUILDER/build" "$BUILDER/clone/build" || die "no mounts" "$BUILDER"
	chrooted "$BUILDER" /clone/tests/deps.sh build || die "build-deps cannot be installed" "$BUILDER"
	chrooted "$BUILDER" /clone/packaging/deb.sh || die "the packages cannot be built" "$BUILDER"
	grep '^[0-9]* passed, [0-9]* failed' "$BUILDER.log" | tail -n 1
}

if [ -z "$BUILDER" ]; then
	DEB_BUILD_OPTIONS=nocheck exec packaging/deb.sh
fi
if [ "${1:-}" = inside ]; then
	inside
	exit
fi
only_one "$BUILDER"
if [ ! -e "$BUILDER.made" ]; then
	echo "newuser: making a root of Debian $SUITE to build in (kept in $BUILDER)"
	debian "$BUILDER"
	: >"$BUILDER.made"
fi
echo "newuser: building the packages on Debian $SUITE (some minutes; $BUILDER.log)"
unshare --mount "$0" inside
