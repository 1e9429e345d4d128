# SPDX-License-Identifier: GPL-2.0-or-later
"""Phones that register, and do other things, all at the same instant: each from a port of
its own, with an answer to the server's challenge and repetitions as RFC 3261 17.1.2.2 has them.

  phones.py SOURCE TARGET -u FIRST [-n COUNT] [options]

The password of 1001 is pw-1001.  Prints one line of JSON: how many got which last answer
("none": nothing came), how many requests were sent, after how many seconds all was over."""
import argparse
import hashlib
import json
import re
import select
import socket
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source")
ap.add_argument("target")
ap.add_argument("-m", "--method", default="REGISTER")
ap.add_argument("-u", "--user", type=int, default=1001)
ap.add_argument("-n", "--count", type=int, default=1)
ap.add_argument("-p", "--port", type=int, default=0, help="of the first phone; the others' follow")
ap.add_argument("--contact", help="instead of the phone's own; what a header Contact may hold")
ap.add_argument("--expires", default="3600")
ap.add_argument("--to", help="whom it registers, or calls: a URI")
ap.add_argument("--sender", help="From, a URI")
ap.add_argument("--agent", default="Acme Desk Phone 7.1")
ap.add_argument("--wrong", action="store_true", help="with another password")
ap.add_argument("-w", "--wait", type=float, default=32, help="seconds (Timer F)")
a = ap.parse_args()
run = time.monotonic_ns() & 0xffffffff
target = "[%s]" % a.target if ":" in a.target else a.target  # in a URI


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Phone:
    def __init__(self, i):
        self.user, self.cseq, self.credentials, self.status, self.sent = str(a.user + i), 0, "", "none", 0
        self.sock = socket.socket(socket.AF_INET6 if ":" in a.target else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((a.source, a.port + i if a.port else 0))
        self.sock.connect((a.target, 5060))
        self.uri = "sip:" + target if a.method == "REGISTER" else a.to or "sip:1051@" + target
        self.me = a.sender or "sip:%s@%s" % (self.user, target)
        self.new()

    def new(self):
        self.cseq += 1
        self.next, self.pause = time.monotonic(), 0.5

    def send(self, now):
        here = ("[%s]:%d" if ":" in a.target else "%s:%d") % self.sock.getsockname()[:2]
        self.sock.send((
            f"{a.method} {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{run:x}-{self.user}-{self.cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <{self.me}>;tag={run:x}\r\nTo: <{a.to or self.me}>\r\n"
            f"Call-ID: {run:x}-{self.user}\r\nCSeq: {self.cseq} {a.method}\r\n"
            f"Contact: {a.contact or f'<sip:{self.user}@{here}>'}\r\n{self.credentials}"
            + (f"Expires: {a.expires}\r\n" if a.method == "REGISTER" and a.expires else "") +
            f"User-Agent: {a.agent}\r\nContent-Length: 0\r\n\r\n").encode(errors="surrogateescape"))
        self.sent += 1
        self.next, self.pause = now + self.pause, min(2 * self.pause, 4)

    def hear(self):
        try:
            text = self.sock.recv(65535).decode("latin-1")
        except OSError:
            return
        status = re.match(r"SIP/2\.0 (\d+)", text)
        if not status or int(status[1]) < 200 or f"\r\nCSeq: {self.cseq} " not in text:
            return
        self.status, self.next = status[1], None
        nonce, realm = re.search('nonce="([^"]*)"', text), re.search('realm="([^"]*)"', text)
        if self.status in ("401", "407") and not self.credentials:
            ha1 = md5(self.user, realm[1], "wrong" if a.wrong else "pw-" + self.user)
            self.credentials = (
                f'{"Proxy-" if self.status == "407" else ""}Authorization: Digest username="{self.user}", '
                f'realm="{realm[1]}", nonce="{nonce[1]}", uri="{self.uri}", algorithm=MD5, '
                f'response="{md5(ha1, nonce[1], md5(a.method, self.uri))}"\r\n')
            self.status = "none"
            self.new()


phones = [Phone(i) for i in range(a.count)]
by_sock = {p.sock: p for p in phones}
began = time.monotonic()
while time.monotonic() < began + a.wait and any(p.next for p in phones):
    now = time.monotonic()
    for p in phones:
        if p.next and p.next <= now:
            p.send(now)
    due = min([p.next for p in phones if p.next] + [began + a.wait])
    for s in select.select(list(by_sock), [], [], max(0, due - time.monotonic()))[0]:
        by_sock[s].hear()
answers = {}
for p in phones:
    answers[p.status] = answers.get(p.status, 0) + 1
print(json.dumps({"answers": answers, "sent": sum(p.sent for p in phones),
                  "seconds": round(time.monotonic() - began, 1)}))
