#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What packaging/openwrt puts onto a router, without a router: its scripts run in busybox's shell
# with small stand-ins for OpenWrt's own functions, that write down what they are called with; and
# its Makefile is read with stand-ins for the SDK's.  It shows that our half keeps to what theirs
# documents, not that theirs does.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(realpath "${B:-build}")
command -v busybox >/dev/null || { echo "busybox is not installed"; exit 77; }
R=$(mktemp -d /tmp/sipmoat-openwrt.XXXXXX) || exit 1
trap 'rm -rf "$R"' EXIT
feed=$PWD/packaging/openwrt/sipmoat
failed=0

bad() {
	echo "FAIL: $*"
	failed=1
}

# shellcheck disable=SC2016 # the text of other scripts
stand_ins() {
	mkdir -p "$R"/{lib,etc/config,etc/capabilities,usr/sbin,usr/bin,usr/libexec/sipmoat,sbin,bin}
	# a configuration is what `uci export` prints of it: commands with quoted words
	cat >"$R/lib/functions.sh" <<-'E'
		config_cb() { :; }
		option_cb() { :; }
		list_cb() { :; }
		config_load() {
			count=0
			. "$IPKG_INSTROOT/etc/config/$1" || return 1
			config_cb
		}
		config() {
			count=$((count + 1))
			section=${2:-cfg0$count}
			config_cb "$1" "$section"
		}
		option() {
			case $1 in *[!A-Za-z0-9_]*) ;; *) eval "value_${section}_$1=\$2" ;; esac
			option_cb "$1" "$2"
		}
		list() { list_cb "$1" "$2"; }
		config_get() { eval "$1=\${value_$2_$3:-\$4}"; }
		config_get_bool() {
			config_get "$@"
			eval "case \$$1 in 1|on|true|yes|enabled) $1=1 ;; *) $1=0 ;; esac"
		}
		config_list_foreach() { :; }
	E
	cat >"$R/etc/rc.common" <<-'E'
		. "$IPKG_INSTROOT/lib/functions.sh"
		action=$2 initscript=$1
		shift 2
		call() { echo "$*" >>"$CALLS"; }
		logger() { call logger "$*"; }
		chown() { call chown "$*"; }
		extra_command() { call extra_command "$1"; }
		procd_running() { [ -e "$CALLS.running" ]; }
		for f in open_instance set_param append_param close_instance add_jail add_jail_mount \
			add_jail_mount_rw send_signal add_reload_trigger add_raw_trigger; do
			eval "procd_$f() { call procd_$f \"\$@\"; }"
		done
		stop() { call procd_kill; }
		start() { start_service "$@"; }
		. "$initscript"
		reload() { reload_service "$@"; }
		triggers() { service_triggers; }
		"$action" "$@"
	E
	cp "$B/sipmoatd" "$R/usr/sbin/"
	cp "$B/sipmoat" "$R/usr/bin/"
	cp "$feed/files/uci-config" "$R/usr/libexec/sipmoat/"
	cp "$feed/files/sipmoat.json" "$R/etc/capabilities/"
	cp "$feed/files/sipmoat.config" "$R/etc/config/sipmoat"
	# the shell of a router, and its tools
	busybox --install -s "$R/bin"
	ln -sf "$(command -v busybox)" "$R/bin/busybox" # not every one makes a link for itself
}

# on the router: COMMAND...
there() {
	env -i PATH="$R/bin" IPKG_INSTROOT="$R" CALLS="$R/calls" busybox ash "$@" >"$R/said" 2>&1
}
translate() { there "$R/usr/libexec/sipmoat/uci-config"; }
init() {
	: >"$R/calls"
	there "$R/etc/rc.common" "$feed/files/sipmoat.init" "$@"
}

config() { cat >"$R/etc/config/sipmoat"; }
conf=$R/var/etc/sipmoat/sipmoat.conf

said() { grep -qF -- "$1" "$R/said" || { bad "$2: not said: $1"; cat "$R/said"; }; }
called() { grep -qF -- "$1" "$R/calls" || { bad "$2: not called: $1"; cat "$R/calls"; }; }
not_called() { ! grep -qF -- "$1" "$R/calls" || { bad "$2: called: $1"; cat "$R/calls"; }; }

# What ships loads, and observes.
shipped() {
	init check || { bad "the configuration that ships"; cat "$R/said"; }
	said "configuration OK" shipped
	[ ! -e "$conf" ] || bad "check has made $conf"
	translate || bad "the configuration that ships is not translated"
	said 'mode = "observe";' shipped
}

everything() {
	config <<-'E'
		config sipmoat 'main'
			option enabled '1'
			option mode 'enforce'
			list inside '192.0.2.0/24'
		config settings 'ports'
			list udp '5060'
			list udp '5070'
		config settings 'dialplan'
			option country '49'
			list international '00'
		config settings 'bans'
			option renew '0'
			option factor '2'
		config zone 'office'
			list addresses '198.51.100.0/24'
			option trust '1'
		config zone
			option name 'far-away'
			option registered 'false'
			option flood__budget '8'
			option flood__mode 'observe'
		config trunk 'carrier'
			list addresses '203.0.113.0/28'
		config class 'premium'
			list add '49137'
		config pattern__rule 'one'
			list method 'OPTIONS'
			option action 'drop'
	E
	translate || { bad "everything"; cat "$R/said"; }
	said 'udp = [ "5060", "5070" ]; # sipmoat.ports.udp' everything
	said 'name = "far-away";' everything
	init check
	case $(cat "$R/said") in
	"configuration OK") ;;
	*) bad "everything is not right"; cat "$R/said" ;;
	esac
}

# Whatever a value holds, it is one text in the configuration, and nothing else.
hostile() {
	local value

	for value in '"; mode = "enforce' '\' '\\"' '$(reboot)' '`reboot`' "it's" '# no' '*' '; }' \
		'%s%n' '&' '@include "x"' '/* */' 'Grüße' ' ' '-n'; do
		printf "config settings 'log'\n\toption level '%s'\n" "${value//\'/\'\\\'\'}" | config
		translate || { bad "not translated: $value"; cat "$R/said"; }
		cp "$R/said" "$R/hostile.conf"
		python3 - "$R/hostile.conf" "$value" <<-'E' || bad "torn: $value"
			import sys
			line = [l for l in open(sys.argv[1], encoding="utf-8") if "level" in l][0]
			text = sys.argv[2].replace("\\", "\\\\").replace('"', '\\"')
			sys.exit(line.strip() != 'level = "%s"; # sipmoat.log.level' % text)
		E
		"$B/sipmoat" check -c "$R/hostile.conf" >"$R/said" 2>&1 && bad "taken: $value"
		[ "$(grep -c '^error: ' "$R/said")" = 1 ] && said "log.level: must be one of" "$value"
	done
	printf "config settings 'log'\n\toption level 'a\nb'\n" | config
	translate && bad "a line end was taken"
	said "sipmoat.log.level: a character that no value may have" "a line end"
	printf "config settings 'log'\n\toption 'le;vel' 'info'\n" | config
	translate && bad "an odd name was taken"
	said "sipmoat.log is no name" "an odd name"
}

# What is wrong is told by the names that people wrote.
told() {
	printf "config settings 'flood'\n\toption bduget '8'\n" | config
	init check && bad "an unknown option was taken"
	said 'sipmoat.flood.bduget: flood.bduget: unknown key; did you mean "budget"?' told
	printf "config zone 'x'\n\toption trust 'maybe'\n" | config
	init check && bad "maybe was taken"
	said 'sipmoat.x.trust: zones' told
	printf "config zoone 'x'\n\toption trust '1'\n" | config
	init check && bad "an unknown section was taken"
	said 'sipmoat.x: zoones: unknown key; did you mean "zones"?' told
	printf "config sipmoat 'man'\n\toption mode 'observe'\n" | config
	init check && bad "man was taken"
	said "a section of the type sipmoat is called main" told
}

starts() {
	rm -rf "$conf" "$R/calls.running"
	cp "$feed/files/sipmoat.config" "$R/etc/config/sipmoat"
	init start || bad "start"
	called "procd_set_param command $R/usr/sbin/sipmoatd -c $conf" start
	called "procd_set_param respawn 3600 5 0" start
	called "STATE_DIRECTORY=/var/lib/sipmoat" start
	called "procd_set_param stderr 1" start
	not_called procd_add_jail "start without ujail"
	[ "$(tail -n 1 "$R/calls")" = procd_close_instance ] || bad "the instance is left open"
	printf '#!/bin/sh\n' >"$R/sbin/ujail"
	chmod 755 "$R/sbin/ujail"
	init start
	called "procd_add_jail sipmoat procfs log" ujail
	called "procd_set_param user sipmoat" ujail
	called "procd_set_param capabilities $R/etc/capabilities/sipmoat.json" ujail
	init triggers
	called "procd_add_reload_trigger sipmoat network firewall" triggers
	printf "config sipmoat 'main'\n\toption enabled '0'\n" | config
	init start
	not_called procd_open_instance "not enabled"
}

# A configuration that does not load leaves the old one in force.
reloads() {
	touch "$R/calls.running"
	printf "config sipmoat 'main'\n\toption mode 'enforce'\n" | config
	init reload || bad "reload"
	called "procd_send_signal sipmoat * HUP" reload
	grep -q 'mode = "enforce"' "$conf" || bad "the configuration was not made anew"
	printf "config sipmoat 'main'\n\toption mode 'enfroce'\n" | config
	init reload && bad "a wrong configuration was taken"
	not_called procd_send_signal "wrong"
	called "sipmoat.main.mode: mode: must be one of" "wrong"
	grep -q 'mode = "enforce"' "$conf" || bad "the configuration in force is gone"
	init start
	called "procd_set_param command" "started with the old one"
	rm -f "$conf" "$R/calls.running"
	init start && bad "started with nothing"
	not_called procd_open_instance "nothing"
	printf "config sipmoat 'main'\n\toption enabled '0'\n" | config
	init reload
	called procd_kill "switched off"
}

# The Makefile of the feed, by stand-ins of the SDK's that install what was built here.
installs() {
	local p

	mkdir -p "$R/sdk"
	: >"$R/sdk/rules.mk"
	# shellcheck disable=SC2016 # the text of a Makefile
	printf '%s\n' 'PKG_BUILD_DIR := $(R)/src' 'INSTALL_DIR := install -d' \
		'INSTALL_BIN := install -m 755' 'INSTALL_CONF := install -m 600' \
		'INSTALL_DATA := install -m 644' 'CP := cp -a' 'define BuildPackage' \
		'$(1)-deps: ; @echo "$$(filter-out sipmoat,$$(patsubst +%,%,$$(deps_$(1))))"' \
		'$(1)-install: ; $$(call Package/$(1)/install,$(R)/root)' \
		'$(eval $(Package/$(1)))$(eval deps_$(1) := $(DEPENDS))' 'endef' \
		'prepare: ; $(Build/Prepare)' >"$R/sdk/package.mk"
	sdk() { make -s -C "$feed" TOPDIR="$R/sdk" INCLUDE_DIR="$R/sdk" R="$R" "$@"; }
	sdk prepare || bad "Build/Prepare"
	mkdir -p "$R/src/build"
	cp "$B"/sipmoat{,d,-web,-alert} "$R/src/build/"
	for p in sipmoat sipmoat-web sipmoat-alert; do
		sdk $p-install || bad "$p does not install"
		sdk $p-deps >"$R/deps.$p"
	done
	find "$R/root" -name '*.init' | grep . && bad "a script is not where it belongs"
	[ -x "$R/root/etc/init.d/sipmoat" ] && [ -x "$R/root/usr/sbin/sipmoatd" ] ||
		bad "the daemon is not installed"
	make -s -n -C "$R/src" all >/dev/null || bad "what the package builds from lacks something"
	linked sipmoat sipmoatd sipmoat
	linked sipmoat-web sipmoat-web
	linked sipmoat-alert sipmoat-alert
}

# linked PACKAGE PROGRAM...: what a program needs the package depends on, by OpenWrt's names
linked() {
	local package=$1 program library name

	shift
	for program; do
		for library in $(objdump -p "$B/$program" | sed -n 's/^ *NEEDED *\(.*\)\.so.*/\1/p'); do
			name=$library
			case $library in
			libc | libm | ld-linux* | libasan | libubsan | libtsan | libgcc_s) continue ;;
			libnetfilter_queue) name=libnetfilter-queue ;;
			libjansson) name=jansson ;;
			libpcre2-8) name=libpcre2 ;;
			libosipparser2) name=libosip2 ;;
			libncurses* | libtinfo*) name=libncurses ;;
			libcurl*) name=libcurl ;;
			esac
			case " $(cat "$R/deps.sipmoat" "$R/deps.$package" | tr '\n' ' ')" in
			*" $name "*) ;;
			*) bad "$package does not depend on $name ($program)" ;;
			esac
		done
	done
}

stand_ins
for script in "$feed"/files/*.init "$feed/files/uci-config"; do
	busybox ash -n "$script" || bad "$script"
done
shipped
everything
hostile
told
starts
reloads
installs
[ $failed = 0 ] && echo "OpenWrt: all as it should be"
exit $failed
