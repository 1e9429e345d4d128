#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody outside writes in a victim's name, so that the answers go to the victim.  What the victim
# gets is never more than what was sent in his name, in bytes and in packets, and stops at the caps: a
# stranger, many strangers, a registered phone, over IPv4 and IPv6.  Strangers get nothing unless the
# config says so.  Meanwhile a phone still hears why it is refused.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
PER_SOURCE=20
no_flood='flood = { mode = "off"; };'
STRANGERS=80
VICTIM4=198.51.100.70
VICTIM6=2001:db8:70::1

# of CHAIN KEY: packets or bytes that came to victims
reached() {
	wan nft list chain inet victim in | awk -v k="$1" '/counter/ { for (i = 1; i < NF; i++)
		if ($i == k) n += $(i + 1) } END { print n + 0 }'
}
# judged N: the daemon has counted so many packets, and all it answered has reached the victims
judged() {
	report
	[ "$(of_report packets)" -ge "$1" ] && [ "$(reached packets)" = "$(($(of_report answered) - base))" ]
}
# value KEY LINE-OF-JSON
value() { printf '%s' "$2" | sed -E "s/.*\"$1\": ([0-9.]+).*/\1/"; }

# reflected WHAT MOST TARGET KIND COUNT VICTIM...: forges; MOST a second may come of it
reflected() {
	local what=$1 most=$2 got before packets bytes seconds
	shift 2
	wan nft flush chain inet victim in
	victims
	report
	base=$(of_report answered)
	before=$(of_report packets)
	got=$(wan $PY "$FIELD_LIB/reflect.py" "$@")
	wait_for 20 judged $((before + $(value sent "$got"))) ||
		fail "$what: $(reached packets) reached the victim, answered $(($(of_report answered) - base))"
	packets=$(reached packets) bytes=$(reached bytes) seconds=$(value seconds "$got")
	[ "$bytes" -le "$(value bytes "$got")" ] || fail "$what: $got, and $bytes bytes reached the victim"
	[ "$packets" -le "$(awk -v s="$seconds" -v m="$most" 'BEGIN { print int(m * (s + 1)) }')" ] ||
		fail "$what: $got, and $packets answers reached the victim, at most $most a second may"
	note "$what: sent $(value sent "$got") with $(value bytes "$got") bytes in $seconds s, back came $packets with $bytes"
	LAST=$packets
}
some() { [ "$LAST" -gt 0 ] || fail "$1: no answer at all, so the test shows nothing"; }
none() { [ "$LAST" = 0 ] || fail "$1: $LAST answers"; }

victims() {
	local v
	for v in "ip daddr { 198.51.100.64/27, 198.51.100.128/25, $CALLER4 }" \
		"ip6 daddr { 2001:db8:70::/44, $CALLER6 }"; do
		wan nft add rule inet victim in "$v" counter
	done
}
# start STRANGERS [MORE]
start() {
	: >"$T/guard.log"
	cat >"$T/sipmoat.conf" <<CONF
agent = { action = "reject"; ban = "0s"; };
answers = { strangers = "$1"; strangers_total = $STRANGERS; };
scan = { mode = "off"; };
memory = { learning = "0s"; };
police = { rate = 0; };
store = { file = ""; };
${2-$no_flood}
CONF
	guard_start "$T/sipmoat.conf"
}
stop() {
	guard_stop
	must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
}
# victim N: each another one, whose second has not begun
victim() { if [ $family = 4 ]; then echo "198.51.100.7$1"; else echo "2001:db8:7$1::1"; fi; }
# round FAMILY SERVER PHONE USER
round() {
	local family=$1 f=IPv$1 server=$2 phone=$3 got
	reflected "$f, many" $PER_SOURCE "$server" many 300 "$(victim 1)"
	some "$f, many"
	reflected "$f, big" $PER_SOURCE "$server" big 300 "$(victim 2)"
	some "$f, big"
	reflected "$f, other ports" $PER_SOURCE "$server" ports 100 "$(victim 3)"
	some "$f, other ports"
	reflected "$f, tiny" $PER_SOURCE "$server" tiny 100 "$(victim 4)"
	none "$f, tiny"
	reflected "$f, one repeated" 1 "$server" same 200 "$(victim 5)"
	[ "$LAST" = 1 ] || fail "$f: $LAST answers to one transaction"
	got=$(wan $PY "$FIELD_LIB/phones.py" "$phone" "$server" -u "$4" -p 5060)
	must "$f: not registered: $got" answered 200 "$got"
	wan $PY "$FIELD_LIB/reflect.py" "$server" many 600 "$(victim 6)" -r 200 >"$T/flood.out" &
	got=$(answer_to "$phone" "$server" -p 5060 -m INVITE -a friendly-scanner)
	must "$f: the phone was not answered: $got" answered 403 "$got"
	wait $!
	reflected "$f, a registered phone" $PER_SOURCE "$server" many 300 "$phone"
	some "$f, a registered phone"
}

field_topology router
wan nft -f - <<NFT
table inet victim { chain in { type filter hook prerouting priority -300; }; }
NFT
pbx_start

start silent
reflected "silent, IPv4" 0 $PBX4 many 200 $VICTIM4
none "silent, IPv4"
if has_v6; then
	reflected "silent, IPv6" 0 $PBX6 many 200 $VICTIM6
	none "silent, IPv6"
fi
[ "$(of_report answer_silent)" -ge 200 ] ||
	fail "not counted: answer_silent $(of_report answer_silent)"
stop

start small
round 4 $PBX4 $CALLER4 1004
! has_v6 || round 6 $PBX6 $CALLER6 1006
# shellcheck disable=SC2046 # one word each
reflected "100 victims" $STRANGERS $PBX4 many 1000 $(seq -f '198.51.100.%.0f' 128 227)
some "100 victims"
report
[ "$(of_report answer_capped)" -gt 1000 ] || fail "not counted: answer_capped $(of_report answer_capped)"
stop

# as shipped, whoever asks so fast is banned, and hears nothing from then on
start small ""
wan nft flush chain inet victim in
victims
wan $PY "$FIELD_LIB/reflect.py" $PBX4 many 300 $VICTIM4 >"$T/flood.out"
must_ban $VICTIM4
stop
[ "$(reached packets)" -le 16 ] || fail "with flood: $(reached packets) answers"
note "with flood: back came $(reached packets), then it was banned"
