#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ports.sh [ARCH...]: builds for other machines and runs the unit tests and the cases there; as
# root.  By default i386 (32 bits), mipsel (32 bits, no atomics of 64), s390x (big endian) and musl
# (compiled only).  Each has a Debian 12 root of its own in PORTS, made once (debootstrap; 1 GB
# each): no foreign package comes onto this machine.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PORTS=${PORTS:-/var/cache/sipmoat-ports}
build="libcurl4-openssl-dev libnetfilter-queue-dev libmnl-dev libnftnl-dev libmaxminddb-dev libpcre2-dev
	libconfig-dev libosip2-dev nettle-dev libpcap-dev libjansson-dev libncurses-dev
	libmicrohttpd-dev libcmocka-dev libsqlite3-dev"

# what else it takes to build for ARCH
compilers() {
	case $1 in
	musl) echo musl-tools gcc ;;
	i386) echo gcc-i686-linux-gnu libc6-dev:i386 ;;
	mipsel) echo gcc-mipsel-linux-gnu libc6-dev:mipsel libatomic1:mipsel ;;
	armhf) echo gcc-arm-linux-gnueabihf libc6-dev:armhf ;;
	s390x) echo gcc-s390x-linux-gnu libc6-dev:s390x ;;
	esac
}

make_root() {
	local arch=$1 root=$2 p more
	more=$(compilers "$arch")
	for p in $build; do
		[ "$arch" = musl ] || p=$p:$arch
		more="$more $p"
	done
	rm -rf "$root.new"
	debootstrap --variant=minbase bookworm "$root.new" || return
	[ "$arch" = musl ] || chroot "$root.new" dpkg --add-architecture "$arch" || return
	chroot "$root.new" apt-get -q update || return
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive chroot "$root.new" apt-get -q -y --no-install-recommends \
		install make pkg-config python3 tzdata qemu-user-static $more || return
	mv "$root.new" "$root"
}

# In namespaces of its own: what is mounted here nobody else sees.
run_inside() {
	# shellcheck disable=SC2016
	unshare -m --propagation private bash -c 'mkdir -p "$1/src" && mount --bind . "$1/src" &&
		mount -t proc proc "$1/proc" && exec chroot "$1" "/src/tests/ports/inside.sh" "$2"' \
		inside "$1" "$2"
}

[ "$(id -u)" = 0 ] || { echo "ports: as root"; exit 1; }
[ $# -gt 0 ] || set -- i386 mipsel s390x musl
failed=
mkdir -p "$PORTS" || exit 1
for arch; do
	root=$PORTS/$arch
	[ -n "$(compilers "$arch")" ] || { echo "ports: $arch is not known"; exit 1; }
	[ -d "$root" ] || make_root "$arch" "$root" >"$PORTS/$arch.log" 2>&1 ||
		{ echo "ports: no root for $arch, see $PORTS/$arch.log"; exit 1; }
	run_inside "$root" "$arch" || failed="$failed $arch"
done
[ -z "$failed" ] || { echo "ports: failed:$failed"; exit 1; }
echo "ports: all passed: $*"
