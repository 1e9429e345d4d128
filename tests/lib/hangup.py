# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the control socket that go away before they have their answer:
hangup.py SOCKET TIMES, so often in each of the ways below, one after the other.  Each is first
answered something, so that the daemon does have it."""
import json
import socket
import sys

from control import Control

path, times = sys.argv[1], int(sys.argv[2])
poll = {"command": "events", "after": Control(path).ask("events", most=1)["last"], "wait": 60}


def line(**question):
    return json.dumps(question).encode() + b"\n"


def client(sent, shut=False):
    """What it sends, whether it says first that nothing more will come."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(90)  # only ends a test that hangs
        s.connect(path)
        s.sendall(line(command="version"))
        if not s.recv(4096).endswith(b"}\n"):
            sys.exit("the daemon hung up on a client that is alone")
        s.sendall(sent)
        if shut:
            s.shutdown(socket.SHUT_WR)
            s.recv(1)


for i in range(times):
    client(line(**poll))
    client(line(**poll) + line(command="stats"))
    client(line(**poll), shut=True)
    client(line(**poll)[:20])
    client(line(command="stats"))
    client(line(command="why", what="203.0.113.9") * 8)
