#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the algorithms of the check `pipe` let pass, as tables in docs/checks/pipe.md:

  pipes.py            are the tables there what comes out now?
  pipes.py --write    puts them there

Arrivals go through `sipmoat replay`; feedback, which needs a daemon that is too slow, through
tests/workers/overload.c.  Beside it Kamailio's pipelimit with the same parameters: a simulation
of what its documentation and source say, with its timer at every phase."""
import difflib
import itertools
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
PROGRAM = os.environ.get("SIPMOAT") or os.path.join(BUILD, "sipmoat")
OVERLOAD = os.path.join(BUILD, "tests", "workers", "overload")
PAGE = os.path.join(ROOT, "docs", "checks", "pipe.md")

LIMIT, WINDOW = 100, 10  # messages in s
LENGTH = 120             # s
LOADS = (0.5, 1, 1.5, 2, 4)
PHASES = [p / 4 for p in range(WINDOW * 4)]  # when Kamailio's timer fires, s
NS = 1000000000
SERVICE, REFUSAL, TARGET = 1000000, 100000, 20  # ns, ns, ms
OFF = "flood = { mode = \"off\"; }; scan = { mode = \"off\"; };\n"


# ---- arrivals: seconds, to the microsecond ----

def constant(rate, length):
    return [round(i / rate, 6) for i in range(int(rate * length))]


def bursty(rate, length):
    """What comes in ten seconds comes in one of them."""
    each = int(rate * 10)
    return [round(start + 4.5 + i / each, 6) for start in range(0, length, 10)
            for i in range(each)]


def poisson(rate, length):
    dice, times, now = random.Random(1993), [], 0.0
    while True:
        now += dice.expovariate(rate)
        if now >= length:
            return times
        times.append(round(now, 6))


SHAPES = (("constant", constant), ("bursts", bursty), ("Poisson", poisson))


# ---- through replay ----

def checksum(data):
    words = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return ~words & 0xffff


def packet(i):
    text = ("OPTIONS sip:100@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;"
            "branch=z9hG4bK%d\r\nMax-Forwards: 70\r\nFrom: <sip:200@pbx.example>;tag=f%d\r\n"
            "To: <sip:100@pbx.example>\r\nCall-ID: c%d\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n" % (i, i, i)).encode()
    udp = struct.pack(">HHHH", 5060, 5060, 8 + len(text), 0)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(text), i & 0xffff, 0, 64, 17, 0,
                       bytes((203, 0, 113, 9)), bytes((192, 0, 2, 10)))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp + text


def capture(path, times):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for i, when in enumerate(times):
            data, us = packet(i), round(when * 1000000)
            f.write(struct.pack("<IIII", 1000000000 + us // 1000000, us % 1000000, len(data),
                                len(data)) + data)


def replay(times, pipe):
    """Times of what passed."""
    with tempfile.TemporaryDirectory() as tmp:
        pcap, conf = os.path.join(tmp, "a.pcap"), os.path.join(tmp, "sipmoat.conf")
        capture(pcap, times)
        with open(conf, "w", encoding="ascii") as f:
            f.write(OFF + "pipe = { pipes = ( { name = \"p\"; reserve = 0; %s } ); };\n" % pipe)
        run = subprocess.run([PROGRAM, "replay", "--json", "-c", conf, "--inside", "192.0.2.10",
                              pcap], stdout=subprocess.PIPE, check=True)
    said = [json.loads(line) for line in run.stdout.decode("ascii").splitlines()]
    return [times[d["n"] - 1] for d in said if d.get("verdict") == "accept"]


# ---- Kamailio's pipelimit ----

def turns(phase, window=WINDOW):
    """When the timer comes, without end."""
    return itertools.count(phase if phase else window, window)


def kamailio(times, algorithm, timer, limit=LIMIT):
    """A counter that a timer sets to 0; load: counter / limit at that moment."""
    passed, counter, load = [], 0, 0
    timer = iter(timer)
    turn = next(timer)
    for t in times:
        while t >= turn:
            load, counter, turn = counter // limit, 0, next(timer)
        counter += 1
        if algorithm == "TAILDROP":
            passes = counter <= limit
        else:
            passes = load == 0 or counter % load == 0
        if passes:
            passed.append(t)
    return passed


# ---- what is told of it ----

def most(times):
    """In any window: [t, t + WINDOW)."""
    best = first = 0
    for i, t in enumerate(times):
        while round((t - times[first]) * 1000000) >= WINDOW * 1000000:
            first += 1
        best = max(best, i - first + 1)
    return best


def cell(runs):
    """Passed in a window on average, and at most in any; of several runs."""
    mean = sum(len(r) for r in runs) * WINDOW / LENGTH / len(runs)
    return "%.0f / %d" % (mean, max(most(r) for r in runs))


def ideal(times):
    """All that fits into every window, and nothing more: taildrop must say the same."""
    passed = []
    for t in times:
        window = [p for p in passed[-LIMIT:] if round((t - p) * 1000000) < WINDOW * 1000000]
        if len(window) < LIMIT:
            passed.append(t)
    return passed


OURS = (("taildrop", "limit = %d; window = \"%ds\";" % (LIMIT, WINDOW)),
        ("bucket", "algorithm = \"bucket\"; limit = %d; window = \"%ds\"; burst = 30;"
         % (LIMIT, WINDOW)),
        ("red", "algorithm = \"red\"; limit = %d; window = \"%ds\";" % (LIMIT, WINDOW)))


def limit_row(job):
    name, shape, load = job
    times = shape(load * LIMIT / WINDOW, LENGTH)
    ours = [replay(times, pipe) for _, pipe in OURS]
    if ours[0] != ideal(times):
        raise SystemExit("taildrop, %s at %s: not what fits and nothing more" % (name, load))
    if most(ours[0]) > LIMIT or most(ours[2]) > LIMIT or most(ours[1]) > LIMIT + 30:
        raise SystemExit("%s at %s: more than the limit in a window" % (name, load))
    cells = ["%.0f / %d" % (len(times) * WINDOW / LENGTH, most(times))]
    cells += [cell([o]) for o in ours]
    for algorithm in ("TAILDROP", "RED"):
        cells.append(cell([kamailio(times, algorithm, turns(p)) for p in PHASES]))
    return "| %s | %s x | %s |" % (name, load, " | ".join(cells))


def overload(times, pipe):
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="ascii") as f:
        f.write(OFF + pipe)
        f.flush()
        run = subprocess.run([OVERLOAD, f.name, str(SERVICE), str(REFUSAL)], check=True,
                             input="".join("%d\n" % round(NS + t * NS) for t in times).encode(),
                             stdout=subprocess.PIPE)
    lines = [line.split() for line in run.stdout.decode("ascii").splitlines()]
    return [int(w) / 1e6 for w, _ in lines], [int(p) for _, p in lines]


def feedback_row(job):
    name, shape, load = job
    rate = load * NS / SERVICE
    times = shape(rate, 60)
    wait, passed = overload(times, "pipe = { pipes = ( { name = \"p\"; algorithm = \"feedback\";"
                            " target = %d; reserve = 0; } ); };\n" % TARGET)
    without, _ = overload(times, "")
    settled = [w for t, w in zip(times, wait) if t >= 1]
    if name == "constant" and max(settled) > 1.5 * TARGET:
        raise SystemExit("feedback, %s at %s: waits of %.0f ms" % (name, load, max(settled)))
    return "| %s | %s x | %.0f | %.0f | %.1f / %.1f | %.0f |" % (
        name, load, len(times) / 60, sum(passed) / 60, sum(wait) / len(wait), max(wait),
        max(without))


def tables():
    jobs = [(name, shape, load) for name, shape in SHAPES for load in LOADS]
    with ProcessPoolExecutor() as pool:
        limits, feedback = list(pool.map(limit_row, jobs)), list(pool.map(feedback_row, jobs))
    return {
        "limits": ["| arrivals | load | offered | taildrop | bucket | red | "
                   "Kamailio TAILDROP | Kamailio RED |", "|---|---|---|---|---|---|---|---|"]
        + limits,
        "feedback": ["| arrivals | load | offered a second | passed a second | "
                     "ms of waiting, mean / most | most without the pipe |",
                     "|---|---|---|---|---|---|"] + feedback,
    }


def placed(page, name, lines):
    begin, end = "<!-- table %s -->\n" % name, "<!-- end -->\n"
    before, found, rest = page.partition(begin)
    old, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise SystemExit("%s has no place for the table %s" % (PAGE, name))
    del old
    return before + begin + "\n".join(lines) + "\n" + end + after


def main():
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    new = page
    for name, lines in tables().items():
        new = placed(new, name, lines)
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(new)
    elif new != page:
        print("docs/checks/pipe.md says something else (tests/ctl/pipes.py --write):")
        print("\n".join(difflib.unified_diff(page.splitlines(), new.splitlines(), "page", "now",
                                             lineterm="", n=0)))
        sys.exit(1)


if __name__ == "__main__":
    main()
