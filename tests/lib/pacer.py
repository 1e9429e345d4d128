# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests at an even pace, and which of them Kamailio's pipelimit lets pass; held to the
simulation of tests/ctl/pipes.py.  When Kamailio's timer comes cannot be seen: its times are those
that fit best.

  pacer.py SOURCE TARGET METHOD ALGORITHM RATE SECONDS LIMIT WINDOW

Prints a line: how many passed, how many pass in the simulation, and how many of the requests have
the same fate in both, in percent."""
import math
import os
import select
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ctl"))
import pipes  # noqa: E402

source, target, method, algorithm = sys.argv[1:5]
rate, seconds, limit, window = (int(a) for a in sys.argv[5:9])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((source, 0))
sent, fate = [], {}


def hear(until):
    while time.monotonic() < until:
        if select.select([sock], [], [], max(0, until - time.monotonic()))[0]:
            data = sock.recv(65535)
            fate[int(data.split(b"CSeq: ")[1].split()[0])] = data.startswith(b"SIP/2.0 200")


start = time.monotonic()
for i in range(rate * seconds):
    hear(start + i / rate)
    sock.sendto((
        "%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK%x-%d;rport\r\n"
        "From: <sip:a@%s>;tag=f%d\r\nTo: <sip:b@%s>\r\nCall-ID: %d-%d\r\nCSeq: %d %s\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n" %
        (method, target, source, sock.getsockname()[1], id(sock), i, source, i, target, id(sock), i,
         i + 1, method)).encode(), (target, 5060))
    sent.append(time.monotonic() - start)
hear(time.monotonic() + 1)
passed = {t for i, t in enumerate(sent, 1) if fate.get(i)}


def simulated(timer):
    return set(pipes.kamailio(sent, algorithm, timer, limit))


def alike(timer):
    simulation = simulated(timer)
    return sum((t in simulation) == (t in passed) for t in sent)


def fitted():
    """The times of the timer that fit best: its phase, and how late it came on a busy machine."""
    best = max(([p / 32 + window * n for n in range(seconds)] for p in range(32 * window)),
               key=lambda timer: alike(timer + [math.inf]))
    for n in range(seconds // window + 1):
        moved = [best[:n] + [t + d / 16 for t in best[n:]] for d in range(-8, 9)]
        moved += [best[:n] + [best[n] + d / 16] + best[n + 1:] for d in range(-8, 9)]
        best = max([best] + moved, key=lambda timer: alike(timer + [math.inf]))
    return best + [math.inf]


best = fitted()
print("%d of %d passed, %d in the simulation, %d %% alike" %
      (len(passed), len(fate), len(simulated(best)), alike(best) * 100 // len(sent)))
