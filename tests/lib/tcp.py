# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP connection with SIP on it, cut into segments as a test wants it, and what becomes
of it.

  tcp.py SOURCE TARGET [options]             IPv6 addresses without brackets

Each STEP is done in its order:
  good             a request of an ordinary phone
  bad              one of friendly-scanner
  both             a good one and a bad one at once
  half             the first half of a good one
  rest             the other half
  ping             the keepalive CRLF CRLF
  many:N           N good ones in one write
  wait:FILE        until FILE exists
Cuts: --cut 1,40,200 sends what a step has as segments that begin at these bytes, each when
the one before it was acknowledged; --cut each cuts at every byte.

Prints one line of JSON: how many answers came, which others ("refused": status, Via and To of the
last one), how the connection ended ("open": it did not),
and how many seconds after the last byte.  When the last step has no answer to wait for, it
waits --wait seconds for the end."""
import argparse
import json
import os
import select
import socket
import struct
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("step", nargs="+")
ap.add_argument("-p", "--port", type=int, default=0, help="source port")
ap.add_argument("-m", "--method", default="OPTIONS")
ap.add_argument("--cut", default="")
ap.add_argument("-w", "--wait", type=float, default=2, help="seconds for what is expected")
ap.add_argument("--ready", help="file to make when all steps before a wait are answered")
ap.add_argument("--size", type=int, default=0, help="a request is at least so long")
a = ap.parse_args()
GOOD, BAD = "Acme Desk Phone 7.1", "friendly-scanner"
LIMIT = 10  # seconds; only ends what hangs


def request(agent):
    global made
    made += 1
    host = "[%s]" if ":" in a.target else "%s"
    head = ("{m} sip:1001@{t} SIP/2.0\r\n"
            "Via: SIP/2.0/TCP {h}:{port};branch=z9hG4bK-{b:x}-{n};rport\r\n"
            "Max-Forwards: 70\r\n"
            "From: <sip:1001@{t}>;tag={b:x}\r\n"
            "To: <sip:1001@{t}>\r\n"
            "Call-ID: {b:x}-{n}@{h}\r\n"
            "CSeq: 1 {m}\r\n"
            "Contact: <sip:1001@{h}:{port};transport=tcp>\r\n"
            "User-Agent: {a}\r\n").format(
                m=a.method, t=host % a.target, h=host % a.source, port=port, n=made, a=agent,
                b=run)
    body = ""
    if a.size:
        head += "Content-Type: text/plain\r\n"
        body = "x" * (a.size - len(head) - len("Content-Length: 00000\r\n\r\n"))
    return ("%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)).encode()


def unacknowledged():
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", info, 24)[0]  # tcpi_unacked


def send(data):
    cuts = range(1, len(data)) if a.cut == "each" else [int(c) for c in a.cut.split(",") if c]
    start = 0
    for cut in [c for c in cuts if 0 < c < len(data)] + [len(data)]:
        sock.sendall(data[start:cut])
        start = cut
        until = time.monotonic() + LIMIT
        while unacknowledged() and not state["end"] and time.monotonic() < until:
            if cut == len(data):
                break  # whoever refuses the last one never acknowledges it
            listen(0.0005)
    state["last"] = time.monotonic()


def listen(seconds):
    """Until something comes; false when nothing did."""
    global got
    if state["end"] or not select.select([sock], [], [], seconds)[0]:
        return False
    try:
        data = sock.recv(65535)
        if not data:
            state["end"] = "closed"
    except ConnectionResetError:
        data = b""
        state["end"] = "reset"
    if state["end"]:
        state["ended"] = time.monotonic()
    got += data
    return True


def answers():
    return got.count(b"SIP/2.0 200 ")


def refused():
    """Of the last answer that is no 200."""
    found = [m for m in got.decode().split("\r\n\r\n") if m[:8] == "SIP/2.0 " and m[8:11] != "200"]
    lines = found[-1].split("\r\n") if found else []
    return [lines[0][8:11]] + [v for v in lines if v.startswith(("Via: ", "To: "))] if lines else []


def answered(n):
    until = time.monotonic() + LIMIT
    while answers() < n and not refused() and not state["end"] and time.monotonic() < until:
        listen(0.1)


def wait_for(path):
    open(a.ready, "w").close()
    until = time.monotonic() + 60
    while not os.path.exists(path) and not state["end"] and time.monotonic() < until:
        listen(0.02)


def do(step):
    """Returns how many answers are due for it; None: what follows is its end."""
    global half
    word, _, arg = step.partition(":")
    if word == "good":
        send(request(GOOD))
        return 1
    if word == "many":
        send(b"".join(request(GOOD) for _ in range(int(arg))))
        return int(arg)
    if word == "rest":
        send(half[len(half) // 2:])
        return 1
    if word == "wait":
        wait_for(arg)
        return 0
    if word == "half":
        half = request(GOOD)
        send(half[:len(half) // 2])
    else:
        send({"bad": request(BAD), "both": request(GOOD) + request(BAD), "ping": b"\r\n\r\n"}[word])
    return None


def steps():
    due = 0
    for step in a.step:
        more = do(step)
        due += more or 0
        answered(due)
    if more is None:
        until = time.monotonic() + a.wait
        while not state["end"] and time.monotonic() < until:
            listen(until - time.monotonic())


run = time.monotonic_ns() & 0xffffffff
made, got, half = 0, b"", b""
state = {"end": None, "last": None, "ended": None}
sock = socket.socket(socket.AF_INET6 if ":" in a.target else socket.AF_INET, socket.SOCK_STREAM)
sock.bind((a.source, a.port))
sock.settimeout(LIMIT)
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
port = sock.getsockname()[1]
error = None
try:
    sock.connect((a.target, 5060))
    steps()
except ConnectionResetError:
    state["end"] = "reset"
except OSError as e:
    error = str(e)
after = round(state["ended"] - state["last"], 3) if state["ended"] and state["last"] else None
print(json.dumps({"answers": answers(), "end": state["end"] or "open", "after": after,
                  "error": error, "refused": refused()}))
