# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP client that writes its segments itself, for tests/lib/wires.py: out of order, twice,
with other bytes, with what a receiver must discard.  IPv4 only; its addresses must not be
ones that the kernel answers for.

The segments of a connection are a list of Segment; what a server sends is acknowledged."""
import select
import socket
import struct
import time
from dataclasses import dataclass

import wires

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ETH_P_IP = 0x0800
START = 0x10000000  # initial sequence number


@dataclass
class Segment:
    at: int                # offset into the stream
    data: bytes = b""
    flags: int = PSH | ACK
    checksum: bool = True  # false: a wrong one
    ack: int = 0           # off by so much
    age: int = 0           # timestamp older by so much
    urgent: int = 0        # urgent pointer
    md5: bool = False      # carries a signature option (RFC 2385)
    fragment: int = 0      # in IP fragments of so many bytes, the last one first


class Client:
    def __init__(self, source, port, target):
        self.source, self.port, self.target = source, port, target
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.next, self.sent = None, 1  # what the server sends next, and we
        self.stamp, self.echo = 1 << 31, 0
        self.got, self.reset = b"", False

    def close(self):
        if self.next is not None:
            self.send(Segment(self.sent, flags=RST))
        self.raw.close()
        self.seen.close()

    def send(self, s):
        options = struct.pack("!BBBBII", 1, 1, 8, 10, self.stamp - s.age, self.echo)
        if s.flags & SYN:
            options += struct.pack("!BBH", 2, 4, 1400)
        if s.md5:
            options = b"\x13\x12" + b"m" * 16 + b"\1\1"
        length = 20 + len(options)
        head = struct.pack("!HHIIBBHHH", self.port, 5060, START + s.at & 0xffffffff,
                           (self.next or 0) + s.ack & 0xffffffff if s.flags & ACK else 0,
                           length // 4 << 4, s.flags, 65000, 0, s.urgent) + options
        src, dst = (socket.inet_aton(a) for a in (self.source, self.target))
        total = wires.checksum(src + dst + struct.pack("!HH", 6, length + len(s.data))
                               + head + s.data)
        if not s.checksum:
            total ^= 0x5555
        self.stamp += 1
        data = head[:16] + struct.pack("!H", total) + head[18:] + s.data
        pieces = wires.cut(data, s.fragment or len(data))
        for packet in wires.fragments4(self.source, self.target, pieces[::-1],
                                       self.stamp & 0xffff, 6):
            self.raw.sendto(packet, (self.target, 0))

    def take(self, packet):
        """One packet that came in; true when it is one of ours."""
        at = (packet[0] & 15) * 4
        if packet[9] != 6 or packet[12:20] != socket.inet_aton(self.target) + socket.inet_aton(
                self.source) or struct.unpack_from("!HH", packet, at) != (5060, self.port):
            return False
        seq, _, offset, flags = struct.unpack_from("!IIBB", packet, at + 4)
        options = packet[at + 20:at + (offset >> 4) * 4]
        data = packet[at + (offset >> 4) * 4:int.from_bytes(packet[2:4], "big")]
        if b"\x08\x0a" in options:
            self.echo = struct.unpack_from("!I", options, options.index(b"\x08\x0a") + 2)[0]
        self.reset |= bool(flags & RST)
        if flags & SYN:
            self.next = seq + 1 & 0xffffffff
        elif self.next is not None and data and seq == self.next:
            self.got += data
            self.next = seq + len(data) & 0xffffffff
        return True

    def listen(self, done, limit):
        """Until done, a reset, or the limit; acknowledges what comes."""
        until = time.monotonic() + limit
        while not done() and not self.reset:
            if not select.select([self.seen], [], [], max(0, until - time.monotonic()))[0]:
                return False
            before = self.next
            if self.take(self.seen.recv(65535)) and before is not None and self.next != before:
                self.send(Segment(self.sent, flags=ACK))
        return done()

    def connect(self):
        for _ in range(3):
            self.send(Segment(0, flags=SYN))
            if self.listen(lambda: self.next is not None, 1):
                return True
        return False


def talk(source, port, target, segments, done, limit):
    """As wires.stream, for a list of Segment with offsets from 0; the first may be the SYN."""
    c = Client(source, port, target)
    try:
        if not c.connect():
            return b"", "refused"
        if segments and segments[0].at != 0:  # the handshake's ACK carries no data
            c.send(Segment(1, flags=ACK))
        elif not segments[0].data:
            c.send(Segment(1, flags=ACK))
        for s in segments:
            c.send(Segment(**{**vars(s), "at": s.at + 1}))
            if s.flags == PSH | ACK and s.checksum:
                c.sent = max(c.sent, s.at + 1 + len(s.data))
        c.listen(lambda: done(c.got), limit)
        return c.got, "answered" if done(c.got) else "reset" if c.reset else "silent"
    finally:
        c.close()
