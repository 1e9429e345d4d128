#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deps.sh [build|vm]: installs what is missing on Debian 12 and 13, and nothing else; with "build" only
# what the programs and their packages are made with, with "vm" an emulator, too, else what the tests
# take.  No service of a package installed here starts, now or at the next boot: the tests run them by
# themselves.
set -u

build="libcurl4-openssl-dev gcc make pkg-config libnetfilter-queue-dev libmnl-dev libnftnl-dev libmaxminddb-dev
	libpcre2-dev libconfig-dev libosip2-dev nettle-dev libpcap-dev libjansson-dev libncurses-dev
	libmicrohttpd-dev libcmocka-dev libsqlite3-dev"
packaging="debhelper dh-apparmor lintian python3 tzdata"
field="fail2ban python3-pyinotify iproute2 nftables iptables conntrack procps ethtool python3
	kamailio kamailio-websocket-modules kamailio-geoip2-modules openssl sip-tester sipvicious tmux bash-completion zsh fish
	libmaxmind-db-writer-perl curl
	prometheus prometheus-node-exporter python3-jsonschema chromium chromium-driver universal-ctags
	sqlite3 busybox shellcheck mandoc clang libclang-rt-dev
	$packaging apparmor logrotate strace debootstrap"
[ "${1:-}" != build ] || field=$packaging
[ "${1:-}" != vm ] || field="$packaging debootstrap qemu-system-x86 e2fsprogs"
policy=/usr/sbin/policy-rc.d
PATH=$PATH:/usr/sbin:/sbin # as su leaves it, it may lack them, and dpkg gives up

missing() {
	local p
	for p; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			printf '%s ' "$p"
	done
}

# installs run with services forbidden; whatever policy there was comes back
forbid_services() {
	[ ! -e $policy ] || mv $policy $policy.before-sipmoat
	trap restore_policy EXIT
	trap 'exit 130' INT TERM HUP
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
}
restore_policy() {
	rm -f $policy
	[ ! -e $policy.before-sipmoat ] || mv $policy.before-sipmoat $policy
}

if ! command -v dpkg-query >/dev/null; then
	echo "make deps: this is no Debian; needed are (names as in Debian):" $build $field
	exit 0
fi
# shellcheck disable=SC2086
need_build=$(missing $build)
# shellcheck disable=SC2086
need_field=$(missing $field)
[ -n "$need_build$need_field" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "make deps: not root; missing: $need_build$need_field"
	echo "make deps: run  sudo make deps  or  sudo apt-get install $need_build$need_field"
	[ -z "$need_build" ] || exit 1
	exit 0
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp /tmp/sipmoat-deps.XXXXXX)
get() { apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@"; }

# install PACKAGE...: with fresh lists when the old ones do not do
install() {
	get "$@" >"$log" 2>&1 </dev/null && return
	[ -n "${updated:-}" ] || apt-get -qq update >"$log" 2>&1 </dev/null
	updated=1
	get "$@" >>"$log" 2>&1 </dev/null
}

echo "make deps: installing $need_build$need_field"
forbid_services
rc=0
# shellcheck disable=SC2086
if ! install $need_build $need_field; then
	# a release may lack one of the test programs: its tests skip, the rest runs
	# shellcheck disable=SC2086
	[ -z "$need_build" ] || install $need_build || rc=1
	for p in $need_field; do
		[ $rc = 1 ] || install "$p" || echo "make deps: $p: not to be had; its tests will skip"
	done
	[ $rc = 0 ] || { cat "$log"; echo "make deps: apt-get failed, see above"; }
fi
rm -f "$log"
for p in apparmor fail2ban kamailio prometheus prometheus-node-exporter; do
	case " $need_field" in
	*" $p "*)
		! command -v systemctl >/dev/null || systemctl --quiet disable $p.service 2>/dev/null
		;;
	esac
done
exit $rc
