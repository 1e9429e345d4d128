# SPDX-License-Identifier: GPL-2.0-or-later
"""One SIP request over WebSocket (RFC 7118), framed and cut as a test wants it.

  ws.py SOURCE TARGET [options]              IPv6 addresses without brackets

--frames N sends the request in N frames, each masked with a key of its own, with a ping before
each but the first; frames of less than 126 bytes have lengths of 7 bits, longer ones of 16.
--cut N sends segments of N bytes, each when the one before was acknowledged.  --http asks for a
page and for no WebSocket.

Prints one line of JSON: whether the server agreed to speak SIP ("status" of its answer), how
many pongs and which answers to the request came, and how the connection ended ("open": it did
not, within --wait seconds when no answer came)."""
import argparse
import base64
import json
import os
import select
import socket
import struct
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("-m", "--method", default="OPTIONS")
ap.add_argument("-a", "--agent", default="Acme Browser Phone 1.0")
ap.add_argument("-w", "--wait", type=float, default=3)
ap.add_argument("--frames", type=int, default=1)
ap.add_argument("--cut", type=int, default=0)
ap.add_argument("--http", action="store_true")
a = ap.parse_args()
LIMIT = 10  # seconds; only ends what hangs
TEXT, PING, PONG = 1, 9, 10


def request():
    there = "[%s]" % a.target if ":" in a.target else a.target
    tag = os.urandom(6).hex()
    return ("{m} sip:1001@{t} SIP/2.0\r\n"
            "Via: SIP/2.0/WS {b}.invalid;branch=z9hG4bK{b};rport\r\n"
            "Max-Forwards: 70\r\n"
            "From: <sip:1001@{t}>;tag={b}\r\n"
            "To: <sip:1001@{t}>\r\n"
            "Call-ID: {b}\r\n"
            "CSeq: 1 {m}\r\n"
            "Contact: <sip:1001@{b}.invalid;transport=ws>\r\n"
            "User-Agent: {a}\r\n\r\n").format(m=a.method, t=there, a=a.agent, b=tag).encode()


def upgrade():
    asks = "" if a.http else (
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: sip\r\n" % base64.b64encode(os.urandom(16)).decode())
    return ("GET / HTTP/1.1\r\nHost: pbx.example\r\n%s\r\n" % asks).encode()


def frame(opcode, data, last):
    key = os.urandom(4)
    length = b"\xfe" + struct.pack("!H", len(data))
    if len(data) < 126:
        length = bytes([0x80 | len(data)])
    masked = bytes(c ^ key[i % 4] for i, c in enumerate(data))
    return bytes([0x80 * last | opcode]) + length + key + masked


def frames(data):
    step = -(-len(data) // a.frames)
    out = b""
    for at in range(0, len(data), step):
        if at:
            out += frame(PING, b"still here?", True)
        out += frame(0 if at else TEXT, data[at:at + step], at + step >= len(data))
    return out


def unacknowledged():
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", info, 24)[0]  # tcpi_unacked


def send(data):
    step = a.cut or len(data)
    for at in range(0, len(data), step):
        sock.sendall(data[at:at + step])
        until = time.monotonic() + LIMIT
        while at + step < len(data) and unacknowledged() and time.monotonic() < until:
            listen(0.001)


def listen(seconds):
    if state["end"] or not select.select([sock], [], [], seconds)[0]:
        return
    try:
        data = sock.recv(65535)
        if not data:
            state["end"] = "closed"
    except ConnectionResetError:
        data = b""
        state["end"] = "reset"
    state["got"] += data


def expect(ready, seconds):
    until = time.monotonic() + seconds
    while not ready() and not state["end"] and time.monotonic() < until:
        listen(0.05)


def unframe(data):
    """The frames of a server: no masks, all of them short enough for 16 bits of length."""
    while len(data) > 1:
        head, n = 2, data[1]
        if n == 126 and len(data) >= 4:
            head, n = 4, struct.unpack_from("!H", data, 2)[0]
        if len(data) < head + n:
            return
        yield data[0] & 15, data[head:head + n]
        data = data[head + n:]


def heard():
    head, _, rest = state["got"].partition(b"\r\n\r\n")
    found = list(unframe(rest)) if b" 101 " in head[:16] else []
    return {"status": head[9:12].decode(), "pongs": sum(op == PONG for op, _ in found),
            "answers": [d[8:11].decode() for op, d in found if op == TEXT]}


state = {"got": b"", "end": None}
sock = socket.socket(socket.AF_INET6 if ":" in a.target else socket.AF_INET, socket.SOCK_STREAM)
sock.bind((a.source, 0))
sock.settimeout(LIMIT)
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
error = None
try:
    sock.connect((a.target, 5060))
    send(upgrade())
    expect(lambda: b"\r\n\r\n" in state["got"], LIMIT)
    if heard()["status"] == "101":
        send(frames(request()))
        expect(lambda: heard()["answers"], a.wait)
except ConnectionResetError:
    state["end"] = "reset"
except OSError as e:
    error = str(e)
print(json.dumps(dict(heard(), end=state["end"] or "open", error=error)))
