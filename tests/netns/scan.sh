#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Numbers tried with every prefix, decoys, and tools that lie about their name, in front of a real
# Kamailio that counts what it saw.  Enumeration is in svwar.sh.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
field_open
need kamailio kamcmd sipp svwar
field_topology router
# every address of these is the wan's: a source for each
wan ip route add local 198.18.0.0/16 dev lo
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
memory = { learning = "0s"; };
scan = { decoys = [ "=1166", "^00881" ]; };
stray = { mode = "off"; };
agent = { mode = "off"; };
CONF
counting_pbx
guard_start "$T/etc/sipmoat.conf"

# call N NUMBER: from source N
call() { sip "198.18.$1.1" $PBX4 -m INVITE --user "$2" -w "${3:-1}"; }
targets() { counted "target-198.18.$1.1"; }
# banned_for N REASON
banned_for() {
	must_ban "198.18.$1.1"
	logged "198\.18\.$1\.1 .*: scan: $2" ||
		fail "198.18.$1.1: banned for something else: $(ban_line "198.18.$1.1")"
}

# one number: the server refuses three ways, the next never gets there; sometimes it takes one or
# two more, when two ways are taken for one
for number in 0 900 + 9011 011 810 000; do
	call 1 ${number}442079460000 >>"$T/ways"
done
banned_for 1 'one number dialled in 3 ways'
must "the server saw $(targets 1) ways of one number" [ "$(targets 1)" -ge 3 ]
must "the server saw $(targets 1) ways of one number" [ "$(targets 1)" -le 5 ]

# different numbers, each in one way, and one in two: a phone that is out of luck
for number in 00442079460001 00442079460002 00442079460003 +442079460003 00442079460004; do
	got=$(call 2 $number 20)
	must "$number: not refused by the server: $got" answered 404 "$got"
done
must_not_ban 198.18.2.1

# decoys: the first touch
got=$(call 3 1166)
must "a decoy was reached: $got" unanswered "$got"
banned_for 3 'asked for a decoy'
got=$(call 4 00881420001)
must "a decoy was reached: $got" unanswered "$got"
banned_for 4 'asked for a decoy'
must "the server saw a decoy" [ "$(targets 3)$(targets 4)" = 00 ]
# who is registered may dial wrong; nobody is to be found there
register ours 4 198.18.5.1 1001 1001 5070 || fail "a phone cannot register: $(told)"
got=$(call 5 1166 20)
must "a registered phone that dials wrong is refused: $got" answered 407 "$got"
must_not_ban 198.18.5.1

# svwar under a phone's name: its first message gives it away
wan timeout 60 $PY "$FIELD_LIB/vicious.py" svwar 198.18.6.1 "Acme Desk Phone 7.1" -e 1000-1019 \
	-t 0.1 --maximumtime 1 $PBX4 >"$T/war" 2>&1
banned_for 6 "SIPVicious' From tag, and more: score"
must "the server saw $(targets 6) extensions" [ "$(targets 6)" = 0 ]
# SIPp, which administrators test with, has less than it takes
wan timeout 60 sipp -sn uac -s 1002 -i 198.18.7.1 -p 5060 -m 20 -r 20 -timeout 20s $PBX4 \
	>/dev/null 2>&1
must "the server saw none of SIPp's calls" [ "$(counted request-198.18.7.1)" -ge 20 ]
note "svwar: nothing came through; SIPp: $(counted request-198.18.7.1) requests"
