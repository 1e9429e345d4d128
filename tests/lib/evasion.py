# SPDX-License-Identifier: GPL-2.0-or-later
"""One request, spelled in many ways (tests/lib/spellings.py), sent to Kamailio without and
through the firewall:

  evasion.py baseline FOLDER     before the firewall is there: what does Kamailio make of it?
  evasion.py judge FOLDER        through it: forbidden words never arrive, permitted ones do
  evasion.py numbers FOLDER      the same with the number only, which a list of prefixes forbids

FOLDER holds kamailio.log, guard.log and what the first run leaves for the second.  Kamailio
writes what it understood (tests/lib/evasion.cfg); what it does not understand as it is meant
is no spelling.  Each request has a source of its own, so that no ban and no count of one
request touches another, and so that the log tells which request was refused for what."""
import concurrent.futures
import json
import os
import re
import selectors
import socket
import sys
import time
from types import SimpleNamespace

import rawtcp
import spellings
import wires
from spellings_wire import AMBIGUOUS

FORBIDDEN = SimpleNamespace(one=b"friendly-scanner", two=b"Test Agent", number=b"0044900123")
PERMITTED = SimpleNamespace(one=b"friendly-telephone", two=b"Best Agent", number=b"0033900123")
SERVER4, SERVER6 = "192.0.2.130", "2001:db8:0:2::130"
LEAST = 120       # spellings that must hold, for the agent and for the number
LINES = (150, 40)  # refusals at once and a second: the firewall's log tells no more
folder = sys.argv[2]
numbers_only = sys.argv[1] == "numbers"
ROUND = sys.argv[1][0]  # tells the requests of one run from those of another


def said(forbidden, what):
    """What one request says: forbidden in one thing only."""
    words = SimpleNamespace(**vars(PERMITTED))
    if forbidden and what == "agent":
        words.one, words.two = FORBIDDEN.one, FORBIDDEN.two
    elif forbidden:
        words.number = FORBIDDEN.number
    return words


# ---- what Kamailio understood ----
LINE = re.compile(rb"READ method=(\w*) id=(\w*) agent=(\w*) user=(\w*) uri=(\w*) refer=(\w*)")


class Server:
    """Kamailio's log, read as it grows: Call-ID -> what it understood."""

    def __init__(self):
        self.file = open(folder + "/kamailio.log", "rb")
        self.read, self.part = {}, b""

    def look(self):
        self.part += self.file.read()
        *lines, self.part = self.part.split(b"\n")
        for line in lines:
            m = LINE.search(line)
            if m:
                method, ident, agent, user, uri, refer = map(unhex, m.groups())
                ident = ident.split(b"@")[0].decode("latin-1")
                self.read.setdefault(ident, []).append((method, agent, user, refer))
        return self.read


def unhex(digits):
    try:
        return bytes.fromhex(digits.decode())
    except ValueError:
        return b""


def dialled(user):
    """A user part as a dial plan takes it: up to parameters, without separators."""
    user = re.sub(rb"[;\0].*", b"", user, flags=re.S)
    return re.sub(rb"[-.()]", b"", user) if re.fullmatch(rb"[-.()+\d]*", user) else user


def referred(refer):
    m = re.search(rb"(?:sips?|tel):([^@>;?]*)", refer, re.I)
    return re.sub(rb"%(..)", lambda x: unhex(x[1]), m[1]) if m else b""


def understood(reading, words, what):
    method, agent, user, refer = reading
    agent = b" ".join(agent.split()).lower()
    if what == "agent":
        return words.one.lower() in agent or words.two.lower() in agent
    numbers = (words.number, b"+" + words.number[2:])
    return dialled(user) in numbers or method == b"REFER" and dialled(referred(refer)) in numbers


# ---- one request ----
class Try:
    count = 20000 if numbers_only else 0  # the log tells of a source once in a while

    def __init__(self, spelling, what, wire, forbidden, phase, offset=None):
        name, _, _, write = spelling
        Try.count += 1
        self.name, self.what, self.wire, self.phase = name, what, wire, phase
        self.n = Try.count
        self.words = said(forbidden, what)
        self.ident = "%s-%s-%d" % (ROUND, phase, self.n)
        self.port = 20000 + self.n
        v6 = wires.is_v6(wire)
        self.target = SERVER6 if v6 else SERVER4
        net = "198.19" if wire == "tcp-raw" else "198.18"  # the kernel answers for one
        self.source = "2001:db8:66:%x::1" % self.n if v6 else "%s.%d.%d" % (
            net, *divmod(self.n, 256))
        self.data = write(spellings.Words(self.words, self.ident, self.source, self.port,
                                          self.target, wire))
        if offset:
            self.data = [self.data[0][:offset], self.data[0][offset:]]
        self.answer, self.end = b"", None

    def answered(self):
        # an INNOCENT in front of it is answered as well, but not last
        return b"SIP/2.0 200" in self.answer and self.ident.encode() in self.answer

    def readings(self, server):
        return server.look().get(self.ident, [])

    def arrived(self, server):
        return bool(self.readings(server))

    def understood(self, server):
        return any(understood(r, self.words, self.what) for r in self.readings(server))

    def accepted(self, server):
        return self.answered() and self.understood(server)


def every(spelling, what, wire, forbidden, phase):
    """The tries of one spelling over one wire: more than one where it is cut at every byte."""
    if wire != "tcp-every":
        return [Try(spelling, what, wire, forbidden, phase)]
    whole = Try(spelling, what, wire, forbidden, phase).data[0]
    return [Try(spelling, what, wire, forbidden, phase, i) for i in range(1, len(whole) - 8)]


# ---- sending ----
def send_datagrams(tries, enough, quiet):
    """Sends them all; listens until enough says so of each, or nothing came for so long."""
    chosen = selectors.DefaultSelector()
    for t in tries:
        t.sock = socket.socket(socket.AF_INET6 if wires.is_v6(t.wire) else socket.AF_INET,
                               socket.SOCK_DGRAM)
        t.sock.bind((t.source, t.port))
        chosen.register(t.sock, selectors.EVENT_READ, t)
        try:
            wires.datagram(t.wire, t.sock, t.source, t.port, t.target, t.data, t.n)
        except OSError as e:
            t.end = str(e)
    until = time.monotonic() + quiet
    left = tries
    while left and time.monotonic() < until:
        before, left = len(left), [t for t in left if not enough(t)]
        if len(left) < before:
            until = time.monotonic() + quiet
        for key, _ in chosen.select(0.02):
            try:
                key.data.answer += key.fileobj.recv(65535)
            except OSError:
                pass
    for t in tries:
        t.sock.close()


def send_streams(tries, limit):
    def one(t):
        segments = t.data if isinstance(t.data, list) else [t.data]
        def done(got):
            t.answer = got
            return t.answered()
        way = rawtcp.talk if t.wire == "tcp-raw" else wires.stream
        try:
            t.answer, t.end = way(t.source, t.port, t.target, segments, done, limit)
        except OSError as e:
            t.end = str(e)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(one, tries))


def batches(tries, size):
    return [tries[i:i + size] for i in range(0, len(tries), size)]


def send(tries, enough, quiet, limit=2):
    for batch in batches([t for t in tries if not wires.is_tcp(t.wire)], 100):
        send_datagrams(batch, enough, quiet)
    send_streams([t for t in tries if wires.is_tcp(t.wire)], limit)


# ---- the firewall's log ----
REFUSED = re.compile(r"(?:dropped|refused) \S+(?: with \d+)?(?: and ended the TCP connection)?:"
                     r" ([\w-]+): (.*) \(.* from (\S+):\d+ to ")


class Guard:
    def __init__(self):
        self.file = open(folder + "/guard.log", encoding="latin-1")
        self.file.seek(0, os.SEEK_END if numbers_only else os.SEEK_SET)
        self.why, self.part, self.tokens, self.at = {}, "", LINES[0], time.monotonic()

    def look(self):
        self.part += self.file.read()
        *lines, self.part = self.part.split("\n")
        for line in lines:
            m = REFUSED.search(line)
            if m:
                self.why[m[3]] = "%s: %s" % (m[1], m[2])
        return self.why

    def refusal(self, t):
        return self.look().get("[%s]" % t.source if ":" in t.source else t.source)

    def wait_for_lines(self, n):
        """Until the log may tell n more lines."""
        now = time.monotonic()
        self.tokens = min(LINES[0], self.tokens + (now - self.at) * LINES[1])
        self.at = now
        if self.tokens < n:
            time.sleep((n - self.tokens) / LINES[1])
        self.tokens -= n


# ---- the two runs ----
def subjects():
    """(key, spelling, what, wire): all there is to try."""
    for spelling in spellings.ALL:
        name, about, over, _ = spelling
        if numbers_only and name == "in REFER":
            continue  # to the number: that calls nobody
        for what in ("number",) if numbers_only else ("agent", "number"):
            for wire in over if about in (what, "both") else ():
                if wires.is_v6(wire) and not os.path.exists("/proc/net/if_inet6"):
                    continue
                yield "%s|%s|%s" % (name, what, wire), spelling, what, wire


def baseline():
    server, rows = Server(), {}
    tries = {(key, forbidden): every(spelling, what, wire, forbidden, "base")
             for key, spelling, what, wire in subjects() for forbidden in (True, False)}
    send([t for ts in tries.values() for t in ts], lambda t: t.accepted(server), 0.7)
    for (key, forbidden), ts in tries.items():
        bad = [t for t in ts if not t.accepted(server)]
        said = "ok"
        if bad:
            reading = bad[0].readings(server)
            said = ("refused" if not reading else "not answered" if bad[0].understood(
                server) else
                "read otherwise: %r" % (reading[0],))
        if rows.get(key, "ok") == "ok":
            rows[key] = said
    with open(folder + "/baseline.json", "w") as f:
        json.dump(rows, f)


def judge():
    server, guard = Server(), Guard()
    with open(folder + "/baseline.json") as f:
        base = json.load(f)
    rows = {}
    for key, spelling, what, wire in subjects():
        # what is read but not answered must not arrive either
        if base[key] in ("ok", "not answered"):
            rows[key] = {"permitted": every(spelling, what, wire, False, "permitted")
                         if base[key] == "ok" else [],
                         "forbidden": every(spelling, what, wire, True, "forbidden")}
    send([t for r in rows.values() for t in r["permitted"]],
         lambda t: t.accepted(server) or guard.refusal(t), 2, 8)
    guard.tokens = 0 if numbers_only else LINES[0] - len(guard.look())
    guard.at = time.monotonic()
    forbidden = [t for r in rows.values() for t in r["forbidden"]]
    datagrams = [t for t in forbidden if not wires.is_tcp(t.wire)]
    for batch in batches(datagrams, 30):
        guard.wait_for_lines(len(batch))
        send(batch, lambda t: t.arrived(server) or guard.refusal(t), 1)
    for batch in batches([t for t in forbidden if t.wire in ("tcp", "tcp6", "tcp-raw")], 100):
        guard.wait_for_lines(len(batch))
        send(batch, None, 0)
    send([t for t in forbidden if t.wire == "tcp-every"], None, 0)
    # until each is known to have been refused or to have arrived; some are dropped in silence
    end = time.monotonic() + 2
    while time.monotonic() < end and not all(t.arrived(server) or guard.refusal(t)
                                             for t in forbidden):
        time.sleep(0.02)
    return report(rows, base, server, guard)


def verdict(row, server, guard):
    """(forbidden, permitted) in words; "stopped" and "arrived" are the good ones."""
    leaks = [t for t in row["forbidden"] if t.understood(server)]
    lost = [t for t in row["permitted"] if not t.accepted(server)]
    whys = {(guard.refusal(t) or "?").split(":")[0] for t in row["forbidden"]} - {"?"}
    forbidden = "ARRIVED" if leaks else "stopped by " + (", ".join(sorted(whys)) or "?")
    if leaks and len(row["forbidden"]) > 1:
        forbidden += " (%d of %d)" % (len(leaks), len(row["forbidden"]))
    if not lost:
        return forbidden, "arrived" if row["permitted"] else "-"
    why = guard.refusal(lost[0]) or "LOST (%s)" % (lost[0].end or (
        "read otherwise" if lost[0].arrived(server) else "no answer"))
    if len(row["permitted"]) > 1:
        why += " (%d of %d)" % (len(lost), len(row["permitted"]))
    return forbidden, why


def report(rows, base, server, guard):
    holds, wrong, ambiguous = {"agent": set(), "number": set()}, [], 0
    print("%-52s %-6s %-8s %-22s %s" % ("spelling", "what", "over", "forbidden", "permitted"))
    for key, row in rows.items():
        name, what, wire = key.split("|")
        forbidden, permitted = verdict(row, server, guard)
        why = AMBIGUOUS.get(name + "|" + wire) or AMBIGUOUS.get(name)
        print("%-52s %-6s %-8s %-22s %s" % (name, what, wire.split(" ")[0], forbidden, permitted))
        by = {"agent": "agent", "number": "destination"}[what]
        if numbers_only and "transfer" in forbidden:
            by = "transfer"  # which looks at the number in Refer-To
        if forbidden.startswith("ARRIVED"):
            wrong.append("%s (%s, %s) came through" % (name, what, wire))
        elif permitted == "-":
            pass
        elif why and re.match(why, permitted):
            ambiguous += 1
        elif permitted != "arrived" or why:
            wrong.append("%s (%s, %s) permitted: %s" % (name, what, wire, permitted))
        elif by not in forbidden:
            wrong.append("%s (%s, %s) forbidden: %s" % (name, what, wire, forbidden))
        else:
            holds[what].add(name)
    print()
    for key, said in base.items():
        if said != "ok":
            print("no spelling to Kamailio: %s: %s" % (" / ".join(key.split("|")), said))
    print("\n%d spellings of the agent and %d of the number hold, %d in all; %d requests are "
          "refused in either case as ambiguous" % (len(holds["agent"]), len(holds["number"]),
                                                   len(holds["agent"] | holds["number"]), ambiguous))
    for w in wrong:
        print("not ok: " + w)
    for what, names in holds.items():
        if len(names) < LEAST and (what == "number" or not numbers_only):
            wrong.append(what)
            print("not ok: only %d spellings of the %s, wanted %d" % (len(names), what, LEAST))
    return 1 if wrong else 0


if sys.argv[1] == "baseline":
    baseline()
else:
    sys.exit(judge())
