#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays every case and compares:  tests/cases/run.py [NAME...]

A case is a folder with case.txt (see tests/lib/mkpcap.py), maybe sipmoat.conf
(else the shipped one), maybe lists/ beside it, maybe
"databases", each line the arguments of tests/lib/mmdb.py, whose files the config
finds in TMP, and expect, whose lines are, the last that fits a packet counts:

  PACKETS VERDICT [CHECK] [ban=SECONDS] [method=NAME] [status=CODE] [src=null]
          [proto=TEXT] [messages=N] [reset=yes|no] [reason~TEXT]
          [token=yes|no] [approved=yes|no] [code=CODE] [after=MILLISECONDS]
          [kept=stranger|capped]
          [banned=PREFIX] [proven=yes|no] [times=N]
          [mark=NUMBER] [marked=SECONDS]  on the packet; its source: without these, not
          [answer~TEXT] [answer!~TEXT]    in what is sent back, or not in it
      PACKETS: * or frame numbers, "17", "17-20", or those of a label, "flood/17",
      "flood/17-20", "flood/18-", "flood/*".  Without CHECK no check may have hit.
      "* accept" is understood.
  banned LABEL within SECONDS by CHECK
      one of its packets brings the ban, not later than that after its first, and
      nothing of it is accepted afterwards
  summary key=value... bans=ADDRESS/CHECK,...   (bans=- for none; else not compared)
          defects=NAME:COUNT,...                (likewise)
  waited SECOND ADDRESS PORT
      a TCP connection of that end is ended for waiting too long, at that time; when
      a case has such lines, or "waited none", there are no others
  call SECOND CHECK [cut=yes|no] [user=TEXT] [number=TEXT] [reason~TEXT]
      something becomes due of a running call at that time; there are no others
  unheard SECOND ADDRESS, heard SECOND ADDRESS
      the answers of a server are missed at that time, or seen again; there are no others
  inside ADDRESS,...   what it works out without --inside, "-": nothing, the config
                       says it (else --inside 192.0.2.10,2001:db8::10 is given)
  exit CODE            (0 is understood)

A folder with "same" in place of case.txt and expect has the names of other cases, one
a line, and a sipmoat.conf: each of them must say what it says anyway when this is added
to its own (what it says itself counts).

Of every packet n, t and both ends are compared with the script as well.  Each
case runs a second time, with the capture split into two files, and must say the
same to the byte; and each object is as docs/schema/replay.json says.  What says that it is legitimate is read by tests/lib/proofread.py
first.  SIPMOAT names the program (build/sipmoat).
"""
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.join(os.path.dirname(HERE), "lib")
sys.path.insert(0, LIB)
import mkpcap  # noqa: E402
import proofread  # noqa: E402

SHIPPED = os.path.join(os.path.dirname(os.path.dirname(HERE)), "systemd", "sipmoat.conf")
NUMBERS = ("ban", "status", "messages", "code", "after", "times", "mark", "marked")
NOT_SHOWN = {"reset": False, "token": False, "approved": False, "proven": False}
BY_VALUE = ("verdict", "proto", "kept", "token")  # in the schema by more than their type
try:
    import jsonschema
    with open(os.path.join(HERE, "..", "..", "docs", "schema", "replay.json"),
              encoding="ascii") as schema:
        SCHEMA = jsonschema.Draft7Validator(json.load(schema))
except ImportError:
    SCHEMA = None
seen = set()  # shapes of objects that were held to it
UNMARKED = {"mark": None, "marked": None}
INSIDE = "192.0.2.10,2001:db8::10"
PROGRAM = os.environ.get("SIPMOAT") or os.path.join(
    os.path.dirname(os.path.dirname(HERE)), os.environ.get("B", "build"), "sipmoat")


class Expect:
    def __init__(self, path):
        self.rules, self.banned, self.summary = [], [], {}
        self.inside, self.exit, self.waited, self.sights = None, 0, None, []
        self.calls = []
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                words = line.split("#")[0].split()
                if words:
                    self.read("%s:%d" % (path, number), words)

    def read(self, where, words):
        if words[0] == "banned" and words[2] == "within" and words[4] == "by":
            self.banned.append((words[1], float(words[3]), words[5]))
        elif words[0] == "summary":
            self.summary.update(w.split("=", 1) for w in words[1:])
        elif words[0] == "waited":
            self.waited = (self.waited or []) + (
                [] if words[1] == "none" else [(float(words[1]), words[2], int(words[3]))])
        elif words[0] == "call":
            self.calls.append((float(words[1]), words[2], words[3:]))
        elif words[0] in ("heard", "unheard"):
            self.sights.append((float(words[1]), words[2], words[0] == "heard"))
        elif words[0] == "inside":
            self.inside = words[1]
        elif words[0] == "exit":
            self.exit = int(words[1])
        elif words[1] in ("accept", "drop", "reject", "decoy"):
            self.rules.append((where, words[0], words[1], words[2:]))
        else:
            raise mkpcap.CaseError("%s: not understood: %s" % (where, " ".join(words)))


def frames_of(case, spec):
    """Frame numbers, from 1, that a PACKETS word names."""
    label, slash, which = spec.rpartition("/")
    pool = [i + 1 for i, p in enumerate(case.packets) if not slash or p.label == label]
    if slash and not pool:
        raise mkpcap.CaseError("no packet has the label " + label)
    if which == "*":
        return pool
    first, dash, last = which.partition("-")
    lo, hi = int(first), int(last) if last else (len(pool) if dash else int(first))
    if not 1 <= lo <= hi <= len(pool):
        raise mkpcap.CaseError("no such packets: " + spec)
    return pool[lo - 1:hi]


def wanted(case, expect):
    """For each frame: verdict, check, ban, other members, where it is said."""
    want = [{"verdict": "accept", "check": None, "ban": None, **UNMARKED, "where": "default"}
            for _ in case.packets]
    for where, spec, verdict, words in expect.rules:
        rule = {"verdict": verdict, "check": None, "ban": None, **UNMARKED, "where": where}
        for w in words:
            if "~" in w:
                key, _, value = w.partition("~")
                rule[key + "~"] = value.replace("_", " ")
            elif "=" in w:
                key, _, value = w.partition("=")
                number = key in NUMBERS and value != "null"
                rule[key] = value == "yes" if key in NOT_SHOWN else int(value) if number else value
            else:
                rule["check"] = w
        for n in frames_of(case, spec):
            want[n - 1] = rule
    return want


def compare_packet(case, n, packet, got, want, free):
    ends = {"n": n, "src": packet.src and str(packet.src), "dst": packet.dst and str(packet.dst),
            "sport": packet.sport, "dport": packet.dport}
    if packet.src is None:  # raw bytes: the script does not know its ends
        ends = {"n": n}
    for key, value in ends.items():
        if got[key] != value:
            yield "%d: %s is %r, sent %r" % (n, key, got[key], value)
    if round(got["t"] * 1000000) != case.start + packet.when:
        yield "%d: t is %r" % (n, got["t"])
    for key, value in want.items() if n not in free else ():
        if key == "where":
            continue
        if key.endswith("~"):
            if (value in (got.get(key[:-2]) or "")) if key.endswith("!~") else value not in (
                    got.get(key[:-1]) or ""):
                yield "%d: %s is %r, wanted %s%r" % (n, key, got.get(key.strip("!~")), "~", value)
        elif key == "token":
            if value != bool(got.get(key)):
                yield "%d: its token is %r (%s)" % (n, got.get(key), want["where"])
        elif (None if value == "null" else value) != got.get(key, NOT_SHOWN.get(key)):
            yield "%d: %s is %r, wanted %r (%s): %s" % (
                n, key, got.get(key), value, want["where"], json.dumps(got))
    if (got["check"] is None) != (got["reason"] is None) and packet.sport is not None:
        yield "%d: check without reason or the reverse: %s" % (n, json.dumps(got))


def compare_calls(case, expect, calls):
    said = [(round(c["t"] - case.start / 1e6, 6), c["check"]) for c in calls]
    if said != [c[:2] for c in expect.calls]:
        yield "calls: %s, wanted %s" % (said, [c[:2] for c in expect.calls])
        return
    for got, (when, _, words) in zip(calls, expect.calls):
        for w in words:
            key, tilde, value = w.partition("~")
            if not tilde:
                key, _, value = w.partition("=")
            is_ = {True: "yes", False: "no"}.get(got[key], got[key])
            if value.replace("_", " ") not in is_ if tilde else is_ != value:
                yield "call at %s: %s is %r, wanted %r" % (when, key, is_, value)


def compare_banned(case, objects, label, within, check):
    frames = frames_of(case, label + "/*")
    start = case.packets[frames[0] - 1].when
    at = next((n for n in frames if objects[n - 1]["ban"]), None)
    if at is None:
        yield "%s was not banned" % label
        return
    by, took = objects[at - 1]["check"], (case.packets[at - 1].when - start) / 1e6
    if by != check:
        yield "%s was banned by %s, not %s" % (label, by, check)
    if took > within:
        yield "%s was banned after %.3f s, not within %s" % (label, took, within)
    for n in frames:
        if n >= at and objects[n - 1]["verdict"] != "drop":
            yield "%d: %s passes after its ban" % (n, label)


def compare_summary(objects, summary, expect):
    counts = {"packets": len(objects)}
    for key, verdict in (("accepted", "accept"), ("dropped", "drop"), ("rejected", "reject"),
                         ("deceived", "decoy")):
        counts[key] = sum(o["verdict"] == verdict for o in objects)
    counts["messages"] = sum(o.get("messages", "method" in o or "status" in o) for o in objects)
    counts["resets"] = sum(o.get("reset", False) for o in objects)
    for key, value in expect.summary.items():
        if key == "bans":
            got = ",".join("%s/%s" % (b["addr"], b["check"]) for b in summary["bans"]) or "-"
            if got != value:
                yield "summary: bans are %s, wanted %s" % (got, value)
        elif key == "defects":
            got = ",".join("%s:%d" % d for d in sorted(summary["defects"].items())) or "-"
            if got != value:
                yield "summary: defects are %s, wanted %s" % (got, value)
        elif summary[key] != int(value):
            yield "summary: %s is %d, wanted %s" % (key, summary[key], value)
    for key, value in counts.items():
        if summary[key] != value:
            yield "summary: %s is %d, the lines say %d" % (key, summary[key], value)


def added(folder, more, tmp):
    """The config of a case with another one's groups; returns the folder it is in."""
    text = ""
    if os.path.exists(os.path.join(folder, "sipmoat.conf")):
        with open(os.path.join(folder, "sipmoat.conf"), encoding="utf-8") as f:
            text = f.read()
    with open(os.path.join(more, "sipmoat.conf"), encoding="utf-8") as f:
        for line in f:  # a group a line
            if not re.search("^%s *=" % re.escape(line.split(" ")[0]), text, re.M):
                text += line
    both = os.path.join(tmp, "both")
    shutil.copytree(folder, both)
    with open(os.path.join(both, "sipmoat.conf"), "w", encoding="utf-8") as out:
        out.write(text)
    return both


def config(folder, tmp):
    """The case's config with all it needs, made in tmp; returns its path."""
    own = os.path.join(folder, "sipmoat.conf")
    if not os.path.exists(own):
        return SHIPPED
    databases = os.path.join(folder, "databases")
    if os.path.exists(databases):
        with open(databases, encoding="utf-8") as f:
            for line in f:
                subprocess.run([sys.executable, os.path.join(LIB, "mmdb.py")] + line.split(),
                               cwd=tmp, check=True)
    if os.path.exists(os.path.join(folder, "lists")):
        shutil.copytree(os.path.join(folder, "lists"), os.path.join(tmp, "lists"))
    with open(own, encoding="utf-8") as f, \
            open(os.path.join(tmp, "sipmoat.conf"), "w", encoding="utf-8") as out:
        out.write(f.read().replace("TMP", tmp))
    return out.name


def replay(conf, expect, files):
    command = [PROGRAM, "replay", "--json", "-c", conf]
    if expect.inside is None:
        command += ["--inside", INSIDE]
    return subprocess.run(command + files, capture_output=True, check=False)


def differences(name, tmp):
    under, _, plain = name.rpartition("/")
    folder = os.path.join(HERE, plain)
    if under:
        folder = added(folder, os.path.join(HERE, under), tmp)
    case = mkpcap.Case(os.path.join(folder, "case.txt"))
    expect = Expect(os.path.join(folder, "expect"))
    yield from ("proofread " + text for text in proofread.proofread(case))
    files = [os.path.join(tmp, name) for name in ("all", "front", "back")]
    half = len(case.packets) // 2
    case.write(files[0])
    case.write(files[1], None, half)
    case.write(files[2], half)
    conf = config(folder, tmp)
    run = replay(conf, expect, files[:1])
    if run.returncode != expect.exit:
        yield "exit status is %d, wanted %d: %s" % (run.returncode, expect.exit,
                                                   run.stderr.decode())
    split = replay(conf, expect, files[1:])
    if run.stdout != split.stdout:
        yield "the capture split in two says something else:"
        yield from list(difflib.unified_diff(run.stdout.decode().split("\n"),
                                             split.stdout.decode().split("\n"), n=0))[:8]
    if run.returncode not in (0, expect.exit) or expect.exit:
        return
    yield from compare(case, expect, run)


def shape(key, value):
    """Objects of one shape are to the schema alike."""
    if isinstance(value, dict):
        return (key,) + tuple(shape(k, v) for k, v in value.items())
    return key, value if key in BY_VALUE else type(value).__name__


def misshapen(o):
    """What the schema finds wrong with an object, if it is the first of its shape."""
    key = shape("", o)
    if key in seen or SCHEMA is None:
        return []
    seen.add(key)
    return ["not as docs/schema/replay.json says: %.500s" % json.dumps(o)
            for _ in SCHEMA.iter_errors(o)]


def compare(case, expect, run):
    objects = [json.loads(line) for line in run.stdout.decode("ascii").splitlines()]
    for o in objects:
        yield from misshapen(o)
    summary = objects.pop()["summary"]
    waited = [o["waited"] for o in objects if "waited" in o]
    objects = [o for o in objects if "waited" not in o]
    calls = [o["call"] for o in objects if "call" in o]
    objects = [o for o in objects if "call" not in o]
    yield from compare_calls(case, expect, calls)
    sights = [o["sight"] for o in objects if "sight" in o]
    objects = [o for o in objects if "sight" not in o]
    got = [(round(s["t"] - case.start / 1e6, 6), s["server"], s["heard"]) for s in sights]
    if got != expect.sights:
        yield "servers heard: %r, wanted %r" % (got, expect.sights)
    got = [(round(w["t"] - case.start / 1e6, 6), w["src"], w["sport"]) for w in waited]
    if expect.waited is not None and got != expect.waited:
        yield "waited too long: %r, wanted %r" % (got, expect.waited)
    if summary["waited"] != len(waited):
        yield "summary: waited is %d, the lines say %d" % (summary["waited"], len(waited))
    if len(objects) != len(case.packets):
        yield "%d packets reported, %d sent" % (len(objects), len(case.packets))
        return
    free = {n for label, _, _ in expect.banned for n in frames_of(case, label + "/*")}
    want = wanted(case, expect)
    for n, (packet, got) in enumerate(zip(case.packets, objects), 1):
        yield from compare_packet(case, n, packet, got, want[n - 1], free)
    for banned in expect.banned:
        yield from compare_banned(case, objects, *banned)
    yield from compare_summary(objects, summary, expect)
    if expect.inside is not None:
        got = ",".join(line.split()[1] for line in run.stderr.decode().splitlines()
                       if line.startswith("inside: ")) or "-"
        if got != expect.inside:
            yield "inside is %r, wanted %r" % (got, expect.inside)


def alike(name):
    """What a name stands for: the case, or those of a list."""
    listed = os.path.join(HERE, name, "same")
    if not os.path.exists(listed):
        return [name]
    with open(listed, encoding="utf-8") as f:
        return [name + "/" + line.strip() for line in f if line.strip()]


def judge(name):
    """What is wrong with a case, as lines."""
    with tempfile.TemporaryDirectory(prefix="sipmoat-case-") as tmp:
        try:
            return list(differences(name, tmp))
        except (mkpcap.CaseError, OSError, ValueError, KeyError,
                subprocess.SubprocessError) as e:
            return ["%s: %s" % (type(e).__name__, e)]


def main():
    names = sys.argv[1:] or sorted(
        d for d in os.listdir(HERE)
        if os.path.exists(os.path.join(HERE, d, "case.txt")) or
        os.path.exists(os.path.join(HERE, d, "same")))
    names = [one for name in names for one in alike(name)]
    failed = 0
    # as many processes as there are cores: building a case is work for this language too
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(judge, names))
    for name, diff in zip(names, results):
        if diff:
            failed += 1
            print("FAIL %s: %d differences" % (name, len(diff)))
            print("".join("    %s\n" % d for d in diff[:12]), end="")
        else:
            print("PASS " + name)
    print("%d cases, %d failed" % (len(names), failed))
    sys.exit(1 if failed or not names else 0)


if __name__ == "__main__":
    main()
