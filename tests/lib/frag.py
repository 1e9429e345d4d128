# SPDX-License-Identifier: GPL-2.0-or-later
"""An INVITE over UDP in hand-made fragments, and whether it was answered.

  frag.py SOURCE TARGET HOW [-a agent] [--piece BYTES] [-w seconds]

HOW: whole       all fragments, in order
     backwards   the last one first
     shuffled    in an order that is the same each time
     twice       each one sent twice
     overlap     the pieces that hold the User-Agent also come with other bytes, before them
     overlap-by  pieces that reach into their neighbours, with other bytes there
     open        all but the last fragment
     headless    all but the first
     tail        only the last

Prints one line of JSON: how many fragments were sent, and the status of the answer, or null."""
import argparse
import json
import random
import select
import socket
import struct
import time

IPV6_HDRINCL = 36  # not in the socket module

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("how")
ap.add_argument("-a", "--agent", default="Acme Desk Phone 7.1")
ap.add_argument("--piece", type=int, default=8)
ap.add_argument("-w", "--wait", type=float, default=0.5)
a = ap.parse_args()
v6 = ":" in a.target
family = socket.AF_INET6 if v6 else socket.AF_INET
source, target = (socket.inet_pton(family, x) for x in (a.source, a.target))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def invite():
    there, here = ("[%s]" if v6 else "%s") % a.target, ("[%s]" if v6 else "%s") % a.source
    return ("INVITE sip:1001@{t} SIP/2.0\r\n"
            "Via: SIP/2.0/UDP {h}:{p};branch=z9hG4bK-{i:x}\r\n"
            "Max-Forwards: 70\r\n"
            "From: <sip:1002@{t}>;tag={i:x}\r\n"
            "To: <sip:1001@{t}>\r\n"
            "Call-ID: {i:x}@{h}\r\n"
            "CSeq: 1 INVITE\r\n"
            "Contact: <sip:1002@{h}:{p}>\r\n"
            "User-Agent: {a}\r\n"
            "Content-Length: 0\r\n\r\n").format(t=there, h=here, p=port, i=ident, a=a.agent).encode()


def fragment(at, data, more):
    if v6:
        extension = struct.pack("!BBHI", 17, 0, at | more, ident)
        head = struct.pack("!IHBB", 6 << 28, 8 + len(data), 44, 64) + source + target
        return head + extension + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), ident & 0xffff,
                       at // 8 | more << 13, 64, 17, 0) + source + target
    return head + data


def fragments(datagram):
    """(offset, bytes, more) of each."""
    cuts = range(0, len(datagram), a.piece)
    out = [(at, datagram[at:at + a.piece], at + a.piece < len(datagram)) for at in cuts]
    agent = datagram.index(b"User-Agent") // a.piece
    if a.how == "backwards":
        out.reverse()
    elif a.how == "shuffled":
        random.Random(1).shuffle(out)
    elif a.how == "twice":
        out = [f for f in out for _ in (0, 1)]
    elif a.how == "overlap":
        fake = [(at, b"Q" * len(data), more) for at, data, more in out[agent:agent + 4]]
        out = out[:agent] + fake + out[agent:]
    elif a.how == "overlap-by":
        at, data, more = out[agent]
        out[agent + 1:agent + 1] = [(at, data + b"Q" * 16, True)]
    elif a.how == "open":
        out = out[:-1]
    elif a.how == "headless":
        out = out[1:]
    elif a.how == "tail":
        out = out[-1:]
    return out


ident = time.monotonic_ns() & 0xffffffff
answers = socket.socket(family, socket.SOCK_DGRAM)
answers.bind((a.source, 0))
port = answers.getsockname()[1]
payload = invite()
length = 8 + len(payload)
pseudo = (source + target + struct.pack("!IHBB", length, 0, 0, 17) if v6 else
          source + target + struct.pack("!BBH", 0, 17, length))
udp = struct.pack("!HHHH", port, 5060, length, 0)
udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload) or 0xffff)
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP,
               IPV6_HDRINCL if v6 else socket.IP_HDRINCL, 1)
sent = 0
for f in fragments(udp + payload):
    raw.sendto(fragment(*f), (a.target, 0))
    sent += 1
status = None
if select.select([answers], [], [], a.wait)[0]:
    status = answers.recv(65535).split(b" ")[1].decode("latin-1")
print(json.dumps({"fragments": sent, "status": status}))
