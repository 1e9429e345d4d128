#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/getting-started.md: every command of its blocks "sh", in their order, on a machine with a real
# systemd: once on the host of a server, once on a router with DNAT to one behind it.  What its
# tables "you should see" promise is there, and a scanner passes before it enforces, and not after.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/machine.sh"
PAGE=$ROOT/docs/getting-started.md
FIELD_BARE=1 field_open
need kamailio nsenter make gcc
case $B in build) ;; *) skip "only of the ordinary build: sanitizers need what the sandbox forbids" ;; esac
trap 'machine_off; field_close $?' EXIT
field_topology host

# section TITLE: its text
section() { awk -v t="## $1" '/^## / { on = $0 == t } on' "$PAGE"; }
# commands TITLE: its blocks, a command a line
commands() { section "$1" | awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on && NF'; }
# run TITLE [PATTERN]: types its commands, or those that match
run() {
	local line
	while IFS= read -r line <&7; do
		on sh -c "cd /run/clone && $line" >"$T/said" 2>&1 </dev/null ||
			{ on journalctl -n 15 --no-pager -u sipmoatd; fail "\"$line\" of \"$1\" fails: $(tail -n 5 "$T/said")"; }
		ran=$((ran + 1))
	done 7< <(commands "$1" | grep -E -- "${2:-.}")
}
# sees TITLE: each row of its tables "| `command` | `text`, `text`, ... |"
sees() {
	local line text rows=0
	while IFS= read -r line <&7; do
		rows=$((rows + 1))
		on sh -c "$(cut -d'`' -f2 <<<"$line")" >"$T/said" 2>&1 </dev/null
		while IFS= read -r text; do
			[ "$text" != fail ] || { ! grep -q '^fail' "$T/said" || fail "$line: $(cat "$T/said")"; continue; }
			wait_for 1 grep -qF -- "$text" "$T/said" || fail "$line: $(cat "$T/said")"
		done < <(cut -d'|' -f3 <<<"$line" | grep -oE '`[^`]*`' | tr -d '`')
	done 7< <(section "$1" | grep -E '^\| `[^|]*` \| ')
	[ "$rows" -gt 0 ] || fail "\"$1\" has no table"
}

boot() {
	MACHINE_TARGET=basic.target machine_boot /
	root=${MACHINE_ROOT:?}
	mkdir "$root/run/clone"
	tar -C "$ROOT" --exclude=./.git --exclude='./build/*/tests' --exclude='./build/tests' \
		--exclude='./build-*' --exclude='./build/deb*' -cf - . | tar -C "$root/run/clone" -xf -
	printf '#!/bin/sh\nexec "$@"\n' >"$root/usr/local/bin/sudo"
	chmod 755 "$root/usr/local/bin/sudo"
	on rm -rf /etc/sipmoat /var/lib/sipmoat
	on systemctl stop kamailio # that of this machine, whose root is below
}
# served ADDRESS: the configuration of a Kamailio there
served() {
	sed "s|^LISTEN|listen=udp:$1:5060\nlisten=tcp:$1:5060|; s|//RUN|//run|" "$FIELD_LIB/kamailio.cfg"
}
# serve COMMAND...: a Kamailio, run by that, until it answers
serve() {
	"$@" -DD -E -m 32 -M 4 -Y /run -w /run >"$T/kamailio.log" 2>&1 </dev/null &
	disown
	wait_for 20 heard_by 203.0.113.15 $PBX4 'Acme Desk Phone 7.1' ||
		fail "no server: $(tail -n 5 "$T/kamailio.log")"
}
# asked SOURCE TARGET AGENT: what the server answers
asked() { sip "$1" "$2" -a "$3" -n 1 -w 3 --user ""; }
heard_by() { answered 200 "$(asked "$@")"; }
not_banned() { on sh -c "! nft get element inet sipmoat banned4 '{ $1 }'" 2>/dev/null >&2; }

ran=0
enforces() {
	run "Some days later"
	run "Enforce"
	sees "Enforce"
	must "a scanner is answered" unanswered "$(asked 203.0.113.12 $PBX4 friendly-scanner)"
	must "it is not banned" on nft get element inet sipmoat banned4 "{ 203.0.113.12 }" >/dev/null
	must "an honest source is refused" heard_by 203.0.113.15 $PBX4 'Acme Desk Phone 7.1'
}

boot
served $PBX4 | on sh -c 'cat >/run/served.cfg'
serve on kamailio -f /run/served.cfg

run "In five minutes"
sees "In five minutes"
must "it drops while it observes" heard_by 203.0.113.11 $PBX4 friendly-scanner
must "it bans while it observes" not_banned 203.0.113.11
enforces
run "How to go back"
must "a scanner is refused by nobody" heard_by 203.0.113.12 $PBX4 friendly-scanner
must "something is left" on sh -c '! command -v sipmoat && ! nft list tables | grep sipmoat'
machine_off
note "a server's host: $ran commands"

# --- the same machine as a router, with the server behind it ---
rmdir "$T/view" # machine_boot makes it
ran=0
ip netns add "$NS-lan"
BOTS="$BOTS lan"
ip -n "$NS-pbx" link add p1 type veth peer name l0 netns "$NS-lan"
ip -n "$NS-pbx" addr add 192.168.1.1/24 dev p1
ip -n "$NS-pbx" link set p1 up
ip -n "$NS-lan" link set lo up
ip -n "$NS-lan" addr add 192.168.1.10/24 dev l0
ip -n "$NS-lan" link set l0 up
ip -n "$NS-lan" route add default via 192.168.1.1
boot
served 192.168.1.10 >"$T/served.cfg"
run "A router in front" '^sudo (nft|sysctl) '
serve ip netns exec "$NS-lan" kamailio -f "$T/served.cfg"
run "A router in front" '^(sudo (make|systemd-[a-z]+|systemctl|sipmoat)|sipmoat)( |$)'
sees "A router in front"
must "it drops while it observes" heard_by 203.0.113.11 $PBX4 friendly-scanner
enforces
must "a command of the page was not run" [ "$ran" = "$(for t in "A router in front" \
	"Some days later" Enforce; do commands "$t"; done | wc -l)" ]
note "a router: $ran commands"
