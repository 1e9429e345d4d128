#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""named.py NAME WHAT...: a process that calls itself NAME and does nothing but hold what it is
told to: udp:PORT, tcp:PORT (on all addresses, or udp:ADDRESS:PORT), queue:NUMBER (an NFQUEUE).
Says "held" and stays until the end of its input."""
import ctypes
import socket
import struct
import sys

PR_SET_NAME = 15
NETLINK_NETFILTER = 12
QUEUE_CONFIG = 3 << 8 | 2  # NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG
REQUEST_ACK = 1 | 4


def bind_queue(number):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.bind((0, 0))
    body = struct.pack("!BBH", 0, 0, number)
    body += struct.pack("=HH", 8, 1) + struct.pack("!BBH", 1, 0, 0)  # NFQA_CFG_CMD: bind
    s.send(struct.pack("=IHHII", 16 + len(body), QUEUE_CONFIG, REQUEST_ACK, 1, 0) + body)
    error = struct.unpack_from("=i", s.recv(4096), 16)[0]
    if error:
        sys.exit("queue %d: error %d" % (number, error))
    return s


def hold(what):
    kind, *rest = what.split(":")
    if kind == "queue":
        return bind_queue(int(rest[0]))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((rest[0] if len(rest) > 1 else "", int(rest[-1])))
    if kind == "tcp":
        s.listen()
    return s


ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[1].encode(), 0, 0, 0)
held = [hold(what) for what in sys.argv[2:]]
print("held", flush=True)
sys.stdin.read()
