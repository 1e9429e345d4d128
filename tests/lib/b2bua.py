#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A back-to-back user agent over UDP, for one stretch of tests: every INVITE is a new call to
one phone, and what ends one leg ends the other, unless that was ended already.

  b2bua.py ADDRESS:PORT PHONE:PORT LOG

Each BYE is a line in LOG: the leg, whether tags and CSeq are right, and what was answered."""
import re
import socket
import sys


def head(text, name):
    m = re.search(r"^%s: *(.*?)\r$" % name, text, re.M | re.I)
    return m.group(1) if m else ""


def tag(value):
    m = re.search(r";tag=([^;\s]+)", value)
    return m.group(1) if m else ""


def place(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


class Agent:
    def __init__(self, own, phone, log):
        self.own, self.phone = own, place(phone)
        self.log = open(log, "w", buffering=1, encoding="ascii")
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(place(own))
        self.legs, self.n = {}, 0

    def send(self, lines, to, body=""):
        lines.append("Content-Length: %d" % len(body))
        self.sock.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), to)

    def reply(self, text, status, to, tagged, body="", more=()):
        lines = ["SIP/2.0 " + status] + re.findall(r"^Via: [^\r]*", text, re.M)
        lines += ["From: " + head(text, "From"),
                  "To: " + head(text, "To") + ("" if tag(head(text, "To")) else ";tag=" + tagged)]
        lines += ["Call-ID: " + head(text, "Call-ID"), "CSeq: " + head(text, "CSeq"),
                  "Contact: <sip:b2bua@%s>" % self.own, *more]
        self.send(lines, to, body)

    def request(self, leg, method, cseq, body=""):
        self.n += 1
        self.send(["%s sip:phone@%s:%d SIP/2.0" % ((method,) + leg["to"]),
                   "Via: SIP/2.0/UDP %s;branch=z9hG4bKb%d;rport" % (self.own, self.n),
                   "Via: SIP/2.0/UDP 192.0.2.131;branch=z9hG4bKc%d" % self.n,
                   "Record-Route: <sip:%s;lr>" % self.own,
                   "Max-Forwards: 70", "From: <sip:pbx@%s>;tag=%s" % (self.own, leg["tag"]),
                   "To: <sip:phone@%s>%s" % (self.own, ";tag=" + leg["peer"] if leg["peer"] else ""),
                   "Call-ID: " + leg["id"], "CSeq: %d %s" % (cseq, method),
                   "Contact: <sip:b2bua@%s>" % self.own], leg["to"], body)

    def on_invite(self, text, src):
        call = head(text, "Call-ID")
        if call in self.legs:
            return
        if not head(text, "Proxy-Authorization"):
            self.reply(text, "407 Who", src, "x", more=(
                'Proxy-Authenticate: Digest realm="b2bua", nonce="%s"' % call,))
            return
        self.n += 1
        a = {"id": call, "to": src, "tag": "s%d" % self.n, "peer": tag(head(text, "From")),
             "cseq": int(head(text, "CSeq").split()[0]), "name": "caller", "invite": text}
        b = {"id": "leg-%d" % self.n, "to": self.phone, "tag": "t%d" % self.n, "peer": "",
             "cseq": 0, "name": "called", "over": False}
        a["other"], b["other"], a["over"] = b, a, False
        self.legs[a["id"]], self.legs[b["id"]] = a, b
        self.request(b, "INVITE", 1, text.split("\r\n\r\n", 1)[1])

    def on_bye(self, text, src):
        leg = self.legs.get(head(text, "Call-ID"))
        right = bool(leg) and tag(head(text, "From")) == leg["peer"] and \
            tag(head(text, "To")) == leg["tag"] and \
            int(head(text, "CSeq").split()[0]) > leg["cseq"]
        self.log.write("%s %s %s\n" % (leg["name"] if leg else "?", "right" if right else "wrong",
                                       head(text, "Reason")))
        self.reply(text, "200 OK" if right else "481 No", src, "x")
        if right:
            leg["over"] = True

    def on_answer(self, text):
        leg = self.legs.get(head(text, "Call-ID"))
        if not leg or not head(text, "CSeq").endswith("INVITE") or text[8] != "2":
            return
        leg["peer"] = tag(head(text, "To"))
        self.request(leg, "ACK", 1)
        a = leg["other"]
        self.reply(a["invite"], "200 OK", a["to"], a["tag"], text.split("\r\n\r\n", 1)[1])

    def run(self):
        while True:
            data, src = self.sock.recvfrom(65536)
            text = data.decode("utf-8", "replace")
            if text.startswith("SIP/2.0"):
                self.on_answer(text)
            elif text.startswith("INVITE"):
                self.on_invite(text, src)
            elif text.startswith("BYE"):
                self.on_bye(text, src)


Agent(*sys.argv[1:]).run()
