#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat doctor beside the running daemon: nothing fails in a place that is in order; then each
# trouble is made, one after the other, and its finding fires, says what to do, and is gone again
# with the trouble.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0 \
	net.ipv4.conf.lan0.rp_filter=0
pbx_echo
conf() {
	cat <<-CONF
	inside = [ "${1:-$PBX4}", "$PBX6" ];
	control = { socket = "$T/control"; };
	$2
	CONF
}
conf >"$T/sipmoat.conf"
guard_start "$T/sipmoat.conf"
doctor() { guarded "$ROOT/$B/sipmoat" doctor -c "$T/sipmoat.conf" "$@" >"$T/said" 2>&1; }
# tells HEALTH NAME TEXT [ARGUMENT...]: that finding is so
tells() {
	local health=$1 name=$2 text=$3
	shift 3
	doctor "$@"
	grep -qE -- "^$health +$name +.*$text" "$T/said"
}
fires() { tells "$@" || fail "no finding \"$1 $2 ... $3\": $(cat "$T/said")"; }
# what is wrong is always told with a reason and with what to do
explained() {
	grep -A2 -E "^(warn|fail) +$1 " "$T/said" >"$T/part"
	grep -q ' why: ' "$T/part" && grep -qE " do: .*$2" "$T/part" ||
		fail "$1 says neither why nor what to do: $(cat "$T/part")"
}
well() { tells ok "$1" '' || fail "$1 is not well again: $(grep -A2 -E " $1 " "$T/said")"; }

# the short way of the banned is made a moment after the rest
settled() { ! guarded nft list ruleset 2>/dev/null | grep -A1 "chain bans_site" | grep -q goto; }
wait_for 30 settled || fail "the rules are not complete"
guarded nft list ruleset >"$T/before" 2>/dev/null
doctor || fail "something fails in a place that is in order: $(cat "$T/said")"
must "something fails" grep -qE ', 0 failed' "$T/said"
for name in daemon control config inside listeners steering queues losses priorities sip-helper \
	flowtables untracked dnat beside rp-filter forgery conntrack fragments nftables queueing; do
	grep -qE "^ok +$name " "$T/said" || fail "$name is not well: $(cat "$T/said")"
done
doctor --json || fail "--json ends with another status"
$PY - "$ROOT/docs/schema/doctor.json" "$T/said" <<'CHECK' || fail "the JSON is not what its schema says"
import json, sys
schema, said = (json.load(open(f)) for f in sys.argv[1:])
assert len(said["findings"]) == sum(said[h] for h in ("ok", "warn", "fail", "unknown"))
assert not any(f["todo"] or f["why"] for f in said["findings"] if f["health"] == "ok")
try:
    import jsonschema
except ImportError:
    print("    python3-jsonschema is not here: the schema itself is not asked")
else:
    jsonschema.validate(said, schema)
CHECK
guarded nft list ruleset 2>/dev/null | diff "$T/before" - || fail "it has changed the rules"
note "all is well"

# hold NAME WHAT...: a process beside the daemon, until let_go
hold() {
	mkfifo "$T/holder"
	guarded $PY "$FIELD_LIB/named.py" "$@" <"$T/holder" >"$T/held" 2>&1 &
	holder=$!
	exec 9>"$T/holder"
	wait_for 10 grep -q held "$T/held" || fail "cannot hold $*: $(cat "$T/held")"
}
let_go() {
	exec 9>&-
	wait $holder
	rm "$T/holder"
}
# rules TEXT: a table of somebody else, until no_rules
rules() { guarded nft "table $1" || fail "the kernel does not take: $1"; }
no_rules() { guarded nft delete table "$1" "$2"; }

# --- ports ---
hold asterisk udp:5080 tcp:8089
fires warn listeners 'asterisk listens for SIP on udp 5080, which is not guarded'
explained listeners 'udp = \[ 5060, 5080 \];'
grep -qE '^warn +encrypted +asterisk takes WSS on tcp 8089' "$T/said" || fail "no WSS: $(cat "$T/said")"
grep -qE '^fail +inside +asterisk listens on this host' "$T/said" || fail "inside: $(cat "$T/said")"
explained inside '^|inside in conf.d/site.conf'
conf 192.0.2.128/25 'ports = { udp = [ 5060, 5080 ]; tcp = [ 5060, 5061, 8089 ]; };' >"$T/other.conf"
fires ok listeners 'all ports' -c "$T/other.conf"
grep -qE '^ok +inside ' "$T/said" || fail "inside is not well: $(cat "$T/said")"
grep -qE '^ok +encrypted +asterisk takes WSS.*cannot be read' "$T/said" || fail "WSS: $(cat "$T/said")"
let_go
hold postgres udp:5080 tcp:8089
well listeners
let_go
wan $PY -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'x', ('$PBX4', 5070))"
if guarded test -r /proc/net/nf_conntrack; then
	fires warn flows "packets go to $PBX4 on udp 5070"
	explained flows 5070
fi
note "ports"

# --- queues ---
hold suricata queue:7000
conf '' 'queue = { first = 7000; };' >"$T/other.conf"
fires fail queues 'suricata reads queue 7000' -c "$T/other.conf"
explained queues first
let_go
conf '' 'queue = { first = 7000; };' >"$T/other.conf"
fires ok queues '' -c "$T/other.conf"
if guarded iptables -t raw -A PREROUTING -p tcp --dport 9 -j NFQUEUE --queue-num 5060 2>/dev/null; then
	fires fail queues 'iptables sends packets into sipmoatd.s queue'
	guarded iptables -t raw -D PREROUTING -p tcp --dport 9 -j NFQUEUE --queue-num 5060
fi
well queues
note "queues"

# --- rules of others ---
rules 'inet own { chain early { type filter hook forward priority -10; udp dport 5060 ip saddr 203.0.113.99 drop; }; }'
fires warn priorities 'inet own early \(forward, priority -10\) drops SIP'
explained priorities 'nft list chain inet own early'
no_rules inet own
rules 'inet own { chain late { type filter hook forward priority 0; policy drop; accept; }; }'
well priorities
no_rules inet own
rules 'ip own { chain raw { type filter hook prerouting priority raw; udp dport { 5060-5070 } notrack; }; }'
fires warn untracked 'ip own raw takes SIP out'
explained untracked 'nft -a list chain ip own raw'
no_rules ip own
well untracked
rules 'ip own { chain nat { type nat hook prerouting priority dstnat; udp dport 5060 dnat to 192.0.2.140; }; }'
fires fail dnat 'DNAT sends SIP to 192.0.2.140'
explained dnat '"192.0.2.140" to inside'
no_rules ip own
well dnat
if guarded iptables -t nat -A PREROUTING -p udp --dport 5060 -j DNAT --to-destination 192.0.2.141:5060 2>/dev/null; then
	fires fail dnat 'DNAT sends SIP to 192.0.2.141'
	guarded iptables -t nat -F
	well dnat
fi
rules "ip own { chain nat { type nat hook prerouting priority dstnat; udp dport 5080 dnat to $PBX4:5060; }; }"
fires warn dnat 'DNAT turns port 5080 into 5060'
explained dnat 'add 5080 to ports'
no_rules ip own
well dnat
if guarded iptables -t nat -A PREROUTING -p udp --dport 5081 -j DNAT --to-destination $PBX4:5060 2>/dev/null; then
	fires warn dnat 'DNAT turns port 5081 into 5060'
	guarded iptables -t nat -F
	well dnat
fi
rules 'inet firewalld { ct helper voice { type "sip" protocol udp; }; chain pre { type filter hook prerouting priority 0; udp dport 5060 ct helper set "voice"; }; }' 2>/dev/null &&
	{
		fires fail sip-helper 'inet firewalld pre gives SIP the helper'
		explained sip-helper firewall-cmd
		must "firewalld is not told" grep -qE '^ok +beside .*firewalld' "$T/said"
		no_rules inet firewalld
		well sip-helper
	}
if guarded iptables -t raw -A PREROUTING -p udp --dport 5060 -j CT --helper sip 2>/dev/null; then
	fires fail sip-helper 'iptables gives SIP the helper'
	explained sip-helper 'iptables -t raw -D PREROUTING'
	guarded iptables -t raw -F
	well sip-helper
fi
if guarded nft 'table inet own { flowtable fast { hook ingress priority 0; devices = { wan0, lan0 }; }; chain f { type filter hook forward priority 0; meta l4proto { tcp, udp } flow add @fast; }; }' 2>/dev/null; then
	fires fail flowtables 'inet own f hands flows, SIP among them, to the flowtable fast'
	no_rules inet own
	# as docs/doctor.md has it
	guarded nft 'table inet own { flowtable fast { hook ingress priority 0; devices = { wan0, lan0 }; }; chain f { type filter hook forward priority 0; th dport != { 5060, 5061 } th sport != { 5060, 5061 } flow add @fast; }; }' 2>/dev/null
	well flowtables
	no_rules inet own
fi
note "rules of others"

# --- the network ---
if gw ethtool -K wan0 rx-udp-gro-forwarding on >/dev/null 2>&1; then
	fires warn merging 'wan0 merges UDP'
	explained merging 'ethtool -K wan0 rx-udp-gro-forwarding off'
	gw ethtool -K wan0 rx-udp-gro-forwarding off
	tells ok merging 'GRO may stay on' || fail "merging: $(cat "$T/said")"
	gw ethtool -K wan0 rx-gro-list on
	fires warn merging 'wan0 merges UDP'
	gw ethtool -K wan0 rx-gro-list off
	tells ok merging 'GRO may stay on' || fail "merging: $(cat "$T/said")"
fi
gw sysctl -qw net.ipv4.conf.lan0.rp_filter=1
well rp-filter
pbx ip addr add 203.0.113.99/32 dev lo
pbx $PY -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('203.0.113.99', 0))
s.sendto(b'x', ('$CALLER4', 9))"
wait_for 10 tells warn rp-filter 'has dropped [0-9]+ packets, and is strict on lan0' ||
	fail "rp_filter: $(cat "$T/said")"
explained rp-filter 'conf.lan0.rp_filter=2'
gw sysctl -qw net.ipv4.conf.lan0.rp_filter=2
well rp-filter
conf 198.51.100.77 >"$T/other.conf"
fires warn forgery 'inside 198.51.100.77 lies behind wan0' -c "$T/other.conf"
explained forgery 198.51.100.77
if gw sysctl -qw net.ipv4.ipfrag_low_thresh=0 net.ipv4.ipfrag_high_thresh=0 2>/dev/null; then
	fires fail fragments 'ipfrag_high_thresh is 0'
	explained fragments ipfrag_high_thresh
	gw sysctl -qw net.ipv4.ipfrag_high_thresh=4194304
	well fragments
fi
note "network"

# --- config and databases ---
conf '' 'flood = { budget = "many"; };' >"$T/other.conf"
fires fail config '1 errors, the first: .*budget' -c "$T/other.conf" -s "$T/control"
fires unknown inside 'the config, which does not load' -c "$T/other.conf" -s "$T/control"
must "the exit status is not 1" [ "$(doctor -c "$T/other.conf" -s "$T/control"; echo $?)" = 1 ]
$PY "$FIELD_LIB/mmdb.py" "$T/old.mmdb" maxmind 5.0.0.0/8=DE || fail "no database"
conf '' "geo = { country = \"$T/old.mmdb\"; }; country = { mode = \"enforce\"; deny = [ \"XX\" ]; };" >"$T/other.conf"
fires warn databases 'countries is [0-9]+ days old' -c "$T/other.conf"
explained databases sipmoat-geo-update
sed -i 's/old.mmdb/none.mmdb/' "$T/other.conf"
fires warn databases 'there is no database' -c "$T/other.conf"
explained databases sipmoat-geo-update
must "misuse does not end with 2" [ "$(doctor --nonsense; echo $?)" = 2 ]
note "config and databases"

# --- without root, and without the daemon ---
chmod 755 "$T" && chmod 644 "$T/sipmoat.conf"
if guarded setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$ROOT/$B/sipmoat" 2>/dev/null; then
	guarded setpriv --reuid 65534 --regid 65534 --clear-groups "$ROOT/$B/sipmoat" doctor \
		-c "$T/sipmoat.conf" >"$T/said" 2>&1
	must "what only root sees fails without root: $(cat "$T/said")" [ $? = 0 ]
	grep -qE '^unknown +steering +not root' "$T/said" || fail "not root: $(cat "$T/said")"
	grep -qE '^unknown +control +no permission' "$T/said" || fail "permission: $(cat "$T/said")"
	grep -qE '^unknown +queues ' "$T/said" || fail "queues without root: $(cat "$T/said")"
fi
# what sipmoatd says of servers that are asked and never heard is asked of it
fires ok sight ''
cat >"$T/says.py" <<'SAYS'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("held", flush=True)
c = s.accept()[0]
c.makefile().readline()
c.send(json.dumps({"ok": True, "mode": "observe", "workers": 1, "alarms": [{"alarm": "learning",
    "text": "x"}, {"alarm": "server_unheard", "text": "192.0.2.9 is never heard"}]}).encode() + b"\n")
c.recv(1)
SAYS
guarded $PY "$T/says.py" "$T/says" >"$T/held" 2>&1 &
wait_for 10 grep -q held "$T/held" || fail "nobody says anything: $(cat "$T/held")"
fires warn sight '192.0.2.9 is never heard' -s "$T/says"
explained sight 'both directions'
must "the mode is not sipmoatd's" grep -qE '^ok +mode +sipmoatd says observe' "$T/said"
fires warn control 'does not answer: No such file' -s "$T/nobody"
guard_kill
fires fail daemon 'sipmoatd does not run'
explained daemon 'systemctl enable --now sipmoatd'
grep -qE '^warn +steering +SIP is led into queues .*nobody reads' "$T/said" ||
	fail "the steering of a dead daemon: $(cat "$T/said")"
guarded nft flush ruleset
fires warn steering 'SIP is not led into queues'
note "without root, and without the daemon"
