# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that nobody knows, and who answers it: strange.py SOURCE PORT TARGET DPORT AGENT [VIAPORT]

Sends an OPTIONS from SOURCE:PORT, with rport in its Via, or without and with VIAPORT, where it
listens then.  Prints the status and who sent it ("200 192.0.2.2 5060"), or "none"."""
import select
import socket
import sys
import time

source, port, target, dport, agent = sys.argv[1:6]
answer = sys.argv[6] if len(sys.argv) > 6 else ""
family = socket.AF_INET6 if ":" in source else socket.AF_INET
here, there = ("[%s]" % x if ":" in x else x for x in (source, target))


def bound(number):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((source, int(number)))
    return s


asks = bound(port)
hears = bound(answer) if answer else asks
run = "%x" % (time.monotonic_ns() & 0xffffffff)
head = (f"OPTIONS sip:{there} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {here}:{answer or port};branch=z9hG4bK{run}{'' if answer else ';rport'}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:1001@{there}>;tag={run}\r\nTo: <sip:{there}>\r\n"
        f"Call-ID: {run}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: {agent}\r\nContent-Type: text/plain\r\n")
for _ in range(4):
    asks.sendto((head + "Content-Length: 200\r\n\r\n" + 200 * "x").encode(), (target, int(dport)))
    if select.select([hears], [], [], 1)[0]:
        data, end = hears.recvfrom(65535)
        print(data.split(b" ")[1].decode(), *end[:2])
        break
else:
    print("none")
