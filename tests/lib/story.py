# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories: messages of mkpcap's scripts that are told instead of written out.

  domain pbx.example
  ua alice 203.0.113.9:5060 [user=alice] [aor=sip:alice@pbx.example] [own=HOST:PORT]
     [name=Alice] [agent=Phone/1.0] [password=secret] [realm=pbx.example] [style=plain]
     [tcp] [rport] [old]
  proxy ss1 192.0.2.10:5060 [own=HOST:PORT] [agent=...] [realm=...] [tcp] [norr]
  move alice 203.0.113.9:41000 [own=...]     other address from here on
  call c1 alice bob [id=CALL-ID] [from=URI] [to=URI] [uri=URI] [ftag=TAG]

  @0    alice > ss1 INVITE          who sends it to whom
  @0.1  alice.ss1 > bob INVITE      the same, sent on by ss1
  @0.2  bob > ss1 180               an answer goes back the way the request came
  @0.2  bob.ss1 > alice 180
  @9    c1/bob > alice BYE          of a call that is not the one declared last

  @0    alice > ss1 registers       four messages; the next time two, same nonce

The path names who made the message, then the proxies it has passed; those of them
that are never a source or destination are simply not at our wire.  "own" is what an
element calls itself in Via and Contact (else its address), a proxy puts itself into
the Record-Route unless "norr", "style" is how ids look, "old" one has neither tags nor
branches (RFC 2543).  What a message holds follows
from what was sent before it: Via and branches (an ACK of a refusal and a CANCEL have
the INVITE's, an ACK of a 2xx its own), tags, CSeq, Route and target, credentials.
A status may say which request it answers: 200:CANCEL.  Words:

  auth             credentials for all challenges of this call so far; auth=same: those
                   of the request before, as an ACK has them; nc=N counted otherwise
  password=P user=U     with others than the element's
  realm=R nonce=N noqop stale    of a 401 or 407
  sdp, nosdp       with, without a session description (INVITE and its 183, 200 have one)
  text=WORDS body=TEMPLATE       another body; the template's type= is its type
  contact=VALUE    in place of the usual, "-": none
  expires=N        Expires, or of the contacts that a REGISTER's 200 names
  tag=T            of an answer, "-": none  to=NAME    whom of several that answered
  uri=U            Request-URI             out         outside the dialog
  cseq=N mf=N      other than counted      as=NAME     NAME's words from this element
  Name:value       another header line
  again=0.5,1.5    the same bytes again, so much later
  unseen           not on our wire, but what follows knows of it
  compact          short header names      case=upper, case=lower: of header names

"~" stands for a blank.  {...} is not computed.
"""
import copy
import hashlib
import re

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued",
    183: "Session Progress", 200: "OK", 202: "Accepted", 204: "No Notification",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 407: "Proxy Authentication Required", 408: "Request Timeout",
    412: "Conditional Request Failed", 420: "Bad Extension", 422: "Session Interval Too Small",
    423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
    500: "Server Internal Error", 503: "Service Unavailable", 504: "Server Time-out",
    600: "Busy Everywhere", 603: "Decline"}
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m",
           "Content-Length": "l", "Content-Type": "c", "Supported": "k", "Event": "o",
           "Subject": "s", "Refer-To": "r", "Referred-By": "b", "Session-Expires": "x",
           "Allow-Events": "u", "Content-Encoding": "e"}
WITH_CONTACT = ("INVITE", "SUBSCRIBE", "REFER", "UPDATE", "NOTIFY", "OPTIONS")
ALONE = ("REGISTER", "PUBLISH")  # speak of who sends them
FORMING = ("INVITE", "SUBSCRIBE", "REFER")
STORY = re.compile(r"(?:[\w-]+/)?(?:[A-Z]{3,}|[1-6]\d\d(?::[A-Z]+)?)$|registers$")
LINE = re.compile(r"(domain|ua|proxy|move|call) ")


def number(*key):
    return int(hashlib.sha1("|".join(map(str, key)).encode()).hexdigest(), 16)


def letters(value, alphabet, length):
    out = ""
    for _ in range(length):
        value, at = divmod(value, len(alphabet))
        out += alphabet[at]
    return out


SMALL = "abcdefghijklmnopqrstuvwxyz0123456789"
MIXED = SMALL + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEX = "0123456789abcdef"


def tagged(address, tag):
    return "%s;tag=%s" % (address, tag) if tag else address


def new_id(style, what, *key):
    """An id as the telephones and servers of this style make them."""
    value = number(what, *key)
    if style == "uuid":
        text = letters(value, HEX, 32)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    if style == "hex":
        return letters(value, HEX, 16)
    if style == "digits":
        return str(1000000000 + value % 1147483647)
    if style == "as":
        return "as" + letters(value, HEX, 8) if what == "tag" else letters(value, HEX, 32)
    if style == "mixed":
        return letters(value, MIXED, 12)
    return SMALL[value % 26] + letters(value // 26, SMALL, 9)


class Element:
    def __init__(self, kind, name, addr, flags, words, domain):
        self.kind, self.name, self.addr = kind, name, addr
        self.own = words.get("own", addr)
        self.tcp, self.rport, self.old = "tcp" in flags, "rport" in flags, "old" in flags
        self.agent = words.get("agent")
        self.style = words.get("style", "plain")
        self.user = words.get("user", name)
        self.aor = words.get("aor", "sip:%s@%s" % (self.user, domain))
        self.password = words.get("password", "secret of " + name)
        self.display = words.get("name")
        self.realm = words.get("realm", domain)
        self.domain = self.aor.partition("@")[2]
        self.rr = kind == "proxy" and "norr" not in flags

    def route(self):
        return "<sip:%s%s;lr>" % (self.own, ";transport=tcp" if self.tcp else "")

    def contact(self, user=None):
        return "sip:%s@%s%s" % (user or self.user, self.own, ";transport=tcp" if self.tcp else "")


class Call:
    def __init__(self, name, caller, callee, words):
        self.name, self.caller, self.callee, self.words = name, caller, callee, words
        style = caller.style
        host = "" if style in ("uuid", "mixed") else "@" + caller.own.rpartition(":")[0].strip("[]")
        self.id = words.get("id", new_id(style, "call", name) + host)
        self.tags = {caller.name: words.get("ftag", new_id(style, "tag", name))}
        if caller.old:
            self.tags[caller.name] = ""
        self.users = {}
        for who, key in ((caller, "from"), (callee, "to")):
            match = re.match(r"sips?:([^@;]+)@", words.get(key, ""))
            self.users[who.name] = match.group(1) if match else who.user
        self.peer = None     # whom the caller has a dialog with
        self.cseq = {}       # by who counts
        self.targets = {}    # their contacts, as told last
        self.routes = {}     # by callee, proxies from the caller's side
        self.requests, self.answers = [], []
        self.challenges = {}  # by who challenges
        self.offers = {}

    def address(self, who):
        uri = self.words.get("from" if who is self.caller else "to", who.aor)
        name = '"%s" ' % who.display if who.display and uri == who.aor else ""
        return "%s<%s>" % (name, uri)


class Request:
    """As it crossed one wire."""

    def __init__(self):
        self.auths, self.extra, self.body = [], [], (None, "")
        self.vias, self.rr, self.route = [], [], []
        self.final, self.final_to = None, None
        self.fresh = True  # without To tag


class Story:
    def __init__(self, case):
        self.case, self.domain = case, "pbx.example"
        self.who, self.calls, self.call = {}, {}, None

    def declare(self, words):
        kind, name, rest = words[0], words[1], words[2:]
        pairs = {k: v.replace("~", " ") for k, _, v in (w.partition("=") for w in rest) if v}
        flags = [w for w in rest if "=" not in w]
        if kind == "domain":
            self.domain = name
        elif kind == "call":
            self.call = Call(name, self.who[rest[0]], self.who[rest[1]], pairs)
            self.calls[name] = self.call
        elif kind == "move":
            self.who[name].addr = rest[0]
            self.who[name].own = pairs.get("own", self.who[name].own)
        else:
            self.who[name] = Element(kind, name, rest[0], flags[1:], pairs, self.domain)

    def address(self, name):
        """What a name stands for in a line of mkpcap's own."""
        return self.who[name].addr if name in self.who else name

    # --- one line ---
    def tell(self, words):
        if words[4] == "registers":
            self.registers(*words[:4], words[5:])
        else:
            self.tell_one(words)

    def registers(self, when, ua, arrow, dst, words):
        name, call = "register-" + ua, self.call
        steps = ["REGISTER", "401", "REGISTER auth", "200"]
        if name in self.calls:
            self.call, steps = self.calls[name], steps[2:]
        else:
            self.declare(["call", name, ua, dst])
        for i, step in enumerate(steps):
            ends = [dst, arrow, ua] if step[0] in "24" else [ua, arrow, dst]
            own = words if step.startswith("REG") else []
            self.tell_one(["%f" % (float(when) + i * 0.02)] + ends + step.split() + own)
        self.call = call

    def tell_one(self, words):
        when, path, dst, what = float(words[0]), words[1], words[3], words[4]
        name, slash, path = path.rpartition("/")
        self.call = self.calls[name] if slash else self.call
        name, slash, what = what.rpartition("/")
        self.call = self.calls[name] if slash else self.call
        path = [self.who[p] for p in path.split(".")]
        opt = self.options(words[5:])
        if what[0].isdigit():
            code, _, method = what.partition(":")
            text = self.answer(int(code), method, path, self.who[dst], opt)
        else:
            text = self.request(what, path, self.who[dst], opt)
        for later in [0.0] + [float(t) for t in opt.get("again", "").split(",") if t]:
            self.case.send_text(when + later, path[-1], self.who[dst], text, opt)

    @staticmethod
    def options(words):
        opt = {"headers": []}
        it = iter(words)
        for w in it:
            if re.match(r"[A-Z][\w-]*:", w):
                name, _, value = w.replace("~", " ").partition(":")
                opt["headers"].append((name, value))
            elif w == "label":
                opt["label"] = next(it)
            elif "=" in w:
                key, _, value = w.partition("=")
                opt[key] = value.replace("~", " ")
            else:
                opt[w] = True
        known = {"headers", "label", "auth", "password", "user", "realm", "nonce", "noqop",
                 "stale", "sdp", "nosdp", "text", "body", "contact", "expires", "tag", "to", "uri",
                 "out", "cseq", "mf", "as", "again", "compact", "case", "unseen",
                 "nc"}
        if set(opt) - known:
            raise ValueError("unknown word " + " ".join(set(opt) - known))
        return opt

    # --- requests ---
    def on_hop(self, src, dst, *methods):
        """The last request that src sent to dst over the wire."""
        for r in reversed(self.call.requests):
            if r.path[-1] is src and r.dst is dst and r.method in methods:
                return r
        return None

    def request(self, method, path, dst, opt):
        sent_on = None
        if len(path) > 1:
            sent_on = next((r for r in reversed(self.call.requests) if r.method == method
                            and r.path == path[:-1] and r.dst is path[-1]), None)
        invite = self.on_hop(path[-1], dst, "INVITE")
        if method == "CANCEL":
            r = self.of_invite(method, invite, opt)
        elif method == "ACK" and invite and (invite.final or 0) >= 300:
            r = self.of_invite(method, invite, opt)
        elif sent_on:
            r = self.send_on(sent_on, path, dst, opt)
        else:
            r = self.new_request(method, path, dst, opt)
        self.call.requests.append(r)
        return self.render_request(r, opt)

    def of_invite(self, method, invite, opt):
        """CANCEL and the ACK of a refusal go hop by hop (RFC 3261 9.1, 17.1.1.3)."""
        r = copy.copy(invite)
        r.method, r.vias, r.rr, r.body = method, invite.vias[:1], [], (None, "")
        r.auths = invite.auths if opt.get("auth") == "same" else []
        r.extra, r.contact, r.mf, r.final = opt["headers"], None, 70, None
        if method == "ACK":
            r.to = invite.final_to
        return r

    def send_on(self, sent, path, dst, opt):
        r, via = copy.copy(sent), sent.vias[0]
        r.path, r.dst, r.final, r.mf = path, dst, None, sent.mf - 1
        r.vias = [self.via(path, dst, r), (via[0], via[1], via[1])] + sent.vias[1:]
        if r.fresh and path[-1].rr and r.method in FORMING:
            r.rr = [path[-1].route()] + sent.rr
        r.route = [n for n in sent.route if n is not path[-1]]
        r.auths = [a for a in sent.auths if a[0] is not path[-1]]
        if r.fresh and dst.kind == "ua":
            r.uri = dst.contact()
        r.uri = opt.get("uri", r.uri)
        r.extra = sent.extra + opt["headers"]
        r.body = self.body(opt, path[-1], False) if "sdp" in opt else sent.body
        return r

    def new_request(self, method, path, dst, opt):
        call, r = self.call, Request()
        origin = self.who[opt["as"]] if "as" in opt else path[0]
        r.method, r.path, r.dst, r.origin = method, path, dst, origin
        peer = self.who[opt["to"]] if "to" in opt else call.peer
        if origin is not call.caller:
            peer = call.caller
        elif peer is None or "out" in opt or method in ALONE:
            peer = None
        r.fresh = peer is None
        self.count(r, opt)
        r.frm = tagged(call.address(origin), self.tag_of(origin))
        if method in ALONE:
            r.to = call.address(origin)
        elif r.fresh:
            r.to = call.address(call.callee)
        else:
            r.to = tagged(call.address(
                call.caller if peer is call.caller else call.callee), self.tag_of(peer))
        self.aim(r, peer, dst, opt)
        r.vias = [self.via(path[:i + 1], (path + [dst])[i + 1], r) for i in range(len(path))]
        r.vias = [r.vias[-1]] + [(v[0], v[1], v[1]) for v in reversed(r.vias[:-1])]
        if r.fresh and method in FORMING:
            r.rr = [p.route() for p in reversed(path[1:]) if p.rr]
        r.mf = int(opt.get("mf", 71 - len(path)))
        r.contact = None
        if method in WITH_CONTACT + ("REGISTER",) or "contact" in opt:
            usual = "<%s>" % path[0].contact(call.users.get(origin.name))
            r.contact = opt.get("contact", usual)
            call.targets[origin.name] = r.contact
        r.extra = ([("Expires", opt["expires"])] if "expires" in opt else []) + opt["headers"]
        r.body = self.body(opt, path[0], method == "INVITE")
        if "auth" in opt:
            before = [q.auths for q in call.requests if q.origin is origin and q.auths]
            r.auths = before[-1] if opt["auth"] == "same" else [
                (self.who[by], self.credentials(c, r, opt)) for by, c in call.challenges.items()]
        return r

    def count(self, r, opt):
        call, who = self.call, r.origin.name
        if r.method == "ACK":
            r.cseq = max(q.cseq for q in call.requests if q.method == "INVITE"
                         and q.origin is r.origin)
        else:
            r.cseq = call.cseq.get(who, 0) + 1
        r.cseq = int(opt.get("cseq", r.cseq))
        if r.method != "ACK":
            call.cseq[who] = r.cseq

    def aim(self, r, peer, dst, opt):
        """Request-URI and Route."""
        call, r.route = self.call, []
        if r.method == "REGISTER":
            r.uri = "sip:" + r.origin.domain
        elif r.method == "PUBLISH":
            r.uri = r.origin.aor
        elif peer:
            told = re.search(r"<([^>]*)>", call.targets.get(peer.name) or "")
            r.uri = told.group(1) if told else peer.contact(call.users.get(peer.name))
            route = self.route_of(r.origin if peer is call.caller else peer)
            route = route if r.origin is call.caller else list(reversed(route))
            r.route = [p for p in route if p not in r.path]
        elif dst is call.callee and "to" not in call.words:
            r.uri = dst.contact()
        else:
            r.uri = call.words.get("to", call.callee.aor)
        if r.fresh and r.method not in ALONE:
            r.uri = call.words.get("uri", r.uri)
        r.uri = opt.get("uri", r.uri)

    def route_of(self, callee):
        """From the caller's side; a NOTIFY may come before the answer that tells it."""
        asked = [r for r in self.call.requests if r.fresh and r.dst is callee
                 and r.method in FORMING]
        asked = [p for p in asked[-1].path[1:] if p.rr] if asked else []
        return self.call.routes.get(callee.name, asked)

    def via(self, path, nexthop, r):
        """(who, as the receiver marks it, as sent)"""
        who = path[-1]
        proto = "TCP" if who.tcp or nexthop.tcp else "UDP"
        branch = new_id(who.style, "branch", self.call.name, r.method, r.cseq, r.origin.name,
                        r.to, nexthop.name, *[p.name for p in path])
        sent = "SIP/2.0/%s %s" % (proto, who.own)
        host, _, port = who.addr.rpartition(":")
        host = host.strip("[]")
        marked = sent + (";branch=z9hG4bK" + branch if not who.old else "")
        if who.rport:
            return who, "%s;received=%s;rport=%s" % (marked, host, port), marked + ";rport"
        if who.own.rpartition(":")[0].strip("[]") != host:
            return who, marked + ";received=" + host, marked
        return who, marked, marked

    def tag_of(self, who):
        call = self.call
        if who.name not in call.tags:
            last = next((r.cseq for r in reversed(call.requests) if r.fresh), 1)
            call.tags[who.name] = self.answer_tag(who, last)
        return call.tags[who.name]

    def answer_tag(self, who, cseq):
        return "" if who.old else new_id(who.style, "tag", self.call.name, who.name, cseq)

    def credentials(self, c, r, opt):
        c["nc"] = int(opt.get("nc", c["nc"] + 1))
        user = opt.get("user", r.origin.user)
        secret = opt.get("password", r.origin.password)

        def md5(*parts):
            return hashlib.md5(":".join(parts).encode()).hexdigest()
        a1, a2 = md5(user, c["realm"], secret), md5(r.method, r.uri)
        head = 'Digest username="%s", realm="%s", nonce="%s", uri="%s"' % (
            user, c["realm"], c["nonce"], r.uri)
        if c["qop"]:
            count = "%08x" % c["nc"]
            cnonce = new_id("mixed", "cnonce", self.call.name, r.cseq, c["nonce"])
            head += ', response="%s", qop=auth, cnonce="%s", nc=%s' % (
                md5(a1, c["nonce"], count, cnonce, "auth", a2), cnonce, count)
        else:
            head += ', response="%s"' % md5(a1, c["nonce"], a2)
        name = "Authorization" if c["status"] == 401 else "Proxy-Authorization"
        return name, head + ", algorithm=MD5"

    # --- answers ---
    def answer(self, code, method, path, dst, opt):
        call = self.call
        r = next((r for r in reversed(call.requests) if r.path[-1] is dst and r.dst is path[-1]
                  and r.method != "ACK" and (r.method == method or not method)
                  and ("cseq" not in opt or r.cseq == int(opt["cseq"]))), None)
        if r is None:
            raise ValueError("no request that this answers")
        a = copy.copy(r)
        a.code, a.path, a.dst, a.request = code, path, dst, r
        a.who = self.who[opt["as"]] if "as" in opt else path[0]
        before = next((b for b in reversed(call.answers) if b.code == code
                       and b.path == path[:-1] and b.dst is path[-1] and b.method == r.method
                       and b.cseq == r.cseq and b.who is a.who), None)
        a.rr, a.contact = [], None
        a.extra, a.body = opt["headers"], (None, "")
        forms = r.method in FORMING and 100 < code < 300
        tag = ""
        if r.fresh and (code > 100 or "tag" in opt):
            tag = opt.get("tag", self.answer_tag(a.who, r.cseq))
            tag = "" if tag == "-" else tag
            a.to = tagged(r.to, tag)
        if forms and r.fresh:
            a.rr = [p.route() for p in path[1:] if p.rr] + r.rr
        if before:
            a.extra, a.body, a.contact = before.extra + opt["headers"], before.body, before.contact
            a.body = self.body(opt, path[-1], False) if "sdp" in opt else a.body
        else:
            self.fill(a, r, opt, forms or (code < 300 and code > 100 and r.method == "UPDATE"))
        if forms and opt.get("tag") != "-":
            self.form(a, r, tag)
        if code >= 200:
            r.final, r.final_to = code, a.to
        call.answers.append(a)
        return self.render_answer(a, opt)

    def fill(self, a, r, opt, target):
        if a.code in (401, 407):
            self.challenge(a, opt)
        if target:
            a.contact = "<%s>" % a.who.contact(self.call.users.get(a.who.name))
        if r.method == "REGISTER" and a.code == 200 and r.contact not in (None, "*", "-"):
            asked = re.search(r";expires=(\d+)", r.contact)
            asked = asked.group(1) if asked else dict(r.extra).get("Expires", "3600")
            expires = opt.get("expires", asked)
            if expires != "0":
                a.contact = r.contact.split(";expires")[0] + ";expires=" + expires
        elif "expires" in opt:
            a.extra = [("Expires", opt["expires"])] + a.extra
        a.contact = opt.get("contact", a.contact)
        a.body = self.body(opt, a.who, r.method == "INVITE" and a.code in (183, 200))

    def form(self, a, r, tag):
        call, who = self.call, a.who
        if a.contact and a.contact != "-":
            call.targets[who.name] = a.contact
        if not r.fresh:
            return
        call.tags[who.name] = tag
        call.routes[who.name] = [p for p in r.path[1:] + a.path[:0:-1] if p.rr]
        call.peer = who

    def challenge(self, a, opt):
        who = a.who
        c = {"status": a.code, "realm": opt.get("realm", who.realm),
             "nonce": opt.get("nonce", new_id("uuid", "nonce", self.call.name, who.name,
                                              len(self.call.answers)).replace("-", "")),
             "qop": "noqop" not in opt, "nc": 0}
        head = 'Digest realm="%s", nonce="%s"' % (c["realm"], c["nonce"])
        head += ', qop="auth"' if c["qop"] else ""
        head += ", stale=true" if "stale" in opt else ""
        name = "WWW-Authenticate" if a.code == 401 else "Proxy-Authenticate"
        a.extra = a.extra + [(name, head + ", algorithm=MD5")]
        self.call.challenges[who.name] = c

    # --- bodies and bytes ---
    def body(self, opt, who, usual):
        if "text" in opt:
            return "text/plain", opt["text"] + "\r\n"
        if "body" in opt:
            lines, words = self.case.templates[opt["body"]]
            return words["type"], "".join(line + "\r\n" for line in lines)
        if "sdp" not in opt and (not usual or "nosdp" in opt):
            return None, ""
        count = self.call.offers[who.name] = self.call.offers.get(who.name, 0) + 1
        host = who.own.rpartition(":")[0].strip("[]")
        if not re.match(r"[0-9.]+$|.*:", host):
            host = who.addr.rpartition(":")[0].strip("[]")
        where = "IN IP%d %s" % (6 if ":" in host else 4, host)
        session = number("sdp", self.call.name, who.name)
        return "application/sdp", "".join(line + "\r\n" for line in (
            "v=0", "o=%s %d %d %s" % (who.user, session % 10**9, count, where), "s=call",
            "c=" + where, "t=0 0", "m=audio %d RTP/AVP 8 0 101" % (16384 + session % 8000 * 2),
            "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=sendrecv"))

    def render_request(self, r, opt):
        lines = [("Via", v[2]) for v in r.vias]
        lines += [("Record-Route", rr) for rr in r.rr]
        lines += [("Route", p.route()) for p in r.route]
        lines += [("Max-Forwards", str(r.mf)), ("From", r.frm), ("To", r.to),
                  ("Call-ID", self.call.id), ("CSeq", "%d %s" % (r.cseq, r.method))]
        if r.contact and r.contact != "-":
            lines.append(("Contact", r.contact))
        lines += [a[1] for a in r.auths] + r.extra
        if r.path[0].agent:
            lines.append(("User-Agent", r.path[0].agent))
        return self.render("%s %s SIP/2.0" % (r.method, r.uri), lines, r.body, opt)

    def render_answer(self, a, opt):
        vias = [(v[0], v[1], v[1]) for v in a.request.vias]
        lines = [("Via", v[2]) for v in vias]
        lines += [("Record-Route", rr) for rr in a.rr]
        lines += [("From", a.frm), ("To", a.to), ("Call-ID", self.call.id),
                  ("CSeq", "%d %s" % (a.cseq, a.method))]
        if a.contact and a.contact != "-":
            lines.append(("Contact", a.contact))
        lines += a.extra
        if a.who.agent:
            lines.append(("User-Agent" if a.who.kind == "ua" else "Server", a.who.agent))
        reason = REASONS[a.code]
        return self.render("SIP/2.0 %d %s" % (a.code, reason), lines, a.body, opt)

    @staticmethod
    def render(start, lines, body, opt):
        if body[0]:
            lines = lines + [("Content-Type", body[0])]
        lines = lines + [("Content-Length", str(len(body[1].encode())))]
        if "compact" in opt:
            lines = [(COMPACT.get(n, n), v) for n, v in lines]
        if "case" in opt:
            lines = [(getattr(n, opt["case"])(), v) for n, v in lines]
        head = "".join("%s: %s\r\n" % line for line in lines)
        return (start + "\r\n" + head + "\r\n" + body[1]).encode()
