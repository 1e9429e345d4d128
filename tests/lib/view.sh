# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# This machine with `make install` behind it, or another root: a copy-on-write view, in a mount
# namespace of the caller's own, so that nothing of it is left behind.  Sourced by tests.

# view_mount FOLDER [ROOT]: the view is FOLDER/root, with /run, /tmp and /dev of its own.  Who
# removes folders while it is mounted must mind that /proc and /sys in it are the machine's.
view_mount() {
	mount -t tmpfs tmpfs "$1" &&
		mkdir "$1/up" "$1/work" "$1/root" &&
		mount -t overlay overlay -o "lowerdir=${2:-/},upperdir=$1/up,workdir=$1/work" "$1/root" &&
		mount -t proc proc "$1/root/proc" &&
		mount -t sysfs sysfs "$1/root/sys" &&
		view_devices "$1/root/dev" &&
		mount -t tmpfs -o mode=755 tmpfs "$1/root/run" &&
		mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
}

# view_devices FOLDER: what a program may need, and nothing of the machine's to lose
view_devices() {
	local d
	mount -t tmpfs -o mode=755 tmpfs "$1" || return
	for d in null zero full random urandom tty; do
		: >"$1/$d"
		mount --bind "/dev/$d" "$1/$d" || return
	done
	mkdir "$1/pts" "$1/shm" &&
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$1/pts" &&
		mount -t tmpfs -o mode=1777 tmpfs "$1/shm" &&
		ln -s pts/ptmx "$1/ptmx" &&
		ln -s /proc/self/fd "$1/fd"
}

# view_groups FOLDER: the control groups of whoever made this namespace of them
view_groups() {
	local g=$1/root/sys/fs/cgroup
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mount -t cgroup2 cgroup2 "$g"
	else
		mount -t tmpfs -o mode=755 tmpfs "$g" && mkdir "$g/systemd" &&
			mount -t cgroup -o none,name=systemd cgroup "$g/systemd"
	fi
}

# view_install FOLDER: programs, units, a fresh configuration, users
view_install() {
	rm -rf "$1/root/etc/sipmoat"
	make -s install DESTDIR="$1/root" PREFIX=/usr B="$B" &&
		chroot "$1/root" systemd-sysusers sipmoat.conf
}
