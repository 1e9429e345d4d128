#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a load of feeds does to others: a trusted stream through the daemon, and bans.

  feeds.py list FILE HOSTS PREFIXES SEED   writes a list
  feeds.py watch NAMESPACES SECONDS        prints the longest gap of the stream and how long
                                           bans took, from the packet to the kernel's set
"""
import ctypes
import os
import random
import socket
import struct
import sys
import threading
import time

PBX = "192.0.2.130"
CARRIER = "198.51.100.25"
STREAM = 0.002  # s between two packets of the stream
BANS = 0.02     # ... and between two scanners
GIVE_UP = 5.0   # s until a ban is not waited for any more


def dotted(n):
    return socket.inet_ntoa(struct.pack(">I", n))


def write_list(name, hosts, prefixes, seed):
    r = random.Random(seed)
    with open(name + ".new", "w", encoding="ascii") as f:
        for _ in range(hosts):  # 24.0.0.0 to 55.255.255.255
            f.write(dotted(r.randrange(24 << 24, 56 << 24)) + "\n")
        for i in range(prefixes):  # apart from each other: nothing is to merge
            f.write("%s/%d\n" % (dotted((64 << 24) + i * 512), r.randrange(24, 32)))
    os.rename(name + ".new", name)


def inside(ns, make):
    """A socket that belongs to another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(there, 0):
        raise OSError(ctypes.get_errno(), ns)
    s = make()
    libc.setns(home, 0)
    os.close(there)
    os.close(home)
    return s


def options(source, agent, n):
    return ("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%s-%d\r\n"
            "From: <sip:a@%s>;tag=%d\r\nTo: <sip:%s>\r\nCall-ID: %d@%s\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 70\r\nUser-Agent: %s\r\nContent-Length: 0\r\n\r\n" % (
                PBX, source, source, n, source, n, PBX, n, source, agent)).encode()


def datagram(source, payload):
    udp = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(PBX))
    return head + udp + payload


def attribute(kind, payload):
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def banned(nl, address):
    """Asks nf_tables for one element: no dump, no lock."""
    nested = 0x8000
    key = attribute(1 | nested, attribute(1, socket.inet_aton(address)))
    body = (struct.pack(">BBH", 1, 0, 0) + attribute(1, b"sipmoat\0") + attribute(2, b"banned4\0") +
            attribute(3 | nested, attribute(1 | nested, key)))
    nl.send(struct.pack("=IHHII", 16 + len(body), 10 << 8 | 13, 1, 0, 0) + body)
    return struct.unpack_from("=H", nl.recv(65536), 4)[0] != 2


class Watch:
    def __init__(self, names, seconds):
        wan, gw, pbx = names.split(",")
        self.end = time.monotonic() + seconds
        self.out = inside(wan, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.out.bind((CARRIER, 5062))
        self.raw = inside(wan, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                                     socket.IPPROTO_RAW))
        self.nl = inside(gw, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
        self.nl.bind((0, 0))
        self.heard = inside(pbx, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.heard.bind((PBX, 5060))
        self.heard.settimeout(1)
        self.sent = self.got = 0
        self.gap = self.late = 0.0
        self.bans, self.missed = [], 0

    def send(self):
        at = time.monotonic()
        while at < self.end:
            before = time.monotonic()
            self.out.sendto(options(CARRIER, "bench", self.sent), (PBX, 5060))
            self.sent += 1
            self.late = max(self.late, time.monotonic() - max(before, at))
            at = max(at + STREAM, time.monotonic() - STREAM)
            time.sleep(max(0, at - time.monotonic()))

    def hear(self):
        last = 0.0
        while time.monotonic() < self.end:
            try:
                data = self.heard.recv(4096)
            except socket.timeout:
                continue
            if b"agent: bench" not in data.lower():
                continue
            now = time.monotonic()
            if last:
                self.gap = max(self.gap, now - last)
            last = now
            self.got += 1

    def ban(self):
        n = int(time.monotonic() / BANS)  # others than in the run before
        while time.monotonic() < self.end - 1:
            n += 1
            source = dotted((130 << 24) + n % (1 << 16) * 256 + 7)  # neighbours of nobody
            begin = time.monotonic()
            self.raw.sendto(datagram(source, options(source, "friendly-scanner", n)), (PBX, 0))
            while not banned(self.nl, source):
                if time.monotonic() > begin + GIVE_UP:
                    self.missed += 1
                    break
                time.sleep(0.0003)
            else:
                self.bans.append(time.monotonic() - begin)
            time.sleep(BANS)

    def run(self):
        threads = [threading.Thread(target=t) for t in (self.hear, self.send, self.ban)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.bans.sort()
        b = self.bans or [0.0]
        print("stream: %d sent, %d arrived, longest gap %.1f ms; bans: %d, median %.2f ms, "
              "p99 %.1f ms, worst %.1f ms, %d never" % (
                  self.sent, self.got, self.gap * 1e3, len(self.bans), b[len(b) // 2] * 1e3,
                  b[int(len(b) * 0.99)] * 1e3, b[-1] * 1e3, self.missed))


if sys.argv[1] == "list":
    write_list(sys.argv[2], *map(int, sys.argv[3:6]))
else:
    Watch(sys.argv[2], float(sys.argv[3])).run()
