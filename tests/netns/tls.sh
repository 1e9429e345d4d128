#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP over TLS through the firewall: it passes unread, and alone where nothing else is allowed.
# Who opens too many connections or handshakes has no more of them, who fails too many is banned.
# SIP in clear behind what looks like TLS is refused.
. "$(dirname "$0")/../lib/field.sh"
field_open
need openssl
field_topology router
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=pbx.example -days 2 -keyout "$T/key" \
	-out "$T/crt" 2>"$T/openssl.log" || fail "no certificate: $(tail -n 1 "$T/openssl.log")"
cat "$T/crt" "$T/key" >"$T/pem"
pbx_echo
all=$PBX4
! has_v6 || all="$all $PBX6"
# shellcheck disable=SC2086
ip netns exec "$NS-pbx" $PY "$FIELD_LIB/tls.py" serve "$T/pem" "$T/heard.tls" $all \
	>"$T/tls.err" 2>&1 </dev/null &
tls_listens() { [ -n "$(pbx ss -Hltn "sport = :5061")" ]; }
wait_for 10 tls_listens || fail "the TLS server does not start: $(cat "$T/tls.err")"
cp "$ROOT/systemd/sipmoat.conf" "$T/"
mkdir "$T/conf.d"
guard_start "$T/sipmoat.conf"

tls() { wan $PY "$FIELD_LIB/tls.py" "$@"; }
# says WHAT LINE PART...
says() {
	local what=$1 got=$2 part
	shift 2
	for part; do
		must "$what: $got" grep -qF -- "$part" <<<"$got"
	done
}
heard_tls() { grep -qE "$1" "$T/heard.tls"; }
# conf TEXT: the only thing that is set
conf() {
	echo "$1" >"$T/conf.d/test.conf"
	guard_reload
}

# passes, in both versions, and nobody looks into it
for version in TLSv1_2 TLSv1_3; do
	got=$(tls $CALLER4 $PBX4 --version $version -n 3)
	says "TLS does not pass ($version)" "$got" '"answers": 6' '"open": 3'
	must "the server heard no $version" heard_tls "$CALLER4 ${version/_/.} OPTIONS"
done
if has_v6; then
	got=$(tls $CALLER6 $PBX6)
	says "TLS does not pass (IPv6)" "$got" '"answers": 2' '"open": 1'
fi

# nothing but TLS
conf 'transports = { allow = [ "tls" ]; };'
got=$(sip 203.0.113.11 $PBX4)
must "UDP passes: $got" unanswered "$got"
must "UDP was heard" [ "$(grep -c '^udp 203\.0\.113\.11 ' "$T/heard")" = 0 ]
wait_for 20 logged '203\.0\.113\.11.*: transports: ' || fail "UDP is not told"
got=$(tcp 203.0.113.12 $PBX4 good)
must "TCP in clear passes: $got" ended reset "$got"
wait_for 20 disconnected 203.0.113.12 || fail "the server keeps a connection in clear"
! heard '^tcp 203\.0\.113\.12 OPTIONS' || fail "SIP in clear was heard"
wait_for 20 logged '203\.0\.113\.12.*: transports: ' || fail "TCP in clear is not told"
got=$(tls $CALLER4 $PBX4)
says "TLS alone does not pass" "$got" '"answers": 2' '"open": 1'

# failed handshakes: five may fail, the sixth one bans
conf 'stream = { failed = 5; ban_after = 1; };'
n=12
for how in "distrust --version TLSv1_2" "distrust --version TLSv1_3" hello old; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	got=$(tls 203.0.113.$n $PBX4 -n 5 --what $how)
	says "no handshakes to fail ($how)" "$got" '"connected": 5'
	must_not_ban 203.0.113.$n
	# shellcheck disable=SC2086
	got=$(tls 203.0.113.$n $PBX4 -n 1 --what $how)
	must_ban 203.0.113.$n
	wait_for 20 logged "banned 203\.0\.113\.$n .*: stream: .*failed TLS handshakes" ||
		fail "not told as failed ($how)"
done
got=$(tls $CALLER4 $PBX4 -n 20)
says "good handshakes are taken for failed ones" "$got" '"answers": 40' '"open": 20'
must_not_ban $CALLER4

# handshakes, good ones: ten, and no more
conf 'stream = { handshakes = 10; window = "1h"; ban = "0s"; };'
got=$(tls 203.0.113.20 $PBX4 -n 12)
says "handshakes are not limited" "$got" '"connected": 12' '"answers": 20' '"open": 10'
wait_for 20 disconnected 203.0.113.20 || fail "the server keeps a connection with one too many"
wait_for 20 logged '203\.0\.113\.20.*: stream: .* TLS handshakes in' || fail "handshakes are not told"
must_not_ban 203.0.113.20

# connections that bring nothing; those that do are not counted
conf 'stream = { connections = 10; window = "1h"; };'
got=$(tls 203.0.113.21 $PBX4 --what syn -n 12 -w 0.5)
says "connections are not limited" "$got" '"connected": 10' '"refused": 2'
wait_for 20 logged '203\.0\.113\.21.*: stream: .* connections without a message' ||
	fail "connections are not told"
must_not_ban 203.0.113.21
got=$(tls $CALLER4 $PBX4 -n 15)
says "connections with a message are limited" "$got" '"answers": 30' '"open": 15'

# a hello, and behind it SIP in clear, to a server that skips what it does not know
got=$(wan $PY - 203.0.113.22 $PBX4 <<'EOP'
import socket, sys
s = socket.create_connection((sys.argv[2], 5060), 5, (sys.argv[1], 0))
s.sendall(bytes.fromhex("160301400001003ffc03030d0a0d0a") + b"OPTIONS sip:a@b SIP/2.0\r\n"
          b"Via: SIP/2.0/TCP a;branch=z9hG4bK1\r\nUser-Agent: friendly-scanner\r\n"
          b"Content-Length: 0\r\n\r\n")
try:
    print('"end": "closed"' if not s.recv(1) else "answered")
except ConnectionResetError:
    print('"end": "reset"')
EOP
)
must "SIP behind a hello passes: $got" ended reset "$got"
wait_for 20 disconnected 203.0.113.22 || fail "the server keeps a disguised connection"
wait_for 20 logged '203\.0\.113\.22.*: stream: ' || fail "the disguise is not told"
! heard '203\.0\.113\.22 .*SIP/2\.0' || fail "the server heard SIP behind a hello"
note "$(grep -m 1 '203\.0\.113\.22.*stream: ' "$T/guard.log")"
