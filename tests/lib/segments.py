# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP of its own: a request in hand-made segments, as an attacker may send them to show the
firewall other bytes than the server.

  segments.py SOURCE TARGET CASE [-a agent] [-w seconds]

SOURCE is an address that no host has, and whose packets come back to this one.  "Short-lived"
segments have a TTL of 3: a router behind the firewall would let them die.  "Fake" ones have
the bytes of another agent.  Prints one line of JSON: how many answers came, and how the
connection ended."""
import argparse
import json
import select
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
IPV6_HDRINCL = 36  # not in the socket module
LIMIT = 10  # seconds; only ends what hangs

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("case")
ap.add_argument("-a", "--agent", default="Acme Desk Phone 7.1")
ap.add_argument("-w", "--wait", type=float, default=1)
a = ap.parse_args()
v6 = ":" in a.target
family = socket.AF_INET6 if v6 else socket.AF_INET
source, target = (socket.inet_pton(family, x) for x in (a.source, a.target))
run = time.monotonic_ns()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def request(agent):
    there, here = ("[%s]" if v6 else "%s") % a.target, ("[%s]" if v6 else "%s") % a.source
    return ("OPTIONS sip:1001@{t} SIP/2.0\r\n"
            "Via: SIP/2.0/TCP {h};branch=z9hG4bK-{i:x}\r\n"
            "Max-Forwards: 70\r\n"
            "From: <sip:1002@{t}>;tag={i:x}\r\n"
            "To: <sip:1001@{t}>\r\n"
            "Call-ID: {i:x}@{h}\r\n"
            "CSeq: 1 OPTIONS\r\n"
            "User-Agent: {a}\r\n"
            "Content-Length: 0\r\n\r\n").format(t=there, h=here, i=run, a=agent).encode()


class Connection:
    def __init__(self, first=None):
        self.port = 20000 + run // 1000 % 40000
        self.start = run & 0x7fffffff if first is None else first
        self.next, self.end, self.got = 0, "open", b""
        self.out = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.out.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP,
                            IPV6_HDRINCL if v6 else socket.IP_HDRINCL, 1)
        self.back = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(0x86dd if v6 else 0x0800))
        self.ack = 0

    def segment(self, at, data=b"", flags=ACK | PSH, ttl=64, spoilt=False, urgent=0, ack=None):
        """at: where in the stream; -1 is the SYN."""
        head = struct.pack("!HHIIBBHHH", self.port, 5060, (self.start + 1 + at) & 0xffffffff,
                           self.ack if ack is None else ack, 5 << 4, flags, 60000, 0, urgent)
        n = len(head) + len(data)
        pseudo = source + target + struct.pack("!IHBB" if v6 else "!HBB",
                                               *((n, 0, 0, 6) if v6 else (n, 0, 6)))
        total = checksum(pseudo + head + data) ^ (0x5555 if spoilt else 0)
        head = head[:16] + struct.pack("!H", total) + head[18:]
        if v6:
            ip = struct.pack("!IHBB", 6 << 28, n, 6, ttl) + source + target
        else:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + n, 0, 0, ttl, 6, 0) + source + target
        self.out.sendto(ip + head + data, (a.target, 0))

    def receive(self, seconds):
        """The flags of the next segment for us, None when there is none in time."""
        until = time.monotonic() + seconds
        while select.select([self.back], [], [], max(0, until - time.monotonic()))[0]:
            packet = self.back.recv(65535)
            at = 40 if v6 else 20
            end = 40 + struct.unpack_from("!H", packet, 4)[0] if v6 else \
                struct.unpack_from("!H", packet, 2)[0]
            if packet[6 if v6 else 9] != 6 or packet[8 if v6 else 12:at] != target + source:
                continue
            here, there, seq, acked = struct.unpack_from("!HHII", packet, at)
            if (here, there) != (5060, self.port):
                continue
            flags = packet[at + 13]
            data = packet[at + (packet[at + 12] >> 4) * 4:end]
            if flags & SYN:
                self.ack = (seq + 1) & 0xffffffff
            elif seq == self.ack:
                self.got += data
                self.ack = (seq + len(data) + (flags & FIN)) & 0xffffffff
                if data:
                    self.segment(self.next, flags=ACK)
            if flags & RST:
                self.end = "reset"
            elif flags & FIN:
                self.end = "closed"
            self.acked = (acked - self.start - 1) & 0xffffffff
            return flags
        return None

    def open(self):
        self.segment(-1, flags=SYN)
        until = time.monotonic() + LIMIT
        while not (self.receive(0.2) or 0) & SYN:
            if time.monotonic() > until:
                raise SystemExit("no SYN-ACK")
            self.segment(-1, flags=SYN)
        self.segment(0, flags=ACK)

    def send(self, *parts, **how):
        """Each part is (at, bytes)."""
        for at, data in parts:
            self.segment(at, data, **how)
            self.next = max(self.next, at + len(data))

    def settle(self, answers, seconds):
        until = time.monotonic() + seconds
        while self.end == "open" and self.answers() < answers and time.monotonic() < until:
            self.receive(max(0, until - time.monotonic()))

    def answers(self):
        return self.got.count(b"SIP/2.0 200 ")


real = request(a.agent)
fake = request("Z" * len(a.agent))
cut = real.index(b"User-Agent: ") + 13  # behind the first letter of the agent
parts = [(0, real[:40]), (40, real[40:cut]), (cut, real[cut:])]
A, B, C = parts
F = (cut, fake[cut:])
S = {"ttl": 3}
t = Connection(0xffffffff - 1 - cut if a.case == "wrap" else None)
want = 1
if a.case == "early":  # the whole request in the SYN, which some would look at and forget
    t.segment(-1, real, flags=SYN)
    if (t.receive(a.wait) or 0) & SYN:
        t.segment(0, flags=ACK)
    else:
        t.open()  # without data, as RFC 7413 4.2.1 wants it
    t.send((0, real))
else:
    t.open()
    t.send(A)
if a.case in ("order", "wrap"):
    t.send(B, C)
elif a.case == "backwards":
    t.send(C, B)
elif a.case == "repeated":  # the same bytes again, cut differently
    t.send(A, (20, real[20:cut + 3]), B, (10, real[10:60]), C, C)
elif a.case == "probe":  # a keepalive with a byte of rubbish, as old stacks send it
    t.send(B, C)
    t.settle(1, LIMIT)
    t.send((len(real) - 1, b"?"))
    t.send((len(real), real))
    want = 2
elif a.case == "fake-first":  # out of order: which of two copies does the server take?
    t.send(F, C, B)
elif a.case == "fake-last":
    t.send(C, F, B)
elif a.case == "fake-under":  # reaches into its neighbours, and begins behind the real one
    t.send((cut + 4, fake[cut + 4:]), (cut - 2, real[cut - 2:-1]), B)
elif a.case == "short-lived":
    t.send(B)
    t.send(F, **S)
    t.send(C)
elif a.case == "short-lived-early":
    t.send((40, fake[40:]), **S)
    t.send(B, C)
elif a.case == "checksum":
    t.send(B)
    t.send(F, spoilt=True)
    t.send(C)
elif a.case == "no-ack":  # a receiver drops what has no ACK (RFC 9293 3.10.7.4)
    t.send(B)
    t.send(F, flags=PSH)
    t.send(C)
elif a.case == "future-ack":  # ... and what acknowledges bytes that were never sent
    t.send(B)
    t.send(F, ack=t.ack + 0x10000000 & 0xffffffff)
    t.send(C)
elif a.case == "old-fake":  # what was acknowledged comes again with other bytes, and the rest
    t.send(B)
    while t.receive(0.2) is not None:
        pass
    t.send((0, b"Q" * cut + real[cut:]))
elif a.case == "reset-short-lived":  # makes the firewall forget the connection
    t.send(B)
    t.segment(cut, flags=RST, **S)
    t.send(C)
elif a.case == "reset-checksum":
    t.send(B)
    t.segment(cut, flags=RST | ACK, spoilt=True)
    t.send(C)
elif a.case == "reset-outside":  # beyond the window
    t.send(B)
    t.segment(cut + 0x20000000, flags=RST)
    t.send(C)
elif a.case == "fin-short-lived":
    t.send(B)
    t.segment(cut, flags=FIN | ACK, **S)
    t.send(C)
elif a.case == "syn-short-lived":  # makes it count from elsewhere
    t.send(B)
    t.segment(cut + 0x10000000, flags=SYN, **S)
    t.send(C)
elif a.case == "urgent":  # the urgent byte is not in the stream that the server reads
    t.send(B)
    at = len(real) - real[::-1].index(b"renn") - 2
    t.send((cut, real[cut:at] + b"!" + real[at:]), flags=ACK | PSH | URG, urgent=at - cut + 1)
elif a.case != "early":
    raise SystemExit("no such case")
t.settle(want, a.wait)
print(json.dumps({"answers": t.answers(), "end": t.end}))
if t.end == "open":
    t.segment(t.next, flags=RST)
