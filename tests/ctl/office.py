#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An office telephones for a month and nobody is refused; its accounts are abused, and what
gets through is what the limits allow: as shipped, and with the configuration of docs/fraud.md.

The month (tests/lib/office.py) has the night in which clocks go back, the frauds
(tests/lib/frauds.py) happen in three days of it.  Judged by `sipmoat replay`."""
import collections
import datetime
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import frauds  # noqa: E402
import office  # noqa: E402

PROGRAM = os.environ.get("SIPMOAT") or os.path.join(ROOT, os.environ.get("B", "build"), "sipmoat")
SITE = """
dialplan = { country = "49"; };
trunks = ( { name = "carrier"; addresses = [ "198.51.100.5" ]; } );
trusted = { addresses = [ "198.51.100.5" ]; };
memory = { learning = "0s"; };
"""
FRAUD = os.path.join(ROOT, "docs", "fraud.md")
with open(FRAUD, encoding="utf-8") as page:
    GUARDED = page.read().split("```")[1] + """
trusted = { addresses = [ "198.51.100.5" ]; };
memory = { learning = "0s"; };
"""
NOTHING = SITE + """
calls = { mode = "off"; }; destination = { mode = "off"; }; transfer = { mode = "off"; };
"""
failed = 0


def must(what, holds, *shown):
    global failed
    if not holds:
        failed += 1
        print("FAIL %s" % what, *shown, sep="\n     ")


def at(day, hour=0):
    when = datetime.datetime(2026, 10, 1, tzinfo=office.TZ) + datetime.timedelta(days=day)
    return int(when.replace(hour=hour).timestamp())


def judge(tmp, world, conf):
    """The packets that were refused, and all that was told."""
    capture, config = os.path.join(tmp, "office.pcap"), os.path.join(tmp, "sipmoat.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write(conf)
    world.write(capture)
    run = subprocess.Popen([PROGRAM, "replay", "-c", config, "--json", "--inside", "192.0.2.10",
                            capture], stdout=subprocess.PIPE)
    refused, told = [], []
    for line in run.stdout:
        if b'"accept","check":null' in line:
            continue  # nearly all of them
        said = json.loads(line)
        if said.get("check"):
            told.append(said)
        if said.get("verdict", "accept") != "accept":
            refused.append(said)
    must("replay ends well", run.wait() == 0, run.returncode)
    return refused, told


def month(tmp, name, conf, seed):
    world = office.Office(seed, at(0), 31).live()
    refused, told = judge(tmp, world, conf)
    why = collections.Counter("%s: %s" % (t.get("check"), t.get("reason")) for t in told)
    must("%s: a month of %d packets, nothing refused" % (name, len(world.packets)), not refused,
         *refused[:5])
    must("%s: no call is ended" % name, not [t for t in told if t.get("kind") == "call" and
                                            t.get("cut")], *told[:5])
    must("%s: an operator can read what is told" % name, len(told) <= 60, why.most_common(10))
    print("    %s: %d packets, %d told" % (name, len(world.packets), len(told)))
    for what, n in why.most_common(4):
        print("      %4d x %s" % (n, what))


def attempts(tmp, conf, name, day, hour, how):
    """All that it tries, what gets through of that, and how many packets are refused."""
    world = office.Office(11, at(day - 1), 9 if name == "night" else 3).live()
    frauds.FRAUDS[name](world, at(day, hour), **how)
    refused, _ = judge(tmp, world, conf)
    stopped = {round(r["t"] * 1000000) for r in refused}
    return world.marks, [m for m in world.marks if m[0] not in stopped], len(refused)


def fraud(tmp, conf, name, day, hour, most, **how):
    """At most so many of its requests get through, where all do without the checks."""
    tries, through, _ = attempts(tmp, NOTHING, name, day, hour, how)
    must("%s: all get through when nothing is checked" % name, len(through) == len(tries),
         len(through), len(tries))
    tries, through, refused = attempts(tmp, conf, name, day, hour, how)
    must("%s: at most %d of %d get through" % (name, most, len(tries)), len(through) <= most,
         len(through))
    print("    %s%s: %d of %d got through, %d packets refused" % (
        name, " " + str(how) if how else "", len(through), len(tries), refused))


def run(job):
    """One of JOBS, in a process of its own: how many things are wrong."""
    what, *args = job
    how = args.pop() if isinstance(args[-1], dict) else {}
    with tempfile.TemporaryDirectory() as tmp:
        what(tmp, *args, **how)
    return failed


JOBS = (
    (month, "as shipped", "", 7),
    (month, "as shipped, the dial plan told", SITE, 8),
    (month, "guarded", GUARDED, 9),
    (fraud, SITE, "stolen", 14, 11, 10),
    (fraud, GUARDED, "stolen", 14, 11, 0),
    (fraud, GUARDED, "stolen", 14, 11, 0, {"registers": False}),
    (fraud, GUARDED, "night", 14, 1, 0),
    (fraud, GUARDED, "day", 14, 10, 5),
    # twice the owner of the phone calls somebody else, and a new row begins
    (fraud, GUARDED, "pumping", 14, 11, 3 * 10),
    (fraud, GUARDED, "sequential", 14, 11, 15),
    (fraud, GUARDED, "hacked", 17, 2, 0),
    (fraud, GUARDED, "refer", 14, 11, 0),
    (fraud, GUARDED, "redirect", 14, 11, 0),
)


def main():
    with multiprocessing.Pool(maxtasksperchild=1) as pool:
        return 1 if sum(pool.map(run, JOBS, chunksize=1)) else 0


if __name__ == "__main__":
    sys.exit(main())
