#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The AppArmor profiles compile without a warning, and that of sipmoatd allows all that the daemon
# does: started as the unit does, under strace, it bans, writes events that logrotate turns over,
# runs its hook, reads databases and feeds, is reloaded, stopped, and takes back what it kept; each
# file and socket is held against the compiled tables.  No AppArmor in the kernel is needed.
. "$(dirname "$0")/../lib/field.sh"
[ "$(id -u)" = 0 ] || skip "needs root (namespaces, overlay)"
need apparmor_parser strace logrotate setpriv
case $B in *-address* | *-thread*) skip "a sanitizer reads and runs what the daemon does not" ;; esac
[ -n "${VIEW:-}" ] || VIEW=1 exec unshare -m "$0"
cd "$ROOT" || exit 1
. "$ROOT/tests/lib/view.sh"
field_open
PROFILE=usr.sbin.sipmoatd

# compile FOLDER NAME: into FOLDER/NAME.bin, for a kernel that knows what the profile asks for
compile() {
	apparmor_parser -QKS --warn=all -M /etc/apparmor.d/abi/3.0 -I "$1" --base /etc/apparmor.d \
		"$1/$2" >"$1/$2.bin" 2>"$T/said" || fail "$2 does not compile: $(cat "$T/said")"
	must "$2: $(cat "$T/said")" [ -z "$(grep -vE '^Cache read/write disabled' "$T/said")" ]
}
cp -r systemd/apparmor "$T/apparmor"
for p in systemd/apparmor/*; do [ -d "$p" ] || compile "$T/apparmor" "${p##*/}"; done
# what a package left that was removed still loads when those that it needs were purged
mkdir "$T/alone"
cp systemd/apparmor/sipmoat-alert "$T/alone"
compile "$T/alone" sipmoat-alert
note "the profiles compile without a warning"

mkdir "$T/view"
close_view() {
	umount -R -l "$T/view"
	field_close "$1"
}
trap 'close_view $?' EXIT
view_mount "$T/view" || skip "no overlay here"
view_install "$T/view" || fail "make install fails"
root=$T/view/root
field_topology router
pbx_echo
install -d "$root/var/lib/sipmoat-geo" "$root/var/lib/sipmoat-feeds"
# systemd's end
$PY tests/lib/notify.py "$root/run/notify" "$T/notified" </dev/null >/dev/null 2>&1 &
# shellcheck disable=SC2034 # of field.sh
NOTIFY_PID=$!
ln -s "$root/run/notify" "$T/notify"
wait_for 10 test -S "$T/notify"
chmod 777 "$root/run/notify"
for d in lib log; do
	chroot "$root" install -d -o sipmoat -g sipmoat -m 750 "/var/$d/sipmoat"
done
chroot "$root" install -d -o sipmoat -g sipmoat /run/sipmoat
$PY tests/lib/mmdb.py "$root/var/lib/sipmoat-geo/country.mmdb" maxmind
echo 203.0.113.28 >"$root/var/lib/sipmoat-feeds/worst"
echo friendly-robot >"$root/etc/sipmoat/lists/own-agents.txt"
cat >"$root/etc/sipmoat/conf.d/site.conf" <<CONF
mode = "enforce";
inside = [ "$PBX4" ];
events = { file = "/var/log/sipmoat/events.json"; journal = true; };
feeds = ( { name = "worst"; file = "/var/lib/sipmoat-feeds/worst"; } );
geo = { country = "/var/lib/sipmoat-geo/country.mmdb"; };
hep = { server = "192.0.2.1:9060"; };
schedules = ( { name = "work"; zone = "Europe/Berlin"; times = [ "Mon-Fri 07:30-19:00" ]; } );
destination = { action = "approve"; deny = [ "^900" ]; };
approve = { hook = "/usr/local/sbin/ask-somebody"; hook_timeout = "30s"; };
CONF
cat >"$root/usr/local/sbin/ask-somebody" <<-'HOOK'
	#!/bin/bash
	# as hooks do: reads, makes a file, runs others, looks names up, connects
	file=$(mktemp) && cat >"$file" && grep -q '"user"' "$file" && rm "$file" || exit 1
	getent passwd sipmoat >/dev/null
	(exec 3<>/dev/tcp/127.0.0.1/9) 2>/dev/null
	/usr/bin/python3 -c 'import json, socket'
	exit 0
HOOK
chmod 755 "$root/usr/local/sbin/ask-somebody"

# as the unit starts it, traced by somebody who is not its parent
cat >"$T/traced.sh" <<-'SH'
	n=1
	while [ -e "$1/trace.$n" ]; do n=$((n + 1)); done
	trace=$1/trace.$n root=$2 caps=+net_admin,+net_raw
	shift 2
	exec strace -Dqq -f -y -s 256 -o "$trace" -e trace=%file,%desc,%network,%process \
		chroot "$root" setpriv --reuid sipmoat --regid sipmoat --clear-groups --no-new-privs \
		--inh-caps $caps --ambient-caps $caps --bounding-set "-all,$caps" \
		env NOTIFY_SOCKET=/run/notify RUNTIME_DIRECTORY=/run/sipmoat STATE_DIRECTORY=/var/lib/sipmoat "$@"
SH
# shellcheck disable=SC2034 # of field.sh
GUARD_WRAP="sh $T/traced.sh $T $root" GUARD_BIN=/usr/sbin/sipmoatd
# shellcheck disable=SC2034
GUARD_CONF=/etc/sipmoat/sipmoat.conf
# shellcheck disable=SC2034
control=$root/run/sipmoat/control
events=$root/var/log/sipmoat/events.json
uid=$(chroot "$root" id -u sipmoat)
scan() { sip "$1" $PBX4 -a friendly-scanner -w 0.1 >/dev/null; }
told() { grep -q "\"source\":\"$1\"" "$events"; }

guard_start
scan 203.0.113.11
must_ban 203.0.113.11
wait_for 10 told 203.0.113.11 || fail "events are not written: $(tail -n 3 "$T/guard.log")"
# as the unit's ExecStartPost= does
guarded chgrp "$(chroot "$root" id -g sipmoat)" /proc/net/netfilter/nfnetlink_queue
given 0 'sipmoat_queue_depth' stats --prometheus
given 0 'banned' ban 203.0.113.12 --for 1h
call='INVITE sip:900123@192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.13;rport;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.130>;tag=1\r\nTo: <sip:900123@192.0.2.130>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:1001@203.0.113.13>\r\nContent-Length: 0\r\n\r\n'
sip 203.0.113.13 $PBX4 --raw "$call" -w 0.1 >/dev/null
wait_for 20 logged 'approved by the hook: 1001' || fail "the hook does not approve"
tcp 203.0.113.14 $PBX4 bad >/dev/null 2>&1

# --- logrotate, with the file that is installed ---
turn_over() { chroot "$root" logrotate -f -s /tmp/logrotate.state /etc/logrotate.d/sipmoat; }
turned=$events-$(date +%Y%m%d)
must "logrotate fails" turn_over
must "the old events are not in ${turned##*/}" grep -q '203\.0\.113\.11' "$turned"
scan 203.0.113.15
wait_for 10 told 203.0.113.15 || fail "it does not follow logrotate"
must "its owner is $(stat -c %u "$events")" [ "$(stat -c %u "$events")" = "$uid" ]
must "an event went into the old file" [ "$(grep -c '203\.0\.113\.15' "$turned")" = 0 ]
note "logrotate turns the events over, and the daemon follows"

echo 203.0.113.29 >>"$root/var/lib/sipmoat-feeds/worst"
guard_reload
guard_stop
must "it ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
guard_start
must "it does not take back what it kept" logged 'memory restored'
guard_stop
traced() { ! pgrep -f "strace.*$T/trace" >/dev/null; }
wait_for 20 traced || fail "strace does not end"

# allows FOLDER: does the profile that is compiled there allow all of that?
allows() {
	$PY tests/lib/apparmor.py "$1/$PROFILE.bin" "$root" "$uid" /usr/sbin/sipmoatd "$T"/trace.* >"$T/said"
}
allows "$T/apparmor" || fail "the profile forbids: $(cat "$T/said")"
note "allowed: $(cat "$T/said")"
# and it would have been seen: without any one of these lines
for line in '/var/lib/sipmoat/\*\* rwk' '/var/log/sipmoat/\*\* rw' 'network inet raw' \
	'/var/lib/sipmoat-geo/\*\.mmdb' '/var/lib/sipmoat-feeds/' 'include <abstractions/sipmoat-commands>' \
	'run}/sipmoat/\*\*' 'nfnetlink_queue'; do
	cp -r "$T/apparmor" "$T/less"
	sed -i "\\#$line#d" "$T/less/$PROFILE"
	! cmp -s "$T/less/$PROFILE" "$T/apparmor/$PROFILE" || fail "no line has $line"
	compile "$T/less" $PROFILE
	! allows "$T/less" || fail "nothing is forbidden without the line $line"
	rm -r "$T/less"
done
note "without one of its lines it forbids something"

# --- the status page, its token where docs/web.md has systemd put it ---
page() {
	local token=$root/run/credentials/sipmoat-web.service uid pid
	uid=$(chroot "$root" id -u sipmoat-web)
	install -d -m 755 "$root/run" "${token%/*}"
	install -d -m 500 -o "$uid" "$token" # by an access list, there
	echo 0123456789abcdef0123 >"$token/token"
	chown "$uid" "$token/token"
	ip netns exec "$GUARD_NS" strace -qq -f -y -s 256 -o "$T/web" -e trace=%file,%desc,%network,%process \
		chroot "$root" setpriv --reuid sipmoat-web --regid sipmoat-web --clear-groups --no-new-privs \
		--inh-caps -all --bounding-set -all timeout 8 \
		/usr/libexec/sipmoat/sipmoat-web --token-file "${token#"$root"}/token" >"$T/web.out" 2>&1 &
	pid=$!
	wait_for 6 guarded curl -fsS -o /dev/null http://127.0.0.1:9479/health ||
		fail "no page: $(cat "$T/web.out")"
	wait $pid
	$PY tests/lib/apparmor.py "$T/apparmor/sipmoat-web.bin" "$root" "$uid" \
		/usr/libexec/sipmoat/sipmoat-web "$T/web" >"$T/said" || fail "the page is forbidden: $(cat "$T/said")"
	must "it did not read its token: $(cat "$T/web")" grep -q 'credentials/sipmoat-web.service/token' "$T/web"
	note "the page: $(cat "$T/said")"
}
page
