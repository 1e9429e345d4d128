#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One forbidden agent and one forbidden number, in all the ways that Kamailio takes them: none
# comes through, and the same spellings with permitted words all do; the number once as it is
# dialled, and once by a prefix in E.164.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
field_topology router
# every address of these is the wan's: a source for each request
wan ip route add local 198.18.0.0/16 dev lo
if has_v6; then
	wan ip -6 route add local 2001:db8:66::/48 dev lo
	wan sysctl -qw net.ipv6.ip_nonlocal_bind=1
fi
mkdir "$T/etc"
# nothing but what a request says may decide: no bans, no budgets
cat >"$T/etc/sipmoat.conf" <<'CONF'
police = { rate = 0; };
flood = { mode = "off"; };
malformed = { ban = "0s"; };
method = { ban = "0s"; allow = [ "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PUBLISH",
	"REFER", "REGISTER", "SUBSCRIBE", "ACK", "FETCH" ]; };
agent = { ban = "0s"; repeated = "accept"; };
stream = { connections = 100000; ban = "0s"; };
destination = { deny = [ "^0044", "^+44" ]; };
CONF
PBX_CONF=$FIELD_LIB/evasion.cfg pbx_start
evasion() { wan $PY "$FIELD_LIB/evasion.py" "$1" "$T"; }
must "the spellings cannot be sent" evasion baseline
guard_start "$T/etc/sipmoat.conf"
evasion judge || fail "patterns: see above"
sed -i 's/^destination = .*/destination = { deny_numbers = [ "44" ]; };\ndialplan = { country = "49"; };/' \
	"$T/etc/sipmoat.conf"
guard_reload
evasion numbers
