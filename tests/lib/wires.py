# SPDX-License-Identifier: GPL-2.0-or-later
"""How tests/lib/evasion.py brings bytes to the server: odd ways to send a datagram, and TCP
in exactly these segments."""
import ipaddress
import socket
import struct
import time

SO_NO_CHECK = 11
IPV6_DSTOPTS = 59
FRAGMENT, DSTOPTS, HOPOPTS, ROUTING = 44, 60, 0, 43


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp(source, port, target, data):
    """UDP header and data, with the right checksum."""
    src, dst = (ipaddress.ip_address(a).packed for a in (source, target))
    length = 8 + len(data)
    head = struct.pack("!HHH", port, 5060, length)
    if len(src) == 4:
        pseudo = src + dst + struct.pack("!HH", 17, length)
    else:
        pseudo = src + dst + struct.pack("!IHBB", length, 0, 0, 17)
    return head + struct.pack("!H", checksum(pseudo + head + b"\0\0" + data) or 0xffff) + data


def cut(data, size, first=None):
    """(offset, piece, more follow) of at most size bytes; the first one may be smaller."""
    at = first or size
    edges = [0] + list(range(at, len(data), size)) + [len(data)]
    return [(a, data[a:b], b < len(data)) for a, b in zip(edges, edges[1:])]


def fragments4(source, target, pieces, ident, proto=17):
    src, dst = (ipaddress.ip_address(a).packed for a in (source, target))
    for offset, piece, more in pieces:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(piece), ident,
                           more << 13 | offset // 8, 64, proto, 0) + src + dst
        yield head[:10] + struct.pack("!H", checksum(head)) + head[12:] + piece


def fragments6(source, target, pieces, ident, before=(), proto=17):
    src, dst = (ipaddress.ip_address(a).packed for a in (source, target))
    chain = [k for k, _ in before] + [FRAGMENT]
    for offset, piece, more in pieces:
        body = b"".join(bytes([n]) + h for n, (_, h) in zip(chain[1:], before))
        body += struct.pack("!BBHI", proto, 0, offset | more, ident) + piece
        yield struct.pack("!IHBB", 6 << 28, len(body), chain[0], 64) + src + dst + body


def plain6(source, target, payload, before):
    """before: (its own number, its bytes behind the next-header byte), outermost first."""
    src, dst = (ipaddress.ip_address(a).packed for a in (source, target))
    chain = [k for k, _ in before] + [17]
    body = b"".join(bytes([n]) + h for n, (_, h) in zip(chain[1:], before)) + payload
    return struct.pack("!IHBB", 6 << 28, len(body), chain[0], 64) + src + dst + body


def send_raw(packets, target):
    v6 = ":" in target
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as raw:
        for packet in packets:
            raw.sendto(packet, (target, 0))


PADDING = b"\0\1\4\0\0\0\0"  # behind the next-header byte: 8 bytes of options that mean nothing


def datagram(wire, sock, source, port, target, data, ident):
    """Sends data from sock's address in the named way."""
    if wire in ("udp", "udp6"):
        sock.sendto(data, (target, 5060))
    elif wire == "no UDP checksum":
        sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        sock.sendto(data, (target, 5060))
    elif wire == "bytes behind the UDP length":
        send_raw(fragments4(source, target, [(0, udp(source, port, target, data) + b"x" * 9,
                                                    False)], ident), target)
    elif wire == "IP options":  # no operation, router alert, end
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1\1\1\1\x94\4\0\0\1\1\1\0")
        sock.sendto(data, (target, 5060))
    elif wire == "IPv6 destination options":
        sock.sendmsg([data], [(socket.IPPROTO_IPV6, IPV6_DSTOPTS, b"\0\0" + PADDING[1:])], 0,
                     (target, 5060))
    else:
        send_raw(list(in_pieces(wire, source, target, udp(source, port, target, data), ident)),
                 target)


def in_pieces(wire, source, target, payload, ident):
    size = 256 if " 256 " in wire else 8
    if wire == "a first fragment of 8 bytes":
        return fragments4(source, target, cut(payload, 256, 8), ident)
    if wire == "an IPv6 fragment that is whole":
        return fragments6(source, target, [(0, payload, False)], ident)
    if wire == "IPv6 routing header":  # of type 4, nowhere left to go
        return [plain6(source, target, payload, [(ROUTING, b"\0\4\0\0\0\0\0")])]
    if wire == "IPv6 twelve destination options":
        return [plain6(source, target, payload, [(DSTOPTS, PADDING)] * 12)]
    if wire.startswith("IPv6 hop-by-hop"):
        options = b"\x11\0" + PADDING[1:]
        return fragments6(source, target, cut(options + payload, 64), ident,
                          ((HOPOPTS, PADDING),), DSTOPTS)
    pieces = cut(payload, size)
    if "backwards" in wire:
        pieces.reverse()
    if "first one last" in wire:
        pieces = pieces[1:] + pieces[:1]
    cutter = fragments6 if ":" in source else fragments4
    return cutter(source, target, pieces, ident)


def is_v6(wire):
    return "6" in wire.split(" ")[0]


def is_tcp(wire):
    return wire.startswith("tcp")


# ---- TCP ----
MOST = 8  # segments on their way: fewer than the kernel's first window, so that none waits
TCP_INFO_UNACKED = 24


def unacked(s):
    return struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104),
                              TCP_INFO_UNACKED)[0]


def stream(source, port, target, segments, done, limit):
    """Sends each piece as a segment of its own; what came back, and how it ended: "answered"
    (done says so of the bytes that came), "reset", "closed" or "silent"."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    until = time.monotonic() + limit
    got = b""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(limit)
        s.bind((source, port))
        try:
            s.connect((target, 5060))
            for piece in segments:
                while unacked(s) >= MOST and time.monotonic() < until:
                    time.sleep(0.0005)
                s.send(piece)
            while not done(got):
                s.settimeout(max(0.001, until - time.monotonic()))
                more = s.recv(65536)
                if not more:
                    return got, "closed"
                got += more
        except (ConnectionResetError, BrokenPipeError):
            return got, "reset"
        except TimeoutError:
            return got, "silent"
    return got, "answered"
