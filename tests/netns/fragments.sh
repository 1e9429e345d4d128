#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fragments arrive whole: a scanner's 3 kB INVITE is dropped and banned, an honest one of the
# same size passes, in IPv4 and IPv6; fragments of a banned source are dropped too.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
guard_start
got=$(answer_to $CALLER4 $PBX4 -m INVITE --size 3000)
must "an honest INVITE of 3 kB is lost: $got" answered 200 "$got"
got=$(sip 203.0.113.11 $PBX4 -m INVITE --size 3000 -a friendly-scanner)
must "a scanner's INVITE of 3 kB came through: $got" unanswered "$got"
must_ban 203.0.113.11
got=$(sip 203.0.113.11 $PBX4 -m INVITE --size 3000)
must "fragments of a banned source came through: $got" unanswered "$got"
if has_v6; then
	got=$(answer_to $CALLER6 $PBX6 -m INVITE --size 3000)
	must "an honest INVITE of 3 kB is lost (IPv6): $got" answered 200 "$got"
	got=$(sip 2001:db8:66:11::1 $PBX6 -m INVITE --size 3000 -a friendly-scanner)
	must "a scanner's INVITE of 3 kB came through (IPv6): $got" \
	unanswered "$got"
	must_ban 2001:db8:66:11::
fi
