# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends SIP over UDP (or TCP) as a test wants it, one message after the other, and says
what came back.

  sip.py SOURCE[:PORT] TARGET [options]      IPv6 addresses without brackets, port by -p

Prints one line of JSON: how many were sent, the status codes that came back.  With
--times FILE, the moment of each message sent (CLOCK_MONOTONIC, ns), a line each."""
import argparse
import json
import select
import socket
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("-p", "--port", type=int, default=0, help="source port")
ap.add_argument("--dport", type=int, default=5060, help="target port")
ap.add_argument("-m", "--method", default="OPTIONS")
ap.add_argument("-a", "--agent", default="Acme Desk Phone 7.1")
ap.add_argument("-n", "--count", type=int, default=1)
ap.add_argument("-r", "--rate", type=float, default=50, help="messages a second")
ap.add_argument("-w", "--wait", type=float, default=0.5, help="seconds for the last answer")
ap.add_argument("--size", type=int, default=0, help="pads the body until the message has this size")
ap.add_argument("--user", default="1001")
ap.add_argument("--raw", help="sends this instead; \\r \\n \\x00 are understood")
ap.add_argument("--times")
ap.add_argument("--tcp", action="store_true")
a = ap.parse_args()


def message(i):
    if a.raw is not None:
        return a.raw.encode().decode("unicode_escape").encode("latin-1")
    host = "[%s]" if ":" in a.target else "%s"
    here, there = host % a.source, host % a.target
    head = (
        "{m} sip:{u}@{t} SIP/2.0\r\n"
        "Via: SIP/2.0/{p} {h}:{port};branch=z9hG4bK-{b:x}-{i};rport\r\n"
        "Max-Forwards: 70\r\n"
        "From: <sip:{u}@{t}>;tag={b:x}\r\n"
        "To: <sip:{u}@{t}>\r\n"
        "Call-ID: {b:x}-{i}@{h}\r\n"
        "CSeq: 1 {m}\r\n"
        "Contact: <sip:{u}@{h}:{port}>\r\n"
        "User-Agent: {a}\r\n"
    ).format(m=a.method, u=a.user, t=there, h=here, port=port, i=i, a=a.agent, b=run,
             p="TCP" if a.tcp else "UDP")
    body = ""
    if a.size:
        head += "Content-Type: text/plain\r\n"
        body = "x" * (a.size - len(head) - len("Content-Length: 00000\r\n\r\n"))
    return ("%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)).encode()


def listen(until):
    while True:
        left = until - time.monotonic()
        if not select.select([sock], [], [], max(0, left))[0]:
            return
        try:
            first = sock.recv(65535).split(b"\r\n")[0].decode("latin-1")
        except OSError:
            first = ""
        if not first:
            return
        word = first.split(" ")
        key = word[1] if first.startswith("SIP/2.0 ") else word[0]
        answers[key] = answers.get(key, 0) + 1
        if left <= 0:
            return


family = socket.AF_INET6 if ":" in a.target else socket.AF_INET
sock = socket.socket(family, socket.SOCK_STREAM if a.tcp else socket.SOCK_DGRAM)
sock.bind((a.source, a.port))
port = sock.getsockname()[1]
run = time.monotonic_ns() & 0xffffffff
answers, times, sent = {}, [], 0
error = None
if a.tcp:
    sock.settimeout(a.wait + 2)
try:
    sock.connect((a.target, a.dport))
    start = time.monotonic()
    for n in range(a.count):
        listen(start + n / a.rate)
        data = message(n)
        times.append(time.monotonic_ns())
        try:
            sock.send(data)
        except ConnectionRefusedError:
            sock.send(data)
        sent += 1
except OSError as e:
    error = str(e)
end = time.monotonic() + a.wait
while time.monotonic() < end and not (a.count == 1 and [k for k in answers if k > "1"]):
    listen(min(end, time.monotonic() + 0.05))
if a.times:
    with open(a.times, "w") as f:
        f.writelines("%d\n" % t for t in times)
print(json.dumps({"sent": sent, "answers": answers, "error": error}))
