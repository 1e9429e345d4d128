#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets of a scanner, forged in the name of the gateway, of a DNS server, of an address of this
# host and of one that bans.never names: none of them is banned, and what an operator adds by
# hand does not stand.  A new gateway is spared after a reload.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo
cat >"$T/resolv.conf" <<'CONF'
# of this host
search example.org
nameserver 203.0.113.14
nameserver fe80::9%eth0
CONF
cat >"$T/wrap" <<WRAP
#!/bin/sh
mount --bind "$T/resolv.conf" /etc/resolv.conf && exec "\$@"
WRAP
chmod +x "$T/wrap"
# shellcheck disable=SC2034 # of field.sh
GUARD_WRAP=$T/wrap
write_conf() {
	cat >"$T/sipmoat.conf" <<-CONF
	inside = [ "$PBX4", "$PBX6" ];
	bans = { never = [ "203.0.113.15", "2001:db8:66:15::77" ]; scope = "all"; };
	CONF
}
write_conf
guard_start "$T/sipmoat.conf"
must "the log does not say whom: $(grep 'never banned' "$T/guard.log")" logged \
	'never banned, beside inside and trusted: .* 192\.0\.2\.1 \(a gateway of this host\).*203\.0\.113\.14 \(a DNS server of this host\), fe80::9 \(a DNS.*2 of bans\.never'
# spared ADDRESS TARGET: its packet is dropped, and that is all
spared() {
	got=$(sip "$1" "$2" -a friendly-scanner)
	must "$1: what a scanner sends was answered: $got" unanswered "$got"
	wait_for 10 logged "dropped ${3:-$1}[^ ]*: agent" || fail "$1: not in the log"
	got=$(answer_to "$1" "$2")
	must "$1: what is no scanner's is not answered: $got" answered 200 "$got"
	must_not_ban "${3:-$1}"
}
spared 192.0.2.1 $PBX4
spared 203.0.113.14 $PBX4
spared 203.0.113.15 $PBX4
! has_v6 || spared 2001:db8:66:15::1 $PBX6 2001:db8:66:15::
note "the gateway, the DNS server and those that are named: refused, and never banned"

sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
for one in 192.0.2.1 192.0.2.2 203.0.113.14 203.0.113.15; do
	gw nft add element inet sipmoat banned4 "{ $one timeout 1h }"
	wait_for 10 logged "$one: not banned by hand: it is (a gateway|a DNS server|an address|named)" ||
		fail "$one: the log does not tell that it was refused"
	must_not_ban $one
	[ $one != 192.0.2.2 ] || continue # the gateway's own
	got=$(answer_to $one $PBX4)
	must "$one: banned by hand: $got" answered 200 "$got"
done
must_ban 203.0.113.11
note "nor by hand"

ip -n "$NS-gw" route replace default via 203.0.113.16 dev wan0 onlink
echo 'nameserver 203.0.113.17' >"$T/resolv.conf"
guard_reload
spared 203.0.113.16 $PBX4
spared 203.0.113.17 $PBX4
ip -n "$NS-gw" route replace default via 192.0.2.1
note "a new gateway and a new DNS server are spared after a reload"
