#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A source that is banned for what it sent itself stays banned while it keeps sending, and no
# longer; one that is silent is free in time, and so is one whose ban anybody may have brought
# about, whatever comes in its name.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
life=24
conf() {
	cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
agent = { ban = "${life}s"; };
bans = { renew = $1; };
CONF
}
# talks SOURCE TARGET: until the test ends
talks() { sip "$1" "$2" -n 100000 -r 2 >/dev/null 2>&1 & }
caught() { sip "$@" -a friendly-scanner -w 0 >/dev/null; }
free() { ! banned "$1"; }
since() { echo $(($(date +%s) - begun)); }

conf true
guard_start "$T/sipmoat.conf"
begun=$(date +%s)
caught 203.0.113.11 $PBX4 --tcp
must_ban 203.0.113.11
caught 203.0.113.12 $PBX4 --tcp
must_ban 203.0.113.12
caught 203.0.113.13 $PBX4
must_ban 203.0.113.13
talks 203.0.113.11 $PBX4
talks 203.0.113.13 $PBX4
if has_v6; then
	caught 2001:db8:66:11::1 $PBX6 --tcp
	must_ban 2001:db8:66:11::
	talks 2001:db8:66:11::1 $PBX6
fi
wait_for $((life * 2)) free 203.0.113.12 || fail "a silent source is not free after $(since) s"
wait_for $((life * 2)) free 203.0.113.13 || fail "a ban that anybody could forge was renewed"
must "a source that keeps sending is free after $(since) s" banned 203.0.113.11
! has_v6 || must "IPv6: it is free after $(since) s" banned 2001:db8:66:11::
must "nothing is said of it" logged 'bans? renewed: (its source keeps|their sources keep) sending'
note "after $(since) s of a ban of $life s: banned is who keeps sending, free who is silent, or forged"

conf false
guard_reload
wait_for $((life * 2)) free 203.0.113.11 || fail "with renew = false it is still banned"
! has_v6 || wait_for $((life * 2)) free 2001:db8:66:11:: || fail "IPv6: with renew = false it is still banned"
note "with renew = false nobody is"
