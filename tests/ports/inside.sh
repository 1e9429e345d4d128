#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# inside.sh ARCH: builds for ARCH and runs the unit tests and the cases, by emulation where this
# machine cannot run them itself.  Called by ports.sh in a root that has compiler and libraries.
set -u
cd "$(dirname "$0")/../.." || exit 1
arch=$1
export B=build-$arch LC_ALL=C.UTF-8
emulator='' more=''
cannot=test_linear # measures time, which says little beside other work
jobs=$(nproc)
headers=/usr/include/$(uname -m)-linux-gnu

# Debian has no libraries for musl: all sources are compiled, with the headers of the libraries
# behind musl's own, and nothing is linked.
if [ "$arch" = musl ]; then
	make -s -j"$jobs" B="$B" WERROR=1 objects \
		CC="musl-gcc -idirafter /usr/include -idirafter $headers" && echo "PASS  musl: compiled"
	exit
fi
case $arch in
i386) triplet=i686-linux-gnu more=-Wno-psabi ;;
armhf) triplet=arm-linux-gnueabihf emulator=qemu-arm-static ;;
mipsel) triplet=mipsel-linux-gnu emulator=qemu-mipsel-static ;;
s390x) triplet=s390x-linux-gnu emulator=qemu-s390x-static ;;
*) echo "ports: $arch is not known"; exit 1 ;;
esac
make -s -j"$jobs" B="$B" CC=$triplet-gcc AR=$triplet-ar PKG_CONFIG=$triplet-pkg-config \
	CFLAGS="-O2 -g $more" WERROR=1 all units || exit 1

failed=0
for t in "$B"/tests/unit/test_*; do
	name=${t##*/}
	case $name in *.o | *.d | "$cannot") continue ;; esac
	timeout 300 $emulator "$t" >"$B/said" 2>&1 </dev/null
	case $? in 0 | 77) continue ;; esac
	failed=$((failed + 1))
	tail -n 12 "$B/said" | sed 's/^/      | /'
	echo "FAIL  $arch $name"
done

printf '#!/bin/sh\nexec %s %s "$@"\n' "$emulator" "$PWD/$B/sipmoat" >"$B/run"
chmod 755 "$B/run"
if ! SIPMOAT=$PWD/$B/run python3 tests/cases/run.py >"$B/said" 2>&1; then
	failed=$((failed + 1))
	tail -n 40 "$B/said"
	echo "FAIL  $arch cases"
fi
tail -n 1 "$B/said"
[ $failed = 0 ] && echo "PASS  $arch"
