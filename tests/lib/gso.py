# SPDX-License-Identifier: GPL-2.0-or-later
"""Many SIP requests of one size at once, some of them a scanner's, and which were answered.

  gso.py SOURCE TARGET HOW [--bad N,N,...] [--count N] [--first]

HOW: segment  one send() that the kernel cuts into datagrams (UDP_SEGMENT), as late as it can
     burst    a datagram each, one right behind the other
     stream   one send() over TCP
--first: a single one before, which is answered (over UDP)

Prints one line of JSON: the numbers of the requests that were answered, and how a TCP
connection ended."""
import argparse
import json
import re
import select
import socket
import time

SIZE = 700
UDP_SEGMENT = 103  # not in the socket module

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("how", choices=["segment", "burst", "stream"])
ap.add_argument("--bad", default="")
ap.add_argument("--count", type=int, default=10)
ap.add_argument("--first", action="store_true")
ap.add_argument("-w", "--wait", type=float, default=5, help="seconds for the answers")
a = ap.parse_args()
bad = [int(n) for n in a.bad.split(",") if n]


def request(n):
    host = "[%s]" if ":" in a.target else "%s"
    head = ("OPTIONS sip:1001@{t} SIP/2.0\r\n"
            "Via: SIP/2.0/{p} {h}:{port};branch=z9hG4bK-{b:x}-{n};rport\r\n"
            "Max-Forwards: 70\r\n"
            "From: <sip:1001@{t}>;tag={b:x}\r\n"
            "To: <sip:1001@{t}>\r\n"
            "Call-ID: number-{n}-{b:x}\r\n"
            "CSeq: 1 OPTIONS\r\n"
            "User-Agent: {a}\r\n"
            "Content-Type: text/plain\r\n").format(
                t=host % a.target, h=host % a.source, port=port, n=n, b=run,
                p="TCP" if a.how == "stream" else "UDP",
                a="friendly-scanner" if n in bad else "Acme Desk Phone 7.1")
    body = "x" * (SIZE - len(head) - len("Content-Length: 000\r\n\r\n"))
    return ("%sContent-Length: %03d\r\n\r\n%s" % (head, len(body), body)).encode()


run = time.monotonic_ns() & 0xffffffff
tcp = a.how == "stream"
sock = socket.socket(socket.AF_INET6 if ":" in a.target else socket.AF_INET,
                     socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
sock.bind((a.source, 0))
port = sock.getsockname()[1]
sock.settimeout(10)
sock.connect((a.target, 5060))
all_of_them = [request(n) for n in range(a.count)]
if a.first:
    sock.send(request(a.count))
    sock.recv(65535)
if a.how == "segment":
    sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
if a.how == "burst":
    for data in all_of_them:
        sock.send(data)
else:
    sock.sendall(b"".join(all_of_them))
answers, end, got = set(), "open", b""
until = time.monotonic() + a.wait
while len(answers) < a.count - len(bad) or (tcp and bad and end == "open"):
    if not select.select([sock], [], [], max(0, until - time.monotonic()))[0]:
        break
    try:
        data = sock.recv(65535)
        end = end if data else "closed"
    except ConnectionResetError:
        end = "reset"
    if end != "open":
        break
    got += data
    answers |= {int(n) for n in re.findall(rb"Call-ID: number-(\d+)-", got)}
print(json.dumps({"answered": sorted(answers), "end": end}))
