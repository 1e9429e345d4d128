# SPDX-License-Identifier: GPL-2.0-or-later
"""A control socket that says what no daemon would: markup, quotes, control characters and letters
that turn writing around, in every text of every answer; and texts where numbers belong.

  liar.py SOCKET"""
import json
import os
import socket
import sys
import threading
import time

EVIL = [
    "<img src=x onerror=window.owned=1>",
    "\"'><script>window.owned=1</script>",
    "</script><script>window.owned=1</script>",
    "</style><svg onload=window.owned=1>",
    "javascript:window.owned=1",
    "{{constructor.constructor('window.owned=1')()}}",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "bell \x07 escape \x1b[31m line\nbreak \u2028",
    "x" * 3000,
    "__proto__",
    "",
]


def evil(i):
    return EVIL[i % len(EVIL)]


def rows(keys, numbers):
    out = []
    for i in range(2 * len(EVIL)):
        row = {k: evil(i + j) for j, k in enumerate(keys)}
        row.update({k: (i * 7 if i % 3 else evil(i)) for k in numbers})
        out.append(row)
    return out


def events(first):
    return [dict({k: evil(i + j) for j, k in enumerate(
        ("event", "level", "action", "check", "site", "source", "reason", "evidence", "user",
         "from", "to", "user_agent", "country", "text"))}, id=first + i,
        time="2026-11-23T16:00:00Z", observed=False, more=3) for i in range(2 * len(EVIL))]


def answer(q):
    head = {"ok": True, "time": int(time.time()), "version": evil(0), "mode": evil(1),
            "started": 1, "generation": evil(2), "total": 99, "registrations": evil(3)}
    name = q["command"]
    if name == "events":
        if "after" in q:
            time.sleep(1)
            return {"ok": True, "last": q["after"], "missed": 0, "events": []}
        return {"ok": True, "last": 1000, "missed": 0, "events": events(900)}
    if name == "calls":
        lists = {"calls": rows(("state", "user", "from", "number", "to", "source", "country"),
                               ("seconds", "answered", "cost"))}
    elif name == "bans":
        lists = {"bans": rows(("who", "state", "check", "note"), ("seconds", "times", "uid"))}
    elif name == "sources":
        lists = {"sources": rows(("source", "site", "country", "check", "user", "agent"),
                                 ("hits", "drops", "packets", "seconds"))}
    elif name == "status":
        lists = {"alarms": rows(("alarm", "text"), ())}
    else:
        lists = {"checks": rows(("check",), ("dropped", "observed", "rejected")),
                 "counters": {"accepted": 1, "dropped": evil(4)}, "bans": {"live4": evil(5)},
                 "calls": {"asked": evil(6)}}
    return dict(head, **lists)


def serve(c):
    with c, c.makefile("rw", newline="\n") as f:
        for line in f:
            f.write(json.dumps(answer(json.loads(line))) + "\n")
            f.flush()


at = socket.socket(socket.AF_UNIX)
at.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
at.listen(16)
while True:
    threading.Thread(target=serve, args=(at.accept()[0],), daemon=True).start()
