# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends what a file of traffic says, from the wan of a field, and tells what came of it, a line
for each row:  traffic.py FILE SERVER4 [SERVER6]

A row is a line "row TEXT" and its steps, indented, one after the other; rows run at the same time.

  at SECONDS                        waits until so long after the beginning
  send SOURCE COUNT RATE [KEY=...]  requests, RATE a second
  until SOURCE SECONDS [KEY=...]    one five times a second, until one is answered
  register SOURCE COUNT SECONDS     phones of ports of their own, all at once, which repeat
                                    what is not answered; users from user= on
  login SOURCE COUNT [KEY=...]      challenged REGISTERs, one after the other, or with once=1 at once
  call SOURCE COUNT GAP HOLD        calls that begin GAP s after one another and last HOLD s;
                                    users from user= on; with refer=URI each wants to be
                                    transferred there, and the answer to that is told
A step with "-" in front is not told.  login and call with same=1 are of one user.  Keys: method, user, password, domain, uri, from, to, agent,
contact, header; tcp=1; each=port or each=address (SOURCE is a prefix then): every request has
another."""
import collections
import hashlib
import ipaddress
import re
import select
import shlex
import socket
import sys
import threading
import time

GATEWAY = ("198.51.100.20", 5070)  # whom the server calls
AGENT = "Acme Desk Phone 7.1"
WAIT = 0.6  # seconds for the last answer; one that comes takes milliseconds
numbers = iter(range(1, 1 << 30))
run = time.monotonic_ns() & 0xffffffff


def header(message, name):
    found = re.search(r"(?im)^%s\s*:\s*(.*?)\r?$" % name, message)
    return found.group(1) if found else ""


def status(message):
    return int(message[8:11]) if message.startswith("SIP/2.0 ") else 0


def bracketed(address):
    return "[%s]" % address if ":" in address else address


class Request:
    """What is the same in all that belongs to one registration or call."""

    def __init__(self, keys, phone, server):
        self.keys, self.phone, self.server = keys, phone, bracketed(server)
        self.call = "%x-%d" % (run, next(numbers))
        self.user = keys.get("user", "1001")
        self.cseq, self.to, self.routes = 0, "", []

    def text(self, method, uri=None, more=(), cseq=None):
        if cseq is None:
            self.cseq += 1
        k, p, domain = self.keys, self.phone, self.keys.get("domain", self.server)
        here = "%s:%d" % (bracketed(p.address), p.port)
        uri = uri or k.get("uri") or "sip:%s" % self.server
        to = self.to or k.get("to") or "<%s>" % uri
        lines = ["%s %s SIP/2.0" % (method, uri),
                 "Via: SIP/2.0/%s %s;branch=z9hG4bK%x-%d;rport" % (
                     "TCP" if p.tcp else "UDP", here, run, next(numbers)),
                 "Max-Forwards: 70",
                 "From: %s;tag=%s" % (k.get("from") or "<sip:%s@%s>" % (self.user, domain),
                                      self.call),
                 "To: %s" % to, "Call-ID: %s" % self.call,
                 "CSeq: %d %s" % (cseq or self.cseq, method),
                 "Contact: %s" % (k.get("contact") or "<sip:%s@%s>" % (self.user, here)),
                 "User-Agent: %s" % k.get("agent", AGENT)]
        lines += ["Route: %s" % r for r in self.routes] + list(more)
        lines += [k["header"]] if "header" in k else []
        return "\r\n".join(lines + ["Content-Length: 0", "", ""])

    def credentials(self, answer, method, uri):
        proxy = status(answer) == 407
        challenge = header(answer, "Proxy-Authenticate" if proxy else "WWW-Authenticate")
        realm, nonce = (re.search('%s="([^"]*)"' % w, challenge).group(1) for w in ("realm", "nonce"))
        password = self.keys.get("password", "pw-" + self.user)

        def md5(*parts):
            return hashlib.md5(":".join(parts).encode()).hexdigest()
        response = md5(md5(self.user, realm, password), nonce, md5(method, uri))
        return ('%sAuthorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", '
                'response="%s"' % ("Proxy-" if proxy else "", self.user, realm, nonce, uri, response))


class Phone:
    """A socket; over TCP one connection."""

    def __init__(self, address, server, tcp=False):
        self.address, self.server, self.tcp = address, server, tcp
        self.sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                                  socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.sock.bind((address, 0))
        self.port = self.sock.getsockname()[1]
        self.left, self.ended = "", False
        self.sock.settimeout(2)
        try:
            self.sock.connect((server, 5060))
        except OSError:
            self.ended = True

    def send(self, text):
        try:
            self.sock.sendall(text.encode())
        except OSError:
            self.ended = self.tcp

    def read(self):
        """The messages that are there."""
        try:
            data = self.sock.recv(65535).decode("latin-1")
        except OSError:
            data = ""
        if not data:
            self.ended = self.tcp
            return []
        if not self.tcp:
            return [data]
        *whole, self.left = (self.left + data).split("\r\n\r\n")
        return [w.lstrip("\r\n") + "\r\n\r\n" for w in whole]

    def wait(self, seconds, wanted):
        """The first message that wanted() takes, or None."""
        until = time.monotonic() + seconds
        while not self.ended and (left := until - time.monotonic()) > 0:
            if select.select([self.sock], [], [], left)[0]:
                for message in self.read():
                    if wanted(message):
                        return message
        return None

    def ask(self, request, text, seconds=WAIT, repeat=0.0):
        """The final answer to this request, which is repeated as over UDP, or None."""
        cseq = header(text, "CSeq")
        until, gap = time.monotonic() + seconds, repeat or seconds
        while time.monotonic() < until:
            self.send(text)
            got = self.wait(min(gap, until - time.monotonic()), lambda m: (
                status(m) >= 200 and header(m, "CSeq") == cseq
                and header(m, "Call-ID") == request.call))
            if got or self.ended:
                return got
            gap = min(2 * gap, 4)
        return None


def told(results):
    """ "30 x 200, then silence"; None is silence """
    names = ["silence" if r is None else str(r) for r in results]
    runs = []
    for name in names:
        if not runs or runs[-1][0] != name:
            runs.append([name, 0])
        runs[-1][1] += 1
    if len(runs) == 1:
        return names[0] if len(names) == 1 or names[0] == "silence" else "all " + names[0]
    if len(runs) == 2:
        first = "%d x %s" % (runs[0][1], runs[0][0])
        last = runs[1][0] if runs[1][0] in ("silence", "reset") else "%d x %s" % (runs[1][1], runs[1][0])
        return first + ", then " + last
    count = collections.Counter(names)
    return ", ".join("%d x %s" % (n, name) for name, n in sorted(count.items()))


class Sending:
    def __init__(self, world, words, keys):
        self.world, self.keys = world, keys
        self.source, self.each = words[0], keys.get("each")
        self.count, self.rate = int(words[1]), float(words[2])
        self.net = iter(ipaddress.ip_network(self.source)) if self.each == "address" else None
        self.phones, self.calls, self.results = [], {}, [None] * self.count
        self.ends = []

    def phone(self):
        if self.each or not self.phones:
            address = str(next(self.net)) if self.net else self.source
            self.phones.append(self.world.phone(address, self.keys))
        return self.phones[-1]

    def read(self, until):
        while (left := until - time.monotonic()) > 0:
            live = {p.sock: p for p in self.phones if not p.ended}
            for sock in select.select(list(live), [], [], left)[0]:
                self.take(live[sock])

    def take(self, phone):
        for m in phone.read():
            index = self.calls.get(header(m, "Call-ID"))
            if index is not None and status(m) >= 200 and self.results[index] is None:
                self.results[index] = status(m)

    def run(self):
        begun = time.monotonic()
        for i in range(self.count):
            self.read(begun + i / self.rate)
            phone = self.phone()
            request = Request(self.keys, phone, phone.server)
            self.calls[request.call] = i
            if phone.ended:
                self.results[i] = "reset"
            else:
                phone.send(request.text(self.keys.get("method", "OPTIONS")))
        self.read(time.monotonic() + WAIT)
        if self.phones[-1].ended:
            self.results = ["reset" if r is None else r for r in self.results]
        return told(self.results)


class World:
    """The servers, and the steps that a file may name."""

    def __init__(self, server4, server6):
        self.server4, self.server6 = server4, server6
        self.begun = time.monotonic() + 0.3

    def phone(self, address, keys):
        return Phone(address, self.server6 if ":" in address else self.server4, "tcp" in keys)

    def at(self, words, _keys):
        time.sleep(max(0, self.begun + float(words[0]) - time.monotonic()))

    def send(self, words, keys):
        return Sending(self, words, keys).run()

    def until(self, words, keys):
        begun, phone = time.monotonic(), self.phone(words[0], keys)
        while (past := time.monotonic() - begun) < float(words[1]):
            request = Request(keys, phone, phone.server)
            if phone.ask(request, request.text(keys.get("method", "OPTIONS")), 0.2):
                return "answered after %.1f s" % past
            time.sleep(max(0, begun + past + 0.2 - time.monotonic()))
        return "silence for %s s" % words[1]

    def registered(self, address, keys, seconds, repeat):
        """The status that a phone hears in the end, or None."""
        phone = self.phone(address, keys)
        request = Request(keys, phone, phone.server)
        uri = "sip:" + request.server
        keys = dict(keys, to="<sip:%s@%s>" % (request.user, request.server))
        request.keys, until = keys, time.monotonic() + seconds
        got = phone.ask(request, request.text("REGISTER", uri), seconds, repeat)
        if got and status(got) == 401:
            proof = request.credentials(got, "REGISTER", uri)
            got = phone.ask(request, request.text("REGISTER", uri, [proof]),
                            max(WAIT, until - time.monotonic()), repeat)
        return status(got) if got else "reset" if phone.ended else None

    def register(self, words, keys):
        count, seconds = int(words[1]), float(words[2])
        results = together(count, 0, lambda i: self.registered(
            words[0], user_of(keys, i), seconds, 0.5))
        return "%d of %d registered" % (results.count(200), count)

    def login(self, words, keys):
        count = int(words[1])

        def one(i):
            return self.registered(words[0], user_of(keys, i), WAIT, 0)
        if "once" in keys:
            return told(together(count, 0, one))
        return told([one(i) for i in range(count)])

    def one_call(self, address, keys, hold):
        phone = self.phone(address, keys)
        request, uri = Request(keys, phone, phone.server), keys["uri"]
        got = phone.ask(request, request.text("INVITE"), 2, 0.5)
        if got and status(got) == 407:
            self.acknowledge(phone, request, got, uri)
            proof = request.credentials(got, "INVITE", uri)
            request.to = ""
            got = phone.ask(request, request.text("INVITE", uri, [proof]), 2, 0.5)
        if not got:
            return "reset" if phone.ended else None
        if status(got) >= 300:
            self.acknowledge(phone, request, got, uri)
            return status(got)
        request.to = header(got, "To")
        request.routes = re.findall(r"(?im)^Record-Route\s*:\s*(.*?)\r?$", got)[::-1]
        target = re.search("<([^>]*)>", header(got, "Contact")).group(1)
        phone.send(request.text("ACK", target, cseq=request.cseq))
        if "refer" in keys:
            got = phone.ask(request, request.text(
                "REFER", target, ["Refer-To: <%s>" % keys["refer"]]), 2, 0.5)
        time.sleep(hold)
        phone.ask(request, request.text("BYE", target), 2, 0.5)
        return status(got) if got else None

    @staticmethod
    def acknowledge(phone, request, got, uri):
        request.to = header(got, "To")
        ack = request.text("ACK", uri, cseq=request.cseq)
        phone.send(re.sub(r"branch=[^;]*", "branch=" + re.search(
            "branch=([^;\r]*)", header(got, "Via")).group(1), ack, count=1))

    def call(self, words, keys):
        return told(together(int(words[1]), float(words[2]), lambda i: self.one_call(
            words[0], user_of(keys, i), float(words[3]))))


def user_of(keys, i):
    return keys if "same" in keys else dict(keys, user=str(int(keys["user"]) + i))


def together(count, gap, what):
    results = [None] * count

    def one(i):
        time.sleep(i * gap)
        results[i] = what(i)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def gateway():
    """Answers whatever the server sends to the carrier."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(GATEWAY)
    while True:
        data, peer = sock.recvfrom(65535)
        text = data.decode("latin-1")
        if text.startswith(("ACK ", "SIP/2.0")):
            continue
        copied = [x for x in text.split("\r\n") if re.match(
            "(?i)(via|from|to|call-id|cseq|record-route):", x)]
        copied = [x + ";tag=%x" % run if x[:3] == "To:" and ";tag=" not in x else x for x in copied]
        sock.sendto("\r\n".join(["SIP/2.0 200 OK"] + copied + [
            "Contact: <sip:gw@%s:%d>" % GATEWAY, "Content-Length: 0", "", ""]).encode(), peer)


def rows_of(path):
    rows = []
    with open(path) as f:
        for line in f:
            if line.startswith("row "):
                rows.append((line[4:].strip(), []))
            elif line[:1] in "\t " and line.strip():
                rows[-1][1].append(line.strip())
    return rows


def play(world, steps):
    said = []
    world.at(["0"], {})
    for step in steps:
        name, *words = shlex.split(step)
        keys = dict(w.split("=", 1) for w in words if re.match("[a-z]+=", w))
        words = [w for w in words if not re.match("[a-z]+=", w)]
        outcome = getattr(world, name.lstrip("-"))(words, keys)
        if outcome and not name.startswith("-"):
            said.append(outcome)
    return "; ".join(said)


def main():
    world = World(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
    threading.Thread(target=gateway, daemon=True).start()
    rows = rows_of(sys.argv[1])
    print("\n".join(together(len(rows), 0, lambda i: play(world, rows[i][1]))))


if __name__ == "__main__":
    main()
