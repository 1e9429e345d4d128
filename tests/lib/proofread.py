#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a case's messages as a strict stateful firewall would:  proofread.py case.txt...

For cases of legitimate traffic, whose head says "proofread: yes", or
"proofread: but RULE RULE" where something is left out on purpose.  It knows nothing
of how the messages were made.  RFC 3261 unless said otherwise:

  inside      each message crosses: one end is inside
  form        8.1.1 the six headers, once each; 20.14 the length; 7.3.1 CSeq's method
  branch      8.1.1.7 a new one for each transaction, with the cookie; 17.1.1.3, 9.1
              that of the INVITE for the ACK of a refusal and for CANCEL
  answer      8.2.6, 17.1.3 to a request on this hop: Via, From, Call-ID, CSeq; a To
              tag but in 100; 12.1.1 the Record-Route
  order       13.2.2.4 nothing but 2xx after a final answer
  dialog      12.2.1.1 known tags, Call-ID; RFC 6665 4.1.2.4 a NOTIFY may be first
  cseq        12.2.1.1 goes up in a dialog, and outside by Call-ID
  target      12.2.1.1, 12.2.1.2 Request-URI is the peer's Contact
  route       12.2.1.1 what remains of the route set
  passed      16.6 the same Via stack as on the hop before, one hop less
  cancel      9.1 after a provisional answer, before the final
  nonce       22.2 was given in a challenge, nc goes up by one
  final       each request gets a final answer, each final to an INVITE its ACK
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mkpcap  # noqa: E402

LONG = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "r": "refer-to",
        "l": "content-length", "c": "content-type", "k": "supported", "o": "event"}
FORMING = ("INVITE", "SUBSCRIBE", "REFER")
SINGLE = ("from", "to", "call-id", "cseq", "content-length")


class Message:
    def __init__(self, n, when, src, dst, data):
        self.n, self.when, self.src, self.dst, self.data = n, when, src, dst, data
        head, _, self.body = data.decode().partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        self.start, self.headers = lines[0], []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.headers.append((LONG.get(name, name), value.strip()))
        number, _, self.method = self.one("cseq").partition(" ")
        self.cseq, self.callid = int(number), self.one("call-id")
        self.ftag, self.ttag = self.tag("from"), self.tag("to")
        self.vias = [v.strip() for v in ", ".join(self.all("via")).split(",")]
        self.branch = self.param(self.vias[0], "branch")
        self.code = int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0
        self.uri = self.start.split()[1]
        self.final = self.rung = self.final_to = None
        self.acked = False

    def all(self, name):
        return [v for k, v in self.headers if k == name]

    def one(self, name):
        return (self.all(name) or [""])[0]

    def uris(self, name):
        return re.findall(r"<([^>]*)>", ",".join(self.all(name)))

    @staticmethod
    def param(text, name):
        match = re.search(r";\s*%s\s*=\s*([^;,\s>]+)" % name, text)
        return match.group(1) if match else None

    def tag(self, name):
        return self.param(re.sub(r'.*"\s*<|<[^>]*>', "", self.one(name)), "tag")

    def stack(self):
        """The Vias without what receivers add (18.2.1, RFC 3581)."""
        return [re.sub(r";(received=[^;,]*|rport(=\d+)?)", "", v) for v in self.vias]

    def same(self, other, *names):
        return all(self.all(k) == other.all(k) for k in names)


class Reader:
    def __init__(self, case):
        self.wrong, self.requests = [], []
        self.dialogs = set()   # (Call-ID, from tag, to tag)
        self.targets, self.routes, self.last = {}, {}, {}
        self.nonces, self.passed, self.refreshing = {}, {}, []
        known = [(0, p) for p in case.unseen] + list(enumerate(case.packets, 1))
        for n, p in sorted(known, key=lambda known: known[1].when):
            data = payload(p)
            if data is not None and data.strip():
                self.m = Message(n, p.when, (str(p.src), p.sport), (str(p.dst), p.dport), data)
                self.message()
        self.ending()

    def need(self, rule, good, text):
        if not good:
            self.wrong.append((rule, "%d: %s: %s (%s)" % (self.m.n, rule, text, self.m.start)))
        return good

    def message(self):
        m = self.m
        inside = [a.startswith("192.0.2.") or a in ("2001:db8::10", "2001:db8::11")
                  for a in (m.src[0], m.dst[0])]
        self.need("inside", inside[0] != inside[1] or not m.n, "does not cross")
        for name in SINGLE:
            self.need("form", len(m.all(name)) == 1, name + " is not there once")
        self.need("form", m.one("content-length") == str(len(m.body.encode())), "length")
        self.need("form", m.code or m.start.split()[0] == m.method, "CSeq has another method")
        self.need("form", m.ftag, "no From tag")
        if m.code:
            self.answer()
        elif not any(m.data == r.data and (m.src, m.dst) == (r.src, r.dst)
                     for r in self.requests[-200:]):
            self.request()

    # --- requests ---
    def request(self):
        m = self.m
        self.need("form", len(m.all("max-forwards")) == 1, "max-forwards")
        invite = next((r for r in reversed(self.requests) if r.method == "INVITE"
                       and (r.src, r.dst) == (m.src, m.dst) and self.matches(r)), None)
        if m.method == "CANCEL" or m.method == "ACK" and invite:
            self.of_invite(invite)
        else:
            self.need("branch", not any(r.branch == m.branch for r in self.requests), "used")
            self.dialog()
            self.numbers()
            self.from_before()
        self.need("branch", (m.branch or "").startswith("z9hG4bK"), "no cookie")
        if m.method in FORMING + ("UPDATE", "NOTIFY") and m.all("contact"):
            self.targets[m.callid, m.ftag] = m.uris("contact")[0]
        self.nonce()
        self.requests.append(m)

    def matches(self, r):
        """17.2.3; without branches by what RFC 2543 looks at."""
        m = self.m
        if m.branch:
            return r.branch == m.branch
        return (r.callid, r.cseq) == (m.callid, m.cseq) and (
            m.method == "CANCEL" or (r.final or 0) >= 300)

    def of_invite(self, invite):
        m = self.m
        if not self.need("branch", invite, "no such INVITE"):
            return
        self.need("branch", m.uri == invite.uri and m.cseq == invite.cseq and m.same(
            invite, "from", "call-id", "route") and m.stack() == invite.stack()[:1],
            "is not like its INVITE")
        if m.method == "CANCEL":
            self.need("cancel", invite.rung and invite.final is None, "not while it rings")
            self.need("cancel", m.same(invite, "to"), "another To")
        elif self.need("order", (invite.final or 0) >= 300, "ACK, and no refusal"):
            self.need("branch", m.one("to") == invite.final_to, "not the To of the answer")
            invite.acked = True

    def dialog(self):
        m = self.m
        if not m.ttag:
            self.need("dialog", m.method not in ("ACK", "BYE", "PRACK", "UPDATE", "INFO") and not (
                m.method == "NOTIFY" and any(r.callid == m.callid for r in self.requests)), "no tag")
            return
        ids = (m.callid, m.ftag, m.ttag)
        if m.method == "NOTIFY" and ids not in self.dialogs:
            asked = [r for r in self.requests if r.callid == m.callid and r.ftag == m.ttag
                     and r.method in ("SUBSCRIBE", "REFER")]
            if self.need("dialog", asked, "nobody asked for it"):
                self.form(m.ttag, m.ftag, asked[-1].uris("record-route"))
            return
        if not self.need("dialog", ids in self.dialogs, "unknown"):
            return
        target = self.targets.get((m.callid, m.ttag))
        self.need("target", target is None or m.uri == target, "target is %s" % target)
        route, have = self.routes[ids], m.uris("route")
        left = route[len(route) - len(have):]
        self.need("route", have == (route if len(m.vias) == 1 else left), "of %s" % route)

    def form(self, ftag, ttag, rr):
        call = self.m.callid
        for a, b, route in ((ftag, ttag, rr[::-1]), (ttag, ftag, rr)):
            self.dialogs.add((call, a, b))
            self.routes[call, a, b] = route

    def numbers(self):
        m = self.m
        key = (m.callid, m.ftag, m.ttag, m.src[0], m.dst)
        if m.method == "ACK":
            ok = [r for r in self.requests if r.method == "INVITE" and r.callid == m.callid
                  and r.ftag == m.ftag and r.cseq == m.cseq and (r.final or 0) // 100 == 2]
            self.need("cseq", ok, "ACK, and no INVITE that was accepted")
            for r in ok:
                r.acked = True
            return
        self.need("cseq", m.cseq > self.last.get(key, -1), "%s after %s" % (
            m.cseq, self.last.get(key)))
        self.last[key] = max(m.cseq, self.last.get(key, -1))

    def from_before(self):
        m = self.m
        key = (m.callid, m.ftag, m.ttag, m.cseq, m.method)
        before = self.passed.get(key)
        if before and len(m.vias) > len(before.vias):
            self.need("passed", m.stack()[-len(before.vias):] == before.stack(), "other Vias")
            less = int(before.one("max-forwards")) - int(m.one("max-forwards"))
            self.need("passed", less == len(m.vias) - len(before.vias), "Max-Forwards")
        elif before:
            forked = m.stack()[-1] == before.stack()[-1] and len(m.vias) > 1
            self.need("passed", forked, "was sent before, by %d" % before.n)
        self.passed.setdefault(key, m)

    def nonce(self):
        m = self.m
        for value in m.all("authorization") + m.all("proxy-authorization"):
            if m.method in ("ACK", "CANCEL"):
                continue
            nonce = re.search(r'nonce="([^"]*)"', value).group(1)
            if not self.need("nonce", nonce in self.nonces, "was never given"):
                continue
            nc = re.search(r"nc=([0-9a-f]{8})", value)
            if nc and len(m.vias) == 1:
                self.nonces[nonce] += 1
                self.need("nonce", int(nc.group(1), 16) == self.nonces[nonce], "count")
            uri = re.search(r'uri="([^"]*)"', value).group(1)
            self.need("nonce", uri == m.uri or len(m.vias) > 1, "uri")

    # --- answers ---
    def answer(self):
        m = self.m
        r = next((r for r in reversed(self.requests) if r.branch == m.branch
                  and r.method == m.method and r.src == m.dst
                  and r.dst[0] == m.src[0]), None)  # a NAT may have changed the port
        if not self.need("answer", r, "to nothing"):
            return
        self.need("answer", r.stack() == m.stack() and m.same(r, "from", "call-id", "cseq"),
                  "is not like its request")
        bare = m.one("to") if r.ttag or not m.ttag else m.one("to").rpartition(";tag=")[0]
        self.need("answer", bare == r.one("to"), "another To")
        self.need("answer", bool(m.ttag) == (m.code > 100 or bool(r.ttag)), "To tag")
        self.need("order", r.final is None or m.code == r.final and m.one("to") == r.final_to
                  or (r.final // 100 == m.code // 100 == 2 and m.method == "INVITE")
                  or m.data in self.refreshing, "after %s" % r.final)
        self.refreshing.append(m.data)
        if m.code < 200:
            r.rung = True
        else:
            r.final, r.final_to = m.code, m.one("to")
        for value in m.all("www-authenticate") + m.all("proxy-authenticate"):
            self.nonces.setdefault(re.search(r'nonce="([^"]*)"', value).group(1), 0)
        if m.method in FORMING and 100 < m.code < 300:
            self.forms(r)

    def forms(self, r):
        m, rr = self.m, self.m.uris("record-route")
        if m.all("contact"):
            self.targets[m.callid, m.ttag] = m.uris("contact")[0]
        self.need("form", m.all("contact") or m.method == "REFER" or m.code < 200, "no Contact")
        if not r.ttag:
            asked = r.uris("record-route")
            self.need("answer", rr[len(rr) - len(asked):] == asked, "other Record-Route")
            self.form(m.ftag, m.ttag, rr)

    def ending(self):
        for r in self.requests:
            self.m = r
            if r.method != "ACK":
                self.need("final", r.final, "no final answer")
            if r.method == "INVITE" and r.final:
                self.need("final", r.acked, "%d without ACK" % r.final)


def payload(p):
    if p.payload is not None:
        return p.payload
    if p.ip is None or p.sport is None:
        return None
    at, proto = (40, p.ip[6]) if p.src.version == 6 else (20, p.ip[9])
    return p.ip[at + 8:] if proto == 17 else None


def proofread(case):
    """Complaints, none when it reads well or does not want to be read."""
    words = case.head.get("proofread", "no").split()
    if words[0] == "no":
        return []
    wrong = Reader(case).wrong
    unused = set(words[1:]) - {rule for rule, _ in wrong}
    return [text for rule, text in wrong if rule not in words[1:]] + [
        "not needed: proofread: but " + rule for rule in sorted(unused)]


def main():
    bad = False
    for path in sys.argv[1:]:
        case = mkpcap.Case(path)
        case.head.setdefault("proofread", "yes")
        for text in proofread(case):
            bad = True
            print("%s: %s" % (path, text))
    sys.exit(bad)


if __name__ == "__main__":
    main()
