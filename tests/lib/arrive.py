#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""arrive.py FAR_NETNS FROM PORT BYTES COUNT: sends COUNT datagrams from an address in FAR
to PORT here, and prints how many came whole.  A last datagram to a port that nobody filters
tells when all that can come has come: packets of one veth stay in order."""
import ctypes
import os
import socket
import sys

far, source, port, size, count = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
v6 = ":" in source
family = socket.AF_INET6 if v6 else socket.AF_INET
here = "2001:db8:1::1" if v6 else "192.0.2.1"
plain = "2001:db8:1::2" if v6 else "192.0.2.2"
MARKER = 40000
SO_RCVBUFFORCE = 33


def listener(number):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    s.bind((here, number))
    s.settimeout(20)
    return s


wanted, marker = listener(port), listener(MARKER)
with open(f"/run/netns/{far}", "rb") as ns:
    if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), 0):
        raise OSError(ctypes.get_errno(), "setns")
out = socket.socket(family, socket.SOCK_DGRAM)
out.bind((source, 50000))
for i in range(count):
    out.sendto(i.to_bytes(4, "big") * (size // 4), (here, port))
end = socket.socket(family, socket.SOCK_DGRAM)
end.bind((plain, 50001))
end.sendto(b"end", (here, MARKER))
marker.recv(16)
wanted.setblocking(False)
got = 0
try:
    while len(wanted.recv(65536)) == size // 4 * 4:
        got += 1
except BlockingIOError:
    pass
print(got)
