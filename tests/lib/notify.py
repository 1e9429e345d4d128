# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for systemd: notify.py SOCKET FILE writes what a daemon says of its state
(sd_notify: one datagram, lines of NAME=VALUE) to FILE, a line each."""
import socket
import sys

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
with open(sys.argv[2], "a", buffering=1) as out:
    while True:
        for line in sock.recv(4096).decode("utf-8", "replace").splitlines():
            out.write(line + "\n")
