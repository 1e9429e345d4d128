# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# A Debian that is booted with a real systemd as process 1, in namespaces of its own, on the network
# of the field's server.  Sourced behind field.sh.
#
# Its root is a copy-on-write view, which is gone with it.  It may set nothing of this machine's
# kernel but its own network, loads no modules, and has control groups of its own.

MACHINE_PID= # its process 1, as this machine sees it
unset MACHINE_ROOT # its files, as this machine sees them: write "${MACHINE_ROOT:?}/etc/..."
MACHINE_OUTER=
MACHINE_GROUP=sipmoat-$$
# what it boots into: basic.target has a journal and no services but those that are asked for
MACHINE_TARGET=${MACHINE_TARGET:-default.target}

# machine_boot ROOT: returns when it is up
machine_boot() {
	groups_made || skip "this machine may not make control groups"
	mkdir "$T/view"
	# the groups first, so that all that follows is in them
	bash -c 'groups=$1 && shift && for g in $groups; do echo $$ >"$g/cgroup.procs" || exit; done
		exec "$@"' - "$(groups_of_it)" ip netns exec "$NS-pbx" unshare --fork --pid --kill-child \
		--mount --uts --ipc --cgroup bash "$FIELD_LIB/machine.sh" "$1" "$T/view" "$MACHINE_TARGET" \
		>"$T/console" 2>&1 </dev/null &
	MACHINE_OUTER=$!
	wait_for 60 machine_settled && machine_is_up || {
		tail -n 5 "$T/console"
		skip "systemd does not boot in namespaces here"
	}
	MACHINE_ROOT=/proc/$MACHINE_PID/root
}

machine_settled() { ! kill -0 "$MACHINE_OUTER" 2>/dev/null || machine_is_up; }
machine_is_up() {
	MACHINE_PID=$(pgrep -P "$MACHINE_OUTER" 2>/dev/null) &&
		[ "$(cat "/proc/$MACHINE_PID/comm" 2>/dev/null)" = systemd ] &&
		on systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'
}

# on COMMAND...: as root on that machine
on() {
	nsenter --target "$MACHINE_PID" --mount --uts --ipc --net --pid --cgroup --root --wd \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# The death of its process 1 ends its namespaces, and all that runs in them.
machine_off() {
	local g
	[ -n "$MACHINE_OUTER" ] || return 0
	kill -KILL "$MACHINE_OUTER" 2>/dev/null
	wait "$MACHINE_OUTER" 2>/dev/null
	wait_for 10 groups_empty
	for g in $(groups_of_it); do
		find "$g" -depth -type d -exec rmdir {} + 2>/dev/null
	done
	MACHINE_OUTER=
}

# --- control groups: one in every hierarchy, or systemd would make its own beside this machine's ---
groups_of_it() {
	awk -v name="$MACHINE_GROUP" '($3 == "cgroup" || $3 == "cgroup2") && $2 ~ /^\/sys\// {
		print $2 "/" name }' /proc/mounts
}
groups_made() {
	local g up f
	[ -n "$(groups_of_it)" ] || return 1
	for g in $(groups_of_it); do
		mkdir "$g" 2>/dev/null || return 1
		up=${g%/*}
		# a new group of cpuset may use nothing
		for f in cpuset.cpus cpuset.mems; do
			[ ! -e "$g/$f" ] || [ -n "$(cat "$g/$f")" ] || cat "$up/$f" >"$g/$f"
		done
	done 2>/dev/null
}
groups_empty() {
	local g
	for g in $(groups_of_it); do
		! find "$g" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -q . || return 1
	done
}

# --- in the new namespaces: builds the view and becomes systemd ---
inside() {
	local lower=$1 t=$2 root=$2/root target=$3 unit
	set -e
	mount --make-rprivate /
	view_mount "$t" "$lower"
	view_groups "$t"
	inside_kernel "$root"
	echo pbx >"$root/etc/hostname"
	hostname pbx
	for unit in getty.target systemd-sysctl.service sys-kernel-{debug,tracing}.mount \
		sys-fs-fuse-connections.mount apt-daily{,-upgrade}.timer; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	exec env -i container=sipmoat-test PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv \
		--bounding-set=-sys_module,-sys_time,-sys_boot chroot "$root" /lib/systemd/systemd --system \
		--unit="$target" --show-status=no
}

# of the kernel's settings only those of its own network can be written
inside_kernel() {
	local root=$1 p
	mount --bind "$root/proc/sys/net" "$root/mnt"
	for p in sys sysrq-trigger; do
		[ -e "$root/proc/$p" ] || continue
		mount --bind "$root/proc/$p" "$root/proc/$p"
		mount -o remount,bind,ro "$root/proc/$p"
	done
	mount --move "$root/mnt" "$root/proc/sys/net"
	mount -o remount,bind,ro "$root/sys"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	. "${0%/*}/view.sh"
	inside "$@"
fi
