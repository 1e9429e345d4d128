#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pipes in the daemon: of 50 calls at 12 a second as many reach the server as the pipe has room for,
# the others hear 503 with the operator's reason, and the server sees neither their INVITEs nor their
# ACKs; nobody is banned; the server's second call to a carrier hears it too.  A pipe with feedback lets all pass while the daemon keeps up, refuses while
# packets wait for it (it is stopped again and again), and lets all pass once it keeps up again.
# alone: what passes is a matter of time, and the daemon must keep up
. "$(dirname "$0")/../lib/field.sh"
field_open
need kamailio
need sipp

mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<'CONF'
memory = { learning = "0s"; };
flood = { mode = "off"; };
scan = { mode = "off"; };
pipe = {
	reason = "Too busy";
	pipes = (
		{ name = "calls"; method = [ "INVITE" ]; limit = 20; window = "1h"; reserve = 0; },
		{ name = "line"; method = [ "INVITE" ]; direction = "out"; source = [ "203.0.113.24" ]; limit = 1;
			window = "1h"; },
		{ name = "load"; method = [ "OPTIONS" ]; algorithm = "feedback"; reserve = 0; target = 500; }
	);
};
CONF
field_topology router
pbx_start
pbx nft -f - <<'NFT'
table inet seen {
	chain in {
		type filter hook input priority 100;
		udp dport 5060 @th,64,48 0x494e56495445 counter comment "INVITE"
		udp dport 5060 @th,64,32 0x41434b20 counter comment "ACK"
	}
}
NFT
seen() {
	pbx nft list chain inet seen in | awk -v w="\"$1\"" '$0 ~ w { for (i = 1; i < NF; i++)
		if ($i == "packets") print $(i + 1) }'
}
# hits: what the check has found, by the daemon's own report
hits() {
	local before
	before=$(grep -c ' check pipe ' "$T/guard.log")
	kill -USR1 "$GUARD_PID"
	wait_for 10 reported "$before" || fail "SIGUSR1 brings no report"
	sed -n 's/.* check pipe  *\([0-9]*\) hits.*/\1/p' "$T/guard.log" | tail -n 1
}
reported() { [ "$(grep -c ' check pipe ' "$T/guard.log")" -gt "$1" ]; }

guard_start "$T/etc/sipmoat.conf"
got=$(wan $PY "$FIELD_LIB/phones.py" $CALLER4 $PBX4 -u 1004 -p 5060)
must "not registered: $got" answered 200 "$got"
phone limited limited 4 $CALLER4 5060 -s 4711 -key user 1004 -m 50 -r 12 -timeout 60s -timeout_error ||
	fail "a call ended neither with 407 nor with 503 Too busy: $(tail -n 5 "$T/limited.err" 2>/dev/null)"
[ "$(good limited)" = 50 ] || fail "$(good limited) calls of 50 ended as they should"
[ "$(seen INVITE)" = 20 ] || fail "$(seen INVITE) INVITEs at the server, not 20"
[ "$(seen ACK)" = 20 ] || fail "$(seen ACK) ACKs at the server, not 20"
[ "$(hits)" = 30 ] || fail "the check has found $(hits) too much, not 30"
must "not in the log" logged 'with 503: pipe: pipe calls: more than 20 in 3600 s in all'
must_not_ban $CALLER4
grep -qE 'waiting: packets wait [0-9.]+ ms for a worker, (0\.[0-9]*[1-9]|[1-9])' "$T/guard.log" ||
	fail "it does not know how long packets wait: $(grep waiting: "$T/guard.log")"
note "50 calls: 20 at the server, 30 heard 503 Too busy; $(sed -n 's/.*waiting: //p' "$T/guard.log" | tail -n 1)"

# the server's own calls to a carrier, which is refused in the carrier's name
pbx $PY "$FIELD_LIB/sip.py" $PBX4 203.0.113.24 -m INVITE --user 4930231251 >/dev/null
pbx sipp 203.0.113.24:5060 -i $PBX4 -p 5062 -sf "$FIELD_LIB/sipp/limited.xml" -s 4930231252 -key user pbx -m 1 \
	-timeout 20s -timeout_error -nostdin >"$T/line" 2>&1 || fail "a second call to the carrier: $(tail -n 5 "$T/line")"
must "not in the log" wait_for 10 logged 'with 503: pipe: pipe line: more than 1 in 3600 s in all'
note "the second call to the carrier heard 503 Too busy"

# all_pass: no OPTIONS of 40 is refused; what waits because of others on this machine may be
all_pass() {
	local before
	before=$(hits)
	got=$(sip $CALLER4 $PBX4 -p 5061 -n 40 -r 100)
	! answered 503 "$got" && [ "$(hits)" = "$before" ]
}
refuses() { logged 'pipe load: packets wait [0-9]+ us, [0-9]+ % of such are refused'; }
wait_for 60 all_pass || fail "before: some of 40 are refused: $got"
wan $PY "$FIELD_LIB/sip.py" 198.51.100.21 $PBX4 -n 100000 -r 300 >/dev/null &
sender=$!
for ((i = 0; i < 30; i++)); do
	! refuses || break
	kill -STOP "$GUARD_PID"
	sleep 1
	kill -CONT "$GUARD_PID"
	sleep 0.1
done
kill $sender
wait $sender 2>/dev/null
must "packets wait a second, and none is refused: $(tail -n 3 "$T/guard.log")" refuses
wait_for 60 all_pass || fail "it still refuses: $got"
note "feedback: $(grep -o 'pipe load: packets wait.*refused' "$T/guard.log" | tail -n 1)"
