# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a server on the loopback over HTTP as a test wants it.

  webask.py PORT PATH [-X METHOD] [-H 'Name: value']...   status line, headers, and the body
  webask.py PORT --events N [--after ID]                  ids of the first N events, one a line
  webask.py PORT --crowd N FILE                           N clients that send a byte a second and
                                                          take nothing; how long each lasted"""
import argparse
import http.client
import json
import socket
import sys
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("port", type=int)
ap.add_argument("path", nargs="?", default="/")
ap.add_argument("-X", dest="method", default="GET")
ap.add_argument("-H", dest="header", action="append", default=[])
ap.add_argument("--events", type=int)
ap.add_argument("--after")
ap.add_argument("--crowd", type=int)
a = ap.parse_args()


def plain():
    c = http.client.HTTPConnection("127.0.0.1", a.port, timeout=30)
    c.putrequest(a.method, a.path, skip_host=any(h.startswith("Host:") for h in a.header))
    for h in a.header:
        c.putheader(*h.split(": ", 1))
    c.endheaders()
    r = c.getresponse()
    print(r.status, r.reason)
    for name, value in r.getheaders():
        print("%s: %s" % (name, value))
    print()
    sys.stdout.flush()
    sys.stdout.buffer.write(r.read())


def events():
    c = http.client.HTTPConnection("127.0.0.1", a.port, timeout=30)
    c.request("GET", "/api/events", headers={"Last-Event-ID": a.after} if a.after else {})
    r, n = c.getresponse(), 0
    assert r.status == 200 and r.getheader("Content-Type") == "text/event-stream", r.status
    while n < a.events:
        line = r.readline().decode().rstrip("\n")
        if line.startswith("id: "):
            print(line[4:], flush=True)
        if line.startswith("data: {\"id\""):
            json.loads(line[6:])
            n += 1


def crowd():
    """Half never end their request, half follow the events and read none."""
    clients, begin = [], time.monotonic()
    for i in range(a.crowd):
        s = socket.create_connection(("127.0.0.1", a.port))
        s.settimeout(0)
        s.send(b"GET / HTTP/1.1\r\nX: " if i % 2 else
               b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        clients.append(s)
    slow = clients[1::2]
    with open(a.path, "w") as f:
        f.write("all there\n")
        f.flush()
        while slow and time.monotonic() - begin < 60:
            time.sleep(1)
            for s in list(slow):
                try:
                    gone = s.send(b"x") == 0 or s.recv(1) == b""
                except BlockingIOError:
                    gone = False
                except OSError:
                    gone = True
                if gone:
                    slow.remove(s)
        f.write("%d slow ones are left\n" % len(slow))


if a.events:
    events()
elif a.crowd:
    crowd()
else:
    plain()
