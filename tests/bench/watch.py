# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who looks, for the benchmark: the page with its events, and a scrape, each second.

    watch.py PORT      until it is ended
"""
import http.client
import sys
import threading
import time

port = int(sys.argv[1])
PAGE = ("/api/stats", "/api/status", "/api/bans", "/api/sources", "/api/calls",
        "/api/history?since=0", "/metrics")


def get(path):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request("GET", path)
    r = c.getresponse()
    assert r.status == 200, (path, r.status)
    return r


def follow():
    while True:
        for _ in get("/api/events"):
            pass


def main():
    threading.Thread(target=follow, daemon=True).start()
    get("/").read()
    print("looks", flush=True)
    while True:
        start = time.monotonic()
        for path in PAGE:
            get(path).read()
        print("looked", flush=True)
        time.sleep(max(0, 1 - (time.monotonic() - start)))


main()
