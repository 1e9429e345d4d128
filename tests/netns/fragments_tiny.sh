#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hand-made fragments: a scanner's INVITE in pieces of 8 bytes, in any order, with overlaps and
# repetitions, is put together by the kernel, refused and banned, or it is thrown away; never
# does a packet of it reach the server.  The same of an ordinary phone arrives.  Fragments that
# never become a whole one do not reach the server either.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
# what reaches the server's interface, whole or not
pbx nft -f - <<'RULES' || fail "the kernel does not count"
table inet witness {
	set seen4 { typeof ip saddr; flags dynamic; size 1000; counter; }
	set seen6 { typeof ip6 saddr; flags dynamic; size 1000; counter; }
	chain pre {
		type filter hook prerouting priority -460;
		iifname p0 update @seen4 { ip saddr }
		iifname p0 meta l4proto != ipv6-icmp update @seen6 { ip6 saddr }
	}
}
RULES
pbx_echo
guard_start

# arrived ADDRESS: did any packet of it reach the server?
arrived() {
	case $1 in
	*:*) pbx nft get element inet witness seen6 "{ $1 }" >/dev/null 2>&1 ;;
	*) pbx nft get element inet witness seen4 "{ $1 }" >/dev/null 2>&1 ;;
	esac
}
frag() { wan $PY "$FIELD_LIB/frag.py" "$@"; }

# through SOURCE TARGET HOW [options]
through() {
	local got
	got=$(frag "$@" -w 5)
	case $got in *'"status": "200"'*) ;; *) fail "an ordinary INVITE is lost ($*): $got" ;; esac
	arrived "$1" || fail "the witness is blind ($*)"
	PASSED=$((${PASSED:-0} + 1))
}

# refused banned|lost|spoilt SOURCE TARGET HOW [options]: put together and banned; lost on the
# way; or put together with bytes that are not the scanner's, which the checksum tells
refused() {
	local how=$1 got
	shift
	got=$(frag "$@" -a friendly-scanner -w 0.2)
	case $got in *'"status": null'*) ;; *) fail "a scanner is answered ($*): $got" ;; esac
	[ "$how" != banned ] || must_ban "$(site "$1")"
	! heard "$1 INVITE" || fail "the server heard it ($*)"
	# a marker behind it: veth keeps the order
	sip "$MARKER" "$2" >/dev/null
	[ "$how" = spoilt ] || ! arrived "$1" || fail "a packet of it reached the server ($*)"
	REFUSED=$((${REFUSED:-0} + 1))
}
site() { case $1 in *:*) echo "${1%1}" ;; *) echo "$1" ;; esac; }

MARKER=$CALLER4
for how in whole backwards shuffled; do
	through $CALLEE4 $PBX4 $how
	through $CALLEE4 $PBX4 $how --piece 64
done
through $CALLEE4 $PBX4 twice
n=11
for how in whole backwards shuffled twice; do
	refused banned 203.0.113.$((n++)) $PBX4 $how
	refused banned 203.0.113.$((n++)) $PBX4 $how --piece 64
done
# the kernel takes the first of two that stand in the same place, and throws all away when
# they overlap in part (RFC 5722)
refused spoilt 203.0.113.$((n++)) $PBX4 overlap
for how in overlap-by open headless tail; do
	refused lost 203.0.113.$((n++)) $PBX4 $how
done
if has_v6; then
	MARKER=$CALLER6
	for how in whole backwards shuffled; do
		through $CALLEE6 $PBX6 $how
		through $CALLEE6 $PBX6 $how --piece 64
	done
	refused banned 2001:db8:66:11::1 $PBX6 whole
	refused banned 2001:db8:66:12::1 $PBX6 shuffled
	refused banned 2001:db8:66:13::1 $PBX6 backwards --piece 64
	refused spoilt 2001:db8:66:14::1 $PBX6 overlap
	for how in overlap-by open headless tail; do
		refused lost 2001:db8:66:15::1 $PBX6 $how
	done
fi
note "$PASSED ordinary INVITEs in fragments arrived, $REFUSED of scanners did not"
