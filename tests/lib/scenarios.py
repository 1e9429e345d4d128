# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes SIPp scenarios for the phones of tests/netns/services.sh and duration*.sh.

  scenarios.py FOLDER      caller-NAME.xml and callee-NAME.xml for each NAME below

A phone is a function that takes its steps in order.  What a dialog needs is kept in SIPp's
variables, as phones keep it: the other end's From or To, its Contact, and of an INVITE all
that its later answers repeat.  Input: field0 user, field1 credentials, field2 whom to call;
of the callee that transfers, field0 is where to.  -d ms: how long anybody talks."""
import os
import sys
from xml.sax.saxutils import quoteattr

SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 3934 {version} IN IP[local_ip_type] [local_ip]
s=call
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 9 8 101
a=rtpmap:101 telephone-event/8000
a={direction}
"""
FRAGMENT = """Content-Type: message/sipfrag;version=2.0
Content-Length: [len]

SIP/2.0 {status}
"""
TEXT = "Content-Type: text/plain\nContent-Length: [len]\n\nHello\n"
NOTHING = "Content-Length: 0\n\n"
AGENT = "User-Agent: Acme Desk Phone 7.1"
ALLOW = ("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, REFER, NOTIFY, MESSAGE\n"
         "Supported: replaces, timer")
VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport"
TIMER = "Session-Expires: 90;refresher=%s\nMin-SE: 90"


class Phone:
    def __init__(self):
        self.steps, self.kept, self.sdp = [], set(), 3934
        self.dialog(1)

    # --- what SIPp knows ---

    def xml(self, name):
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<scenario name=%s>\n%s\n%s</scenario>\n' % (
            quoteattr(name), "\n".join(self.steps),
            '<Reference variables="%s"/>\n' % ",".join(sorted(self.kept)) if self.kept else ""))

    def send(self, lines, again=True):
        text = "\n".join(x for x in lines if x)
        self.steps.append('<send%s><![CDATA[\n%s]]></send>' % (' retrans="500"' if again else "", text))

    def receive(self, what, keep=(), **options):
        kind = "response" if what.isdigit() else "request"
        more = "".join(" %s=%s" % (k, quoteattr(v)) for k, v in options.items())
        ereg = []
        for var, header, regexp, nth in keep:
            self.kept.add(var)
            ereg.append('<ereg regexp=%s search_in="hdr" header="%s:" occurrence="%d" '
                        'check_it="true" assign_to="%s"/>' % (quoteattr(regexp), header, nth, var))
        action = "<action>%s</action>" % "".join(ereg) if ereg else ""
        self.steps.append("<recv %s=%s%s>%s</recv>" % (kind, quoteattr(what), more, action))

    def talk(self, ms=None):
        """Only where the other end will not say anything first."""
        self.steps.append("<pause%s/>" % (' milliseconds="%d"' % ms if ms else ""))

    # --- what all phones do ---

    def dialog(self, n):
        """Which dialog the next steps are about."""
        self.n, self.cseq = n, 0
        self.id = "Call-ID: %s[call_id]" % ("" if n == 1 else "leg%d///" % n)

    def peer(self, header):
        """Keeps who the other end is, by what it says in this header and in Contact."""
        return [("peer%d" % self.n, header, ".*", 1),
                ("target%d" % self.n, "Contact", "sips?:[^>]*", 1)]

    def offer(self, direction="sendrecv"):
        self.sdp += 1
        return SDP.format(version=self.sdp, direction=direction)

    def request(self, method, *headers, body=NOTHING, cseq=None, branch="[branch]"):
        """A request in the dialog."""
        if cseq is None:
            self.cseq += 1
        self.send(["%s [$target%d] SIP/2.0" % (method, self.n), VIA.format(branch=branch),
                   "Max-Forwards: 70", "[routes]", "From: %s" % self.me, "To: [$peer%d]" % self.n,
                   self.id, "CSeq: %d %s" % (cseq or self.cseq, method), *headers, AGENT, body],
                  method != "ACK")

    def reply(self, status, *headers, body=NOTHING):
        """An answer to the request that came last."""
        self.send(["SIP/2.0 " + status, "[last_Via:]", "[last_Record-Route:]", "[last_From:]",
                   "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]", self.contact, *headers, body],
                  False)

    def ask(self, method, *headers, body=NOTHING):
        self.request(method, *headers, body=body)
        self.receive("202" if method == "REFER" else "200")

    def asked(self, method, *headers):
        self.receive(method)
        self.reply("200 OK", *headers)

    def reinvite(self, direction, *headers):
        self.request("INVITE", self.contact, ALLOW, *headers, body=self.offer(direction))
        self.receive("100", optional="true")
        self.receive("200")
        self.request("ACK", cseq=self.cseq)

    def reinvited(self, direction, *headers):
        self.receive("INVITE")
        self.reply("200 OK", ALLOW, *headers, body=self.offer(direction))
        self.receive("ACK")


class Caller(Phone):
    contact = "Contact: <sip:[field0]@[local_ip]:[local_port];transport=[transport]>"

    def dialog(self, n):
        super().dialog(n)
        self.me = "<sip:[field0]@[remote_ip]>;tag=[pid]c%d-[call_number]" % n

    def first(self, method, *headers, body, to, cred=""):
        self.cseq += 1
        self.branch = "z9hG4bK-[pid]-[call_number]-%d-%d" % (self.n, self.cseq)
        self.send(["%s %s SIP/2.0" % (method, to), VIA.format(branch=self.branch),
                   "Max-Forwards: 70", "From: %s" % self.me, "To: <%s>" % to, self.id,
                   "CSeq: %d %s" % (self.cseq, method), self.contact, cred, AGENT, ALLOW, *headers,
                   body])

    def final(self, method, to, cseq):
        """ACK to a refusal, or CANCEL: both in the transaction of the INVITE."""
        self.send(["%s %s SIP/2.0" % (method, to), VIA.format(branch=self.branch),
                   "Max-Forwards: 70", "From: %s" % self.me,
                   "To: <%s>" % to if method == "CANCEL" else "[last_To:]", self.id,
                   "CSeq: %d %s" % (cseq, method), AGENT, NOTHING], method == "CANCEL")

    def invite(self, *headers, to="sip:[field2]@[remote_ip]:[remote_port]", method="INVITE"):
        """The first request, which is challenged, and again with credentials."""
        body = self.offer() if method == "INVITE" else TEXT
        self.first(method, *headers, body=body, to=to)
        self.receive("100", optional="true")
        self.receive("407", auth="true")
        if method == "INVITE":
            self.final("ACK", to, self.cseq)
        self.first(method, *headers, body=body, to=to, cred="[field1]")
        self.receive("407", optional="true")  # said again to a retransmission
        self.receive("100", optional="true")
        self.to = to

    def taken(self):
        """Ringing, answered, acknowledged."""
        self.receive("180", optional="true")
        self.receive("200", keep=self.peer("To"), rrs="true")
        self.request("ACK", cseq=self.cseq)

    def call(self, *headers, **more):
        self.invite(*headers, **more)
        self.taken()


class Callee(Phone):
    contact = "Contact: <sip:phone@[local_ip]:[local_port]>"

    def dialog(self, n):
        super().dialog(n)
        self.me = "[$me];tag=[pid]s[call_number]"
        self.id = "Call-ID: [$id]"  # SIPp's own [call_id] is only what stands behind "///"

    def invited(self):
        """All that is said about the INVITE later repeats what it said."""
        self.receive("INVITE", rrs="true", keep=self.peer("From") + [
            ("me", "To", ".*", 1), ("id", "Call-ID", ".*", 1), ("via1", "Via", ".*", 1),
            ("via2", "Via", ".*", 2), ("route", "Record-Route", ".*", 1), ("cseq", "CSeq", ".*", 1)])

    def say(self, status, *headers, body=NOTHING):
        self.send(["SIP/2.0 " + status, "Via: [$via1]", "Via: [$via2]", "Record-Route: [$route]",
                   "From: [$peer1]", "To: " + self.me, self.id, "CSeq: [$cseq]", self.contact,
                   *headers, body], status > "2")

    def answer(self, *headers):
        self.invited()
        self.say("180 Ringing")
        self.talk(100)
        self.say("200 OK", ALLOW, *headers, body=self.offer())
        self.receive("ACK")


# --- the services ---

def caller_plain(p):
    p.call()
    p.talk()
    p.ask("BYE")


def callee_plain(p):
    p.answer()
    p.asked("BYE")


def caller_hangup(p):
    p.call()
    p.asked("BYE")


def callee_hangup(p):
    p.answer()
    p.talk()
    p.ask("BYE")


def hears_end(p, goes_on=True, why="Call limit"):
    """A BYE with a reason; later requests of the call are in vain, and nobody answers them."""
    p.receive("BYE", keep=[("why", "Reason", "SIP.*%s.*" % why, 1),
                           ("own", "To", "tag=[0-9]*[cs]", 1)])
    p.reply("200 OK")
    if not goes_on:
        return
    p.sdp += 1
    p.cseq += 1
    p.send(["INVITE [$target1] SIP/2.0", VIA.format(branch="[branch]"), "Max-Forwards: 70",
            "[routes]", "From: %s" % p.me, "To: [$peer1]", p.id, "CSeq: %d INVITE" % p.cseq,
            p.contact, AGENT, p.offer()], False)
    p.talk(1500)


def caller_ended(p):
    """Would talk for ever."""
    p.call()
    hears_end(p)


def caller_endedtcp(p):
    """Its connection ends in a moment, which SIPp would take for the failure of a call."""
    p.call()
    hears_end(p, goes_on=False)


def callee_ended(p):
    p.answer()
    hears_end(p)


def caller_barred(p):
    """Nothing that it says is heard any more."""
    p.call()
    hears_end(p, goes_on=False, why="Forbidden")


def callee_barred(p):
    p.answer()
    hears_end(p, why="Forbidden")


def caller_hold(p):
    """Hold and resume, and the other end does the same."""
    p.call()
    for direction in "sendonly", "sendrecv":
        p.talk()
        p.reinvite(direction)
    for direction in "recvonly", "sendrecv":
        p.reinvited(direction)
    p.asked("BYE")


def callee_hold(p):
    p.answer()
    for direction in "recvonly", "sendrecv":
        p.reinvited(direction)
    for direction in "sendonly", "sendrecv":
        p.talk()
        p.reinvite(direction)
    p.talk()
    p.ask("BYE")


def caller_transfer(p):
    """Is sent elsewhere, calls there, and tells how it went."""
    p.call()
    p.receive("REFER", keep=[("elsewhere", "Refer-To", "sip:[^>]*", 1)])
    p.reply("202 Accepted")
    told = ["Event: refer", p.contact]
    p.ask("NOTIFY", *told, "Subscription-State: active;expires=60",
          body=FRAGMENT.format(status="100 Trying"))
    cseq = p.cseq
    p.dialog(2)
    p.call(to="[$elsewhere]")
    there = p.cseq
    p.dialog(1)
    p.cseq = cseq
    p.ask("NOTIFY", *told, "Subscription-State: terminated;reason=noresource",
          body=FRAGMENT.format(status="200 OK"))
    p.asked("BYE")
    p.dialog(2)
    p.cseq = there
    p.talk()
    p.ask("BYE")


def callee_transfer(p):
    p.answer()
    p.talk()
    p.ask("REFER", p.contact, "Refer-To: <sip:[field0]@[remote_ip]:[remote_port]>",
          "Referred-By: <sip:phone@[remote_ip]>")
    p.asked("NOTIFY")
    p.asked("NOTIFY")
    p.ask("BYE")


def caller_timer(p):
    """Both ends keep the session alive, long before they must."""
    p.call(TIMER % "uac")
    p.talk()
    p.ask("UPDATE", p.contact, "Supported: timer", TIMER % "uas")
    p.reinvited("sendrecv", "Require: timer", "Session-Expires: 90;refresher=uac")
    p.talk()
    p.ask("BYE")


def callee_timer(p):
    p.answer("Require: timer", "Session-Expires: 90;refresher=uac")
    p.asked("UPDATE", "Require: timer", "Session-Expires: 90;refresher=uas")
    p.talk()
    p.reinvite("sendrecv", TIMER % "uac")
    p.asked("BYE")


def caller_prack(p):
    """Early media: two provisional answers that are acknowledged."""
    p.invite("Require: 100rel")
    invite = p.cseq
    for n, code in enumerate(("183", "180")):
        p.receive(code, keep=p.peer("To"), rrs="true")
        p.ask("PRACK", "RAck: %d %d INVITE" % (n + 1, invite))
    p.receive("200")
    p.request("ACK", cseq=invite)
    p.talk()
    p.ask("BYE")


def callee_prack(p):
    p.invited()
    p.say("183 Session Progress", "Require: 100rel", "RSeq: 1", body=p.offer())
    p.asked("PRACK")
    p.say("180 Ringing", "Require: 100rel", "RSeq: 2")
    p.asked("PRACK")
    p.say("200 OK", ALLOW)
    p.receive("ACK")
    p.asked("BYE")


def caller_cancel(p):
    """Gives up while it rings."""
    p.invite()
    p.receive("180")
    p.talk(200)
    p.final("CANCEL", p.to, p.cseq)
    p.receive("200")
    p.receive("487")
    p.final("ACK", p.to, p.cseq)


def callee_cancel(p):
    """Rings until it is told to stop: also one of two phones, when the other one answers."""
    p.invited()
    p.say("180 Ringing")
    p.receive("CANCEL")
    p.reply("200 OK")
    p.say("487 Request Terminated")
    p.receive("ACK")


def caller_busy(p):
    p.invite()
    p.receive("180", optional="true")
    p.receive("486")
    p.final("ACK", p.to, p.cseq)


def callee_busy(p):
    p.invited()
    p.say("486 Busy Here")
    p.receive("ACK")


def caller_message(p):
    p.invite(method="MESSAGE")
    p.receive("200")


def callee_message(p):
    p.receive("MESSAGE")
    p.reply("200 OK")


for name, steps in list(globals().items()):
    role, _, service = name.partition("_")
    if service and role in ("caller", "callee"):
        phone = Caller() if role == "caller" else Callee()
        steps(phone)
        with open(os.path.join(sys.argv[1], "%s-%s.xml" % (role, service)), "w") as f:
            f.write(phone.xml(service))
