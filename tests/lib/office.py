# SPDX-License-Identifier: GPL-2.0-or-later
"""An office that telephones for weeks, and those who abuse one of its accounts: packets
as a gateway in front of its PBX sees them, from a seed.

The office: phones behind one NAT, a few people at home, a PBX (a B2BUA, which challenges
every call and registration), a carrier.  Calls arrive as a Poisson process whose rate
follows the hour and the weekday; lengths are log-normal (median 90 s) with a tail of
conferences; a sixth rings in vain, a tenth is busy and often dialled again; whom people
call follows Zipf's law over an address book that is mostly national.  Now and then
somebody calls a customer abroad, a dear hotline, or takes a line for a whole night.

Office(seed, start, days) fills .packets: (time in us, source, destination, payload), both
ends as (address, port).  write(path) makes a capture of them.  Frauds add to them what
tests/ctl/office.py names; their INVITEs with credentials are in .marks by (time, user).
"""
import bisect
import datetime
import hashlib
import itertools
import math
import random
import socket
import struct
import zoneinfo

DAY = 86400
PBX = ("192.0.2.10", 5060)
CARRIER = ("198.51.100.5", 5060)
NAT = "203.0.113.9"
DOMAIN = "pbx.example"
TZ = zoneinfo.ZoneInfo("Europe/Berlin")
SDP = ("v=0\r\no=- {n} {n} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
       "m=audio {rtp} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n")
REASON = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
          302: "Moved Temporarily", 401: "Unauthorized", 404: "Not Found",
          407: "Proxy Authentication Required", 486: "Busy Here", 487: "Request Terminated"}

# How many calls an hour of a working day sees, and one of the weekend, beside the others.
WORKDAY = [.02, .01, .01, .01, .02, .1, .4, 2, 7, 10, 10, 9, 5, 7, 9, 9, 7, 4, 1.5, .6, .3, .2,
           .1, .05]
WEEKEND = [.02, .01, .01, .01, .01, .02, .05, .1, .3, .5, .5, .4, .3, .3, .3, .3, .3, .3, .2, .2,
           .1, .1, .05, .02]

# Ranges that numbering authorities keep for fiction.
NATIONAL = ["03023125", "08999998", "06990009", "02214710", "04066969"]
MOBILE = ["017139200", "015228817"]
ABROAD = ["00442079460", "0012125550", "0033199004", "0061255501"]


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Element:
    """Somebody who telephones: an account, where it is, and what it calls itself."""

    def __init__(self, user, public, own, agent="ExamplePhone/2.1"):
        self.user, self.public, self.own, self.agent = user, public, own, agent


class Leg:
    """A dialog between two ends, one of which is the PBX."""

    def __init__(self, office, caller, callee, from_uri, to_uri, target):
        self.office, self.caller, self.callee = office, caller, callee
        self.from_uri, self.to_uri, self.target = from_uri, to_uri, target
        n = office.count()
        self.call_id = "%s@%s" % (md5("call%d" % n)[:20], caller.own[0])
        self.tag = {caller: md5("f%d" % n)[:8], callee: md5("t%d" % n)[:8]}
        self.cseq = {caller: 100 + n % 900, callee: 1}
        self.nonce = None
        self.branch = None

    def head(self, who, method, cseq, to_tag, branch):
        peer = self.callee if who is self.caller else self.caller
        uris = (self.from_uri, self.to_uri) if who is self.caller else (self.to_uri, self.from_uri)
        tag = ";tag=" + self.tag[peer] if to_tag else ""
        return ("Via: SIP/2.0/UDP %s:%d;branch=%s;rport\r\nFrom: <%s>;tag=%s\r\nTo: <%s>%s\r\n"
                "Call-ID: %s\r\nCSeq: %d %s\r\n" % (
                    *who.own, branch, uris[0], self.tag[who], uris[1], tag, self.call_id, cseq,
                    method))

    def send(self, when, who, text):
        peer = self.callee if who is self.caller else self.caller
        self.office.put(when, who.public, peer.public, text)

    def request(self, when, who, method, body="", extra="", in_dialog=True, cseq=None,
                branch=None):
        peer = self.callee if who is self.caller else self.caller
        if cseq is None:
            self.cseq[who] += 1
            cseq = self.cseq[who]
        branch = branch or "z9hG4bK%s" % md5("b%d" % self.office.count())[:16]
        uri = "sip:%s@%s:%d" % (peer.user, *peer.own) if in_dialog else self.target
        head = self.head(who, method, cseq, in_dialog, branch)
        contact = "" if method in ("BYE", "CANCEL", "ACK") else \
            "Contact: <sip:%s@%s:%d>\r\n" % (who.user, *who.own)
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(when, who, "%s %s SIP/2.0\r\n%sMax-Forwards: 70\r\nUser-Agent: %s\r\n%s%s%s"
                  "Content-Length: %d\r\n\r\n%s" % (
                      method, uri, head, who.agent, contact, extra, kind, len(body), body))
        return cseq, branch

    def answer(self, when, who, status, method, cseq, branch, body="", extra="", tagged=True):
        """who answers the other's request."""
        peer = self.callee if who is self.caller else self.caller
        uris = (self.from_uri, self.to_uri) if peer is self.caller else (self.to_uri,
                                                                         self.from_uri)
        contact = "Contact: <sip:%s@%s:%d>\r\n" % (who.user, *who.own) \
            if method == "INVITE" and 100 < status < 300 else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(when, who, "SIP/2.0 %d %s\r\nVia: SIP/2.0/UDP %s:%d;branch=%s;received=%s;"
                  "rport=%d\r\nFrom: <%s>;tag=%s\r\nTo: <%s>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"
                  "%s%s%sContent-Length: %d\r\n\r\n%s" % (
                      status, REASON[status], *peer.own, branch, *peer.public, uris[0],
                      self.tag[peer], uris[1], ";tag=" + self.tag[who] if tagged else "",
                      self.call_id, cseq, method, contact, extra, kind, len(body), body))

    def sdp(self, who):
        return SDP.format(n=self.office.count(), ip=who.own[0],
                          rtp=10000 + 2 * (self.office.count() % 9000))

    def invite(self, when, challenged=True, extra=""):
        """Up to the INVITE that the callee takes; returns its time, number and branch."""
        a, b = self.caller, self.callee
        cseq, branch = self.request(when, a, "INVITE", self.sdp(a), extra, in_dialog=False)
        if not challenged:
            return when, cseq, branch
        nonce = md5("n%d" % self.office.count())
        self.answer(when + .02, b, 401, "INVITE", cseq, branch, extra=
                    'WWW-Authenticate: Digest realm="%s",nonce="%s",algorithm=MD5,qop="auth"\r\n'
                    % (DOMAIN, nonce))
        self.request(when + .04, a, "ACK", in_dialog=True, cseq=cseq, branch=branch)
        ha1 = md5("%s:%s:%s" % (a.user, DOMAIN, self.office.password(a.user)))
        ha2 = md5("INVITE:%s" % self.target)
        login = ('Authorization: Digest username="%s",realm="%s",nonce="%s",uri="%s",response='
                 '"%s",algorithm=MD5,qop=auth,nc=00000001,cnonce="%s"\r\n' % (
                     a.user, DOMAIN, nonce, self.target,
                     md5("%s:%s:00000001:%s:auth:%s" % (ha1, nonce, nonce[:8], ha2)), nonce[:8]))
        cseq, branch = self.request(when + .06, a, "INVITE", self.sdp(a), login + extra,
                                    in_dialog=False)
        return when + .06, cseq, branch


class Office:
    def __init__(self, seed, start, days, phones=40, homes=5):
        self.random = random.Random(seed)
        self.start, self.days = start, days
        self.packets, self.marks = [], []
        self.counter = itertools.count(1)
        self.pbx = Element("pbx", PBX, PBX, "ExamplePBX")
        self.carrier = Element("trunk", CARRIER, CARRIER, "ExampleSBC")
        self.phones = [Element(str(100 + i), (NAT, 40000 + i), ("10.0.0.%d" % (10 + i), 5060))
                       for i in range(phones)]
        self.phones += [Element(str(200 + i), ("203.0.113.%d" % (20 + i), 50000 + 7 * i),
                                ("192.168.1.%d" % (2 + i), 5060)) for i in range(homes)]
        self.book = self.address_book()
        self.weights = list(itertools.accumulate(1 / (i + 3) for i in range(len(self.book))))

    def count(self):
        return next(self.counter)

    @staticmethod
    def password(user):
        return "secret-of-" + user

    def put(self, when, src, dst, text):
        self.packets.append((round(when * 1000000), src, dst, text.encode()))

    # ---- whom they call ----

    def address_book(self):
        r, book = self.random, []
        for _ in range(400):
            kind = r.random()
            if kind < .68:
                book.append(r.choice(NATIONAL) + "%03d" % r.randrange(1000))
            elif kind < .9:
                book.append(r.choice(MOBILE) + "%02d" % r.randrange(100))
            elif kind < .98:
                book.append(r.choice(ABROAD) + "%03d" % r.randrange(100, 200))
            else:
                book.append("018055550" + "%02d" % r.randrange(100))
        return book

    def somebody(self):
        at = self.random.random() * self.weights[-1]
        return self.book[bisect.bisect(self.weights, at)]

    # ---- a month ----

    def rate(self, when):
        at = datetime.datetime.fromtimestamp(when, TZ)
        return (WEEKEND if at.weekday() >= 5 else WORKDAY)[at.hour]

    def arrivals(self, a_day):
        """Times of a Poisson process with that many events on a working day, by thinning."""
        top = max(WORKDAY)
        when, end = self.start, self.start + self.days * DAY
        each = sum(WORKDAY) / (a_day * top) * 3600
        while True:
            when += self.random.expovariate(1 / each)
            if when >= end:
                return
            if self.random.random() * top < self.rate(when):
                yield when

    def live(self, calls_a_phone=12):
        for phone in self.phones:
            self.register(phone)
        busy = {}
        for when in self.arrivals(calls_a_phone * len(self.phones)):
            phone = self.random.choice(self.phones)
            if busy.get(phone, 0) > when:
                continue
            busy[phone] = self.one(phone, when)
        for day in range(5, self.days, 7):  # a ship, and a hotline that is dear
            self.out(self.phones[20], "0088165550142", self.start + day * DAY + 36000, 400)
            self.out(self.phones[21], "09009790%03d" % day, self.start + day * DAY + 39000, 300)
        for night in range(3, self.days, 7):  # a line to the alarm centre, for a night
            self.out(self.phones[3], "03023125999", self.start + night * DAY + 72000, 36000)
        return self

    def length(self):
        if self.random.random() < .02:
            return self.random.uniform(1800, 10800)  # a conference
        return min(7200, self.random.lognormvariate(math.log(90), 1.1))

    def one(self, phone, when):
        kind = self.random.random()
        if kind < .58:
            number, tries = self.somebody(), 1
            while self.random.random() < .1 and tries < 4:  # busy, and dialled again
                self.out(phone, number, when, 486)
                when += self.random.uniform(8, 120)
                tries += 1
            fate = self.random.random()
            if fate < .17:
                return self.out(phone, number, when, 487)
            if fate < .2:
                return self.out(phone, number, when, 404)
            return self.out(phone, number, when, self.length())
        if kind < .9:
            return self.incoming(phone, when, self.length())
        return self.internal(phone, self.random.choice(self.phones), when, self.length())

    # ---- calls ----

    def finish(self, leg, when, invite, fate, rings):
        """The callee's side of the story, from the INVITE it took; returns the end."""
        a, b, (cseq, branch) = leg.caller, leg.callee, invite
        leg.answer(when + .01, b, 100, "INVITE", cseq, branch, tagged=False)
        if fate not in (404, 486):
            leg.answer(when + .8, b, 180, "INVITE", cseq, branch)
        if fate == 487:
            leg.request(when + rings, a, "CANCEL", in_dialog=False, cseq=cseq, branch=branch)
            leg.answer(when + rings + .02, b, 200, "CANCEL", cseq, branch)
        if fate in (404, 486, 487):
            at = when + (rings + .03 if fate == 487 else .9)
            leg.answer(at, b, fate, "INVITE", cseq, branch)
            leg.request(at + .03, a, "ACK", cseq=cseq, branch=branch)
            return at
        leg.answer(when + rings, b, 200, "INVITE", cseq, branch, leg.sdp(b))
        leg.request(when + rings + .04, a, "ACK", cseq=cseq)
        return when + rings

    def hang_up(self, leg, who, when):
        cseq, branch = leg.request(when, who, "BYE")
        leg.answer(when + .03, leg.callee if who is leg.caller else leg.caller, 200, "BYE", cseq,
                   branch)

    def out(self, phone, number, when, fate, label=None, extra=""):
        """A call over the carrier: 404, 486 or 487, or so many seconds."""
        uri = "sip:%s@%s" % (number, DOMAIN)
        a = Leg(self, phone, self.pbx, "sip:%s@%s" % (phone.user, DOMAIN), uri, uri)
        at, *invite = a.invite(when, extra=extra)
        if label:
            self.marks.append((round(at * 1000000), phone.user, label))
        rings = self.random.uniform(3, 25)
        self.leave(phone.user, number, at + .02, fate, rings - .1)
        up = self.finish(a, at, invite, fate, rings)
        if fate in (404, 486, 487):
            return up
        self.hang_up(a, self.random.choice((phone, self.pbx)), up + fate)
        return up + fate

    def leave(self, user, number, when, fate, rings, label=None):
        """The leg from the PBX to the carrier."""
        uri = "sip:%s@%s" % (number, CARRIER[0])
        b = Leg(self, self.pbx, self.carrier, "sip:%s@%s" % (user, DOMAIN), uri, uri)
        at, *invite = b.invite(when, challenged=False)
        if label:
            self.marks.append((round(at * 1000000), user, label))
        up = self.finish(b, at, invite, fate, rings)
        if fate not in (404, 486, 487):
            self.hang_up(b, self.pbx, up + fate)

    def incoming(self, phone, when, seconds):
        number = "+49" + self.somebody()[1:]
        called = "+493023125%s" % phone.user
        uri = "sip:%s@%s" % (called, PBX[0])
        a = Leg(self, self.carrier, self.pbx, "sip:%s@%s" % (number, CARRIER[0]), uri, uri)
        at, *invite = a.invite(when, challenged=False)
        rings = self.random.uniform(2, 20)
        self.ring(phone, number, at + .02, seconds, rings - .1)
        up = self.finish(a, at, invite, seconds, rings)
        self.hang_up(a, self.carrier, up + seconds)
        return up + seconds

    def ring(self, phone, user, when, seconds, rings):
        uri = "sip:%s@%s:%d" % (phone.user, *phone.own)
        b = Leg(self, self.pbx, phone, "sip:%s@%s" % (user, DOMAIN),
                "sip:%s@%s" % (phone.user, DOMAIN), uri)
        at, *invite = b.invite(when, challenged=False)
        up = self.finish(b, at, invite, seconds, rings)
        self.hang_up(b, self.pbx, up + seconds)

    def internal(self, phone, other, when, seconds):
        uri = "sip:%s@%s" % (other.user, DOMAIN)
        a = Leg(self, phone, self.pbx, "sip:%s@%s" % (phone.user, DOMAIN), uri, uri)
        at, *invite = a.invite(when)
        rings = self.random.uniform(2, 12)
        self.ring(other, phone.user, at + .02, seconds, rings - .1)
        up = self.finish(a, at, invite, seconds, rings)
        self.hang_up(a, phone, up + seconds)
        return up + seconds

    # ---- registrations ----

    def register(self, phone, when=None, until=None):
        until = until or self.start + self.days * DAY
        when = self.start + self.random.uniform(0, 30) if when is None else when
        call_id, cseq = md5("r%s%s" % (phone.user, phone.public)), 1
        while when < until:
            nonce = md5("rn%d" % self.count())
            self.one_register(phone, when, call_id, cseq, "", 401,
                              'WWW-Authenticate: Digest realm="%s",nonce="%s",algorithm=MD5,'
                              'qop="auth"\r\n' % (DOMAIN, nonce))
            ha1 = md5("%s:%s:%s" % (phone.user, DOMAIN, self.password(phone.user)))
            login = ('Authorization: Digest username="%s",realm="%s",nonce="%s",uri="sip:%s",'
                     'response="%s",algorithm=MD5,qop=auth,nc=00000001,cnonce="%s"\r\n' % (
                         phone.user, DOMAIN, nonce, DOMAIN,
                         md5("%s:%s:00000001:%s:auth:%s" % (
                             ha1, nonce, nonce[:8], md5("REGISTER:sip:" + DOMAIN))), nonce[:8]))
            self.one_register(phone, when + .05, call_id, cseq + 1, login, 200, "")
            cseq += 2
            when += self.random.uniform(2700, 3300)

    def one_register(self, phone, when, call_id, cseq, login, status, challenge):
        contact = "Contact: <sip:%s@%s:%d>" % (phone.user, *phone.own)
        via = "SIP/2.0/UDP %s:%d;branch=z9hG4bK%s" % (*phone.own, md5("rb%d" % self.count())[:16])
        ends = "From: <sip:%s@%s>;tag=%s\r\nTo: <sip:%s@%s>" % (
            phone.user, DOMAIN, call_id[:8], phone.user, DOMAIN)
        self.put(when, phone.public, PBX,
                 "REGISTER sip:%s SIP/2.0\r\nVia: %s;rport\r\nMax-Forwards: 70\r\n%s\r\n"
                 "Call-ID: %s\r\nCSeq: %d REGISTER\r\n%s\r\nExpires: 3600\r\nUser-Agent: %s\r\n%s"
                 "Content-Length: 0\r\n\r\n" % (DOMAIN, via, ends, call_id, cseq, contact,
                                                phone.agent, login))
        self.put(when + .02, PBX, phone.public,
                 "SIP/2.0 %d %s\r\nVia: %s;received=%s;rport=%d\r\n%s;tag=%s\r\nCall-ID: %s\r\n"
                 "CSeq: %d REGISTER\r\n%s%sContent-Length: 0\r\n\r\n" % (
                     status, REASON[status], via, *phone.public, ends, md5(call_id)[:8], call_id,
                     cseq, challenge, contact + ";expires=3600\r\n" if status == 200 else ""))

    # ---- capture ----

    def write(self, path):
        address = {}
        self.packets.sort(key=lambda p: p[0])
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for n, (when, src, dst, payload) in enumerate(self.packets):
                for end in (src, dst):
                    if end[0] not in address:
                        address[end[0]] = socket.inet_aton(end[0])
                udp = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0)
                ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), n & 0xffff, 0, 64,
                                 17, 0, address[src[0]], address[dst[0]])
                size = 28 + len(payload)
                f.write(struct.pack("<IIII", when // 1000000, when % 1000000, size, size))
                f.write(ip + udp + payload)
