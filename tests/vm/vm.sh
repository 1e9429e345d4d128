#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A virtual machine with the kernel of a Debian release, AppArmor enforced, systemd as process 1 and
# our packages installed: what the kernel at hand may lack (AppArmor, nft's queue, the addresses
# before DNAT) is seen there.  No KVM is needed, only time: see the last line.
#
#   tests/vm/vm.sh [NAME...]    all, or these tests (netns/dnat) besides the installed daemon
#
# The disk with Debian is made once, in build-vm/; nothing is written to it by a run.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PATH=$PATH:/usr/sbin:/sbin
B=${B:-build}
RELEASE=bookworm
LIMIT=${LIMIT:-5400} # seconds; only ends a machine that hangs
ACCEL=${ACCEL:-tcg,thread=multi} # kvm where there is one: much faster
CACHE=$PWD/build-vm
PACKAGES="linux-image-amd64 initramfs-tools systemd-sysv udev kmod dbus apparmor logrotate nftables
	iproute2 iptables procps ethtool conntrack python3 kamailio openssl sip-tester sipvicious sqlite3 make
	libconfig9 libcurl4 libjansson4 libmaxminddb0 libmaxmind-db-writer-perl libmicrohttpd12 libmnl0 libncurses6
	libnetfilter-queue1 libnftnl11 libosip2-15 libpcap0.8 libpcre2-8-0 libsqlite3-0 libnettle8"
fail() { printf 'make vm: %s\n' "$*"; exit 1; }

[ "$(id -u)" = 0 ] || fail "needs root (debootstrap): run it with sudo"
[ "$(uname -m)" = x86_64 ] || fail "the machine is one of x86-64, and so must be this one"
grep -qx "VERSION_CODENAME=$RELEASE" /etc/os-release ||
	fail "the machine runs Debian $RELEASE, and so must this one, which builds for it"
for t; do
	[[ $t = netns/* && -x tests/$t.sh ]] || fail "no such test: $t (name those of tests/netns: netns/dnat)"
done
for tool in debootstrap:debootstrap qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs; do
	command -v "${tool%:*}" >/dev/null || fail "needs ${tool#*:}: apt-get install ${tool#*:}"
done
mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock -n 9 || fail "another one runs here"
run=$CACHE/run
rm -rf --one-file-system "$run" # of one that was killed
mkdir "$run" || exit 1
machine=
over() {
	trap '' INT TERM HUP
	[ -z "$machine" ] || kill "$machine" 2>/dev/null
	wait # qemu has ended then, and nobody uses the disks
	rm -rf --one-file-system "$run"
}
trap over EXIT
trap 'exit 130' INT TERM HUP

# in FOLDER: a root of Debian, its kernel, and what starts the tests in it
make_root() {
	local root=$1
	debootstrap --variant=minbase "$RELEASE" "$root" || return
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	mkdir -p "$root/etc/initramfs-tools/conf.d"
	# emulated, every module costs time
	printf 'MODULES=list\nCOMPRESS=gzip\n' >"$root/etc/initramfs-tools/conf.d/vm"
	# shellcheck disable=SC2086
	chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
		--no-install-recommends install $PACKAGES || return
	printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
	chroot "$root" update-initramfs -u || return
	rm "$root/usr/sbin/policy-rc.d"
	chroot "$root" apt-get clean
	chroot "$root" systemctl -q disable kamailio.service
	mkdir "$root/clone"
	cat >"$root/etc/systemd/system/sipmoat-vm.service" <<-'UNIT'
		[Unit]
		SuccessAction=poweroff-force
		FailureAction=poweroff-force
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStartPre=/bin/mount -o ro /dev/vdb /clone
		ExecStart=/clone/tests/vm/inside.sh
		StandardOutput=file:/dev/ttyS1
		StandardError=file:/dev/ttyS1
		[Install]
		WantedBy=multi-user.target
	UNIT
	chroot "$root" systemctl -q enable sipmoat-vm.service
}

make_base() {
	local root=$run/root key
	key=$(printf '%s\n' "$RELEASE" "$PACKAGES" "$(declare -f make_root)" | sha256sum)
	[ "$(cat "$CACHE/base.key" 2>/dev/null)" != "$key" ] || return 0
	echo "make vm: a disk with Debian is made, once: $RELEASE and its kernel"
	rm -f "$CACHE/base.key"
	make_root "$root" >"$CACHE/base.log" 2>&1 </dev/null || fail "see $CACHE/base.log"
	cp "$root"/boot/vmlinuz-* "$CACHE/vmlinuz" && cp "$root"/boot/initrd.img-* "$CACHE/initrd" &&
		rm -f "$CACHE/base.img" && mke2fs -q -t ext4 -d "$root" "$CACHE/base.img" 3G &&
		echo "$key" >"$CACHE/base.key" || fail "no disk could be made"
	rm -rf --one-file-system "$root"
}

# the clone, with what is built, and the packages
make_data() {
	mkdir "$run/data"
	tar -cf - --exclude='./build*' --exclude=./.git . | tar -xf - -C "$run/data"
	mkdir -p "$run/data/build/tests" "$run/data/debs"
	cp -r "$B"/sipmoat* "$run/data/build/"
	cp -r "$B/tests/netns" "$run/data/build/tests/"
	cp build/deb/sipmoat*.deb "$run/data/debs/" && rm -f "$run"/data/debs/*-dbgsym_*
	printf '%s\n' "$@" >"$run/data/wanted"
	mke2fs -q -t ext4 -d "$run/data" "$run/data.img" 400M || fail "no disk for the clone"
}

began=$SECONDS
make_base
DEB_BUILD_OPTIONS=nocheck packaging/deb.sh >"$CACHE/deb.log" 2>&1 || fail "no packages: $CACHE/deb.log"
make_data "$@"
made=$((SECONDS - began))
: >"$run/results"
: >"$CACHE/console"
timeout -k 10 "$LIMIT" qemu-system-x86_64 -machine q35 -accel "$ACCEL" -cpu max \
	-smp "$(nproc)" -m 3072 -display none -nodefaults -no-reboot \
	-kernel "$CACHE/vmlinuz" -initrd "$CACHE/initrd" -append "root=/dev/vda rw console=ttyS0 \
	apparmor=1 security=apparmor systemd.show_status=0 quiet panic=-1 net.ifnames=0" \
	-drive "file=$CACHE/base.img,format=raw,if=virtio,snapshot=on" \
	-drive "file=$run/data.img,format=raw,if=virtio,readonly=on" \
	-serial "file:$CACHE/console" -serial "file:$run/results" >"$CACHE/qemu.log" 2>&1 </dev/null &
machine=$!
# a signal interrupts nothing but wait
tail -f -n +1 --pid=$machine "$run/results" | stdbuf -oL tr -d '\r' &
teller=$!
wait $machine
rc=$?
machine=
wait $teller
cp "$run/results" "$CACHE/results"
echo "make vm: $made s to make it ready, $((SECONDS - began - made)) s in the machine"
grep -q '^all done' "$run/results" || {
	tail -n 20 "$CACHE/qemu.log" "$CACHE/console"
	[ $rc != 124 ] || fail "ended after $LIMIT s: LIMIT=$((2 * LIMIT)) make vm"
	fail "the machine did not come to the end: $CACHE/console"
}
! grep -q '^FAIL' "$run/results"
