# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Which Debian it is, where what is made of it is kept, and how.  Sourced, with our clone in ROOT.
#
# MIRROR says where Debian's packages come from; else it is where this machine has its own from.
SUITE=${SUITE:-bookworm}
CACHE=${CACHE:-$ROOT/build-newuser}
this_suite() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }
# Packages are for the Debian that they were built on: this machine's, or that of a root
BUILDER=
[ "$SUITE" = "$(this_suite)" ] || BUILDER=$CACHE/$SUITE-build
DEBS=${DEBS:-${BUILDER:-$ROOT}/build/deb}

# die TEXT ROOT: what was done in a root is told in the log beside it
die() {
	echo "newuser: $1, see the end of $2.log:"
	tail -n 5 "$2.log"
	exit 1
}

mirror() {
	[ -z "${MIRROR:-}" ] || { echo "$MIRROR"; return; }
	grep -qx ID=debian /etc/os-release || return 0
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v own="$(this_suite)" '$1 == own { print $2; exit }'
}

# debian ROOT [PACKAGE,...]: as debootstrap makes it
debian() {
	rm -rf --one-file-system "$1"
	# shellcheck disable=SC2046
	unshare --mount debootstrap --variant=minbase ${2:+--include="$2"} "$SUITE" "$1" $(mirror) \
		>"$1.log" 2>&1 || die "debootstrap failed" "$1"
	cp /etc/resolv.conf "$1/etc/resolv.conf"
}

# chrooted ROOT COMMAND...: with this machine's network, and no service started
chrooted() {
	local root=$1
	shift
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" env \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"' "$root" "$@" >>"$root.log" 2>&1 </dev/null
}

# only_one ROOT: waits while another run makes something there
only_one() {
	mkdir -p "${1%/*}"
	exec 9>"$1.lock"
	flock 9
}
