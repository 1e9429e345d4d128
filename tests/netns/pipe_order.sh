#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who goes first through a full pipe, in the daemon: strangers fill their part of it and hear 505
# with the operator's reason; a registered phone gets the rest; a call for help and what belongs to a
# call that goes on always pass.  And for whom a pipe is: for all, each source, prefix, zone, user
# and destination, of what comes in and what leaves, with a header and without.
# alone: what passes is a matter of time
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router

mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<CONF
inside = [ "$PBX4" ];
memory = { learning = "0s"; };
flood = { mode = "off"; };
scan = { mode = "off"; };
answers = { strangers = "small"; };
zones = ( { name = "far"; addresses = [ "203.0.113.0/24" ]; } );
pipe = {
	code = 505;
	reason = "Not now";
	pipes = (
		{ name = "calls"; method = [ "INVITE" ]; header = "!X-Line"; limit = 4; window = "1h"; reserve = 50; },
		{ name = "lines"; method = [ "INVITE" ]; header = "X-Line"; matches = [ "=two" ]; to = [ "44", "33" ];
			per = "destination"; limit = 1; window = "1h"; reserve = 0; },
		{ name = "all"; method = [ "OPTIONS" ]; limit = 2; window = "1h"; reserve = 0; },
		{ name = "source"; method = [ "INFO" ]; per = "source"; limit = 1; window = "1h"; },
		{ name = "prefix"; method = [ "MESSAGE" ]; per = "prefix"; limit = 1; window = "1h"; reserve = 0; },
		{ name = "zone"; method = [ "PUBLISH" ]; per = "zone"; limit = 1; window = "1h"; reserve = 0; },
		{ name = "user"; method = [ "SUBSCRIBE" ]; per = "user"; limit = 1; window = "1h"; },
		{ name = "out"; method = [ "NOTIFY" ]; direction = "out"; limit = 1; window = "1h"; reserve = 0; }
	);
};
CONF

cat >"$T/ends.py" <<'PY'
"""ends.py server ADDRESS | ends.py client FROM-PORT STEP...: a server that answers 200 with a tag and
a Contact; or steps SOURCE,TARGET,METHOD,USER,CALL[,HEADER], each of which says what it heard.  A step
of a call that was answered goes on in its dialog."""
import socket
import sys

tags = {}


def heard(sock, wanted):
    sock.settimeout(wanted)
    try:
        return sock.recv(4000).decode()
    except socket.timeout:
        return ""


def tag_of(text):
    to = [x for x in text.split("\r\n") if x.startswith("To:")]
    return to[0].partition(";tag=")[2] if to else ""


def ask(n, step):
    source, target, method, user, call, *more = step.split(",")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 5060))
    to = "<sip:%s@%s>%s" % (user, target, ";tag=" + tags[call] if call in tags else "")
    who = "77" if call.startswith("77") else source.replace(".", "")

    def text(m, branch, to):
        return "\r\n".join([
            "%s sip:%s@%s SIP/2.0" % (m, user, target),
            "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%d;rport" % (source, branch, n),
            "Max-Forwards: 70", "From: <sip:%s@%s>;tag=f%s" % (who, target, call), "To: " + to,
            "Call-ID: " + call, "CSeq: %d %s" % (n, m), "Contact: <sip:%s@%s:5060>" % (who, source),
            "User-Agent: Acme Desk Phone 7.1", "Subject: " + "-" * 60, "Event: presence", "Expires: 600",
        ] + more + ["Content-Length: 0", "", ""]).encode()

    sock.sendto(text(method, "a", to), (target, 5060))
    got = heard(sock, 3)
    if method == "INVITE" and got.startswith("SIP/2.0 200"):
        tags[call] = tag_of(got)
        sock.sendto(text("ACK", "b", "<sip:%s@%s>;tag=%s" % (user, target, tags[call])), (target, 5060))
    sock.close()
    return " ".join(got.split("\r\n")[0].split(" ")[1:]) or "nothing"


def serve(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 5060))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(4000)
        lines = data.decode().split("\r\n\r\n")[0].split("\r\n")
        if lines[0].startswith("ACK ") or lines[0].startswith("SIP/"):
            continue
        out = ["SIP/2.0 200 OK"]
        for line in lines[1:]:
            if line.startswith("To:") and "tag=" not in line:
                line += ";tag=server"
            if line.startswith("Contact:") and not lines[0].startswith("REGISTER"):
                line = "Contact: <sip:%s:5060>" % address
            if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Expires"):
                out.append(line)
        sock.sendto("\r\n".join(out + ["Content-Length: 0", "", ""]).encode(), peer)


if sys.argv[1] == "server":
    serve(sys.argv[2])
for n, step in enumerate(sys.argv[3:], int(sys.argv[2])):
    print(ask(n, step), flush=True)
PY

FULL="505 Not now"
OK="200 OK"
SEQ=1
# steps WHAT EXPECTED STEP [EXPECTED STEP]...
steps() {
	local what=$1 want='' got list=()
	shift
	while [ $# -gt 0 ]; do
		want="$want$1;"
		list+=("$2")
		shift 2
	done
	got=$(wan $PY "$T/ends.py" client $SEQ "${list[@]}" | tr '\n' ';')
	SEQ=$((SEQ + ${#list[@]}))
	[ "$got" = "$want" ] || fail "$what: heard $got not $want: $(tail -n 5 "$T/guard.log")"
	note "$what: $got"
}
A=203.0.113.11 # strangers of a zone of theirs, and one who is not in it
C=203.0.113.13
O=198.51.100.21
P=$CALLER4

pbx $PY "$T/ends.py" server $PBX4 >"$T/server.out" 2>&1 &
wait_for 10 test -s "$T/server.out" || fail "no server"
guard_start "$T/etc/sipmoat.conf"

steps "a phone registers" "$OK" $P,$PBX4,REGISTER,1001,r
steps "strangers, the phone, help, and calls that go on" \
	"$OK" $A,$PBX4,INVITE,200,c1 "$OK" $O,$PBX4,INVITE,200,c2 "$FULL" $C,$PBX4,INVITE,200,c3 \
	"$OK" $P,$PBX4,INVITE,200,c4 "$OK" $P,$PBX4,INVITE,200,c5 "$FULL" $P,$PBX4,INVITE,200,c6 \
	"$OK" $C,$PBX4,INVITE,112,c7 \
	"$OK" $P,$PBX4,INVITE,200,c4 "$OK" $A,$PBX4,INVITE,200,c1 "$OK" $A,$PBX4,BYE,200,c1 \
	"$FULL" $C,$PBX4,INVITE,200,c8
steps "each destination" \
	"$OK" "$A,$PBX4,INVITE,00441614960100,l1,X-Line: two" \
	"$FULL" "$C,$PBX4,INVITE,00441614960101,l2,X-Line: two" \
	"$OK" "$C,$PBX4,INVITE,0033144556677,l3,X-Line: two" \
	"$OK" "$C,$PBX4,INVITE,00441614960102,l4,X-Line: one"
steps "all together" "$OK" $A,$PBX4,OPTIONS,200,o1 "$OK" $O,$PBX4,OPTIONS,200,o2 "$FULL" $P,$PBX4,OPTIONS,200,o3
steps "each source" "$OK" $A,$PBX4,INFO,200,i1 "$FULL" $A,$PBX4,INFO,200,i2 "$OK" $C,$PBX4,INFO,200,i3
steps "each prefix" "$OK" $A,$PBX4,MESSAGE,200,m1 "$FULL" $C,$PBX4,MESSAGE,200,m2 "$OK" $O,$PBX4,MESSAGE,200,m3
steps "each zone" "$OK" $A,$PBX4,PUBLISH,200,p1 "$FULL" $C,$PBX4,PUBLISH,200,p2 "$OK" $O,$PBX4,PUBLISH,200,p3
steps "each user" "$OK" $A,$PBX4,SUBSCRIBE,200,77a "$FULL" $A,$PBX4,SUBSCRIBE,200,77b "$OK" $A,$PBX4,SUBSCRIBE,200,s3
wait_for 10 logged 'with 505: pipe: pipe calls: more than 4 in 3600 s in all' || fail "not in the log"

# what leaves: the server asks twice, the second one is refused in the name of whom it asked
wan $PY "$T/ends.py" server $C >"$T/peer.out" 2>&1 &
wait_for 10 test -s "$T/peer.out" || fail "no peer"
got=$(pbx $PY - "$T/ends.py" $PBX4 $C <<'PY'
import runpy, socket, sys
path, here, there = sys.argv[1:]
sys.argv = [path, "client", "900"]
ask = runpy.run_path(path)["ask"]


class Beside(socket.socket):  # the server has the port
    def bind(self, at):
        super().bind((at[0], 5070))


socket.socket = Beside
for n in (900, 901):
    print(ask(n, "%s,%s,NOTIFY,200,n%d" % (here, there, n)), end=";")
PY
)
[ "$got" = "$OK;$FULL;" ] || fail "what leaves: $got: $(tail -n 5 "$T/guard.log")"
note "what leaves: $got"
for a in $A $C $O $P; do
	must_not_ban "$a"
done
