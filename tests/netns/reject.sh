#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# action = "reject": a registered phone that calls a number it may not call hears 403 at once, and the
# server never sees the INVITE nor the ACK; a stranger hears nothing.  IPv4 and IPv6, on a router with
# DNAT and on the PBX host.
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
need sipp

# counted WORD: requests of that method which reached the PBX, as its kernel counts them
count_setup() {
	pbx nft -f - <<-'NFT'
	table inet seen {
		chain in {
			type filter hook input priority 100;
			udp dport 5060 @th,64,48 0x494e56495445 counter comment "INVITE"
			udp dport 5060 @th,64,32 0x41434b20 counter comment "ACK"
		}
	}
	NFT
}
counted() {
	pbx nft list chain inet seen in | awk -v w="\"$1\"" '$0 ~ w { for (i = 1; i < NF; i++)
		if ($i == "packets") print $(i + 1) }'
}
# rejected FAMILY SOURCE TARGET: a call that must end with 403, acknowledged
rejected() {
	wan sipp "$3" -i "$2" -sf "$FIELD_LIB/sipp/rejected.xml" -s 0044207946 -key user "100$1" -m 1 -timeout 20s \
		-timeout_error -trace_err -error_file "$T/rejected.err" -nostdin >"$T/rejected" 2>&1 ||
		fail "IPv$1: the call did not end with 403: $(cat "$T/rejected.err" 2>/dev/null; tail -n 20 "$T/rejected")"
}
round() {
	local where=$1 family=$2 source=$3 pbx=$4 target=$5 got invites acks
	got=$(wan $PY "$FIELD_LIB/phones.py" "$source" "$pbx" -u "100$family" -p 5060)
	must "$where: not registered: $got" answered 200 "$got"
	invites=$(counted INVITE) acks=$(counted ACK)
	rejected "$family" "$source" "$target"
	wait_for 10 logged "with 403: destination: .*from \[?$source" || fail "$where: not in the log"
	[ "$(counted INVITE) $(counted ACK)" = "$invites $acks" ] || fail "$where: the PBX saw something"
	note "$where IPv$family: 403, and nothing of it at the PBX"
}

mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
destination = { deny = [ "^0044" ]; };
memory = { learning = "0s"; };
CONF
field_topology router
pbx_start
count_setup
guard_start "$T/etc/sipmoat.conf"
round router 4 $CALLER4 $PBX4 "$(target 4)"
round router 6 $CALLER6 $PBX6 "$(target 6)"
got=$(sip 203.0.113.25 $PBX4 -m INVITE --user 00442079)
must "a stranger was answered: $got" unanswered "$got"
wait_for 10 logged 'dropped 203\.0\.113\.25: destination' || fail "the stranger: not in the log"
guard_stop
must "sipmoatd ended with $GUARD_RC" [ "$GUARD_RC" = 0 ]
