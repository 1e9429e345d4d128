# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to write one request for tests/lib/evasion.py: each says the same agent and the
same destination to a server, differently.

A spelling is a function that takes what is to be said (Words) and returns the bytes of a
datagram, or for TCP a list of segments.  "agent" spellings hide the User-Agent, "number"
spellings the destination, "both" the whole message.  They go over udp, tcp or one of the ways
that tests/lib/wires.py knows."""

from rawtcp import ACK, FIN, PSH, RST, SYN, URG, Segment

LONG = b"x" * 200


class Words:
    """What a request says, and from where; the spelling decides how it is written."""

    def __init__(self, said, ident, source, port, server, proto):
        self.one = said.one                    # the agent, one word
        self.agent = said.two                  # an agent of two words
        self.number = said.number              # as dialled, 00...
        self.plus = b"+" + self.number[2:]     # the same, global
        self.id = ident.encode()
        self.source = bracketed(source)
        self.host = bracketed(server)
        self.port = b"%d" % port
        self.proto = b"TCP" if proto.startswith("tcp") else b"UDP"
        self.uri = b"sip:%s@%s" % (self.number, self.host)


def bracketed(address):
    return (b"[%s]" if ":" in address else b"%s") % address.encode()


class Message:
    """An ordinary INVITE, to be bent."""

    def __init__(self, w, uri=None, method=b"INVITE"):
        self.lead = b""
        self.eol = b"\r\n"
        self.start = b"%s %s SIP/2.0" % (method, uri if uri is not None else w.uri)
        self.body = b""
        self.tail = b""
        self.head = {
            "via": b"Via: SIP/2.0/%s %s:%s;branch=z9hG4bK-%s;rport" % (w.proto, w.source, w.port,
                                                                    w.id),
            "max": b"Max-Forwards: 70",
            "from": b"From: <sip:1001@%s>;tag=%s" % (w.host, w.id),
            "to": b"To: <sip:1002@%s>" % w.host,
            "id": b"Call-ID: %s" % w.id,
            "cseq": b"CSeq: 1 %s" % method,
            "contact": b"Contact: <sip:1001@%s:%s>" % (w.source, w.port),
            "agent": b"User-Agent: %s" % w.one,
            "length": b"Content-Length: 0",
        }

    def set(self, **lines):
        self.head.update(lines)
        return self

    def drop(self, *names):
        for n in names:
            del self.head[n]
        return self

    def first(self, name, line=None):
        """Moves a line, or adds one, before all others."""
        line = line or self.head.pop(name)
        self.head = {name: line, **self.head}
        return self

    def joined(self, name):
        """The start line and one header with a bare LF between them."""
        self.start += b"\n" + self.head.pop(name)
        return self

    def reversed(self):
        self.head = dict(reversed(self.head.items()))
        return self

    def with_body(self, body, kind=b"text/plain"):
        self.body = body
        return self.set(type=b"Content-Type: " + kind, length=b"Content-Length: %d" % len(body))

    def lines(self, change):
        self.head = {k: change(v) for k, v in self.head.items()}
        return self

    def __bytes__(self):
        lines = [self.start] + [v for v in self.head.values() if v is not None]
        return self.lead + self.eol.join(lines) + 2 * self.eol + self.body + self.tail


ALL = []  # (name, what, transports, function)


def spelling(name, what, over="udp tcp"):
    def keep(function):
        ALL.append((name, what, over.split(), function))
        return function
    return keep


def add(name, what, function, over="udp tcp"):
    ALL.append((name, what, over.split(), lambda w: bytes(function(w))))


def agent(name, line, over="udp tcp"):
    """line: the header as it is sent; %s is the agent's name."""
    add(name, "agent", lambda w: Message(w).set(agent=line % w.one), over)


def number(name, uri, over="udp tcp"):
    """uri: a function of the words."""
    add(name, "number", lambda w: Message(w, uri(w)), over)


def both(name, function, over="udp tcp"):
    add(name, "both", lambda w: function(Message(w), w), over)


def names(change):
    def line(text):
        name, colon, rest = text.partition(b":")
        return change(name) + colon + rest
    return lambda m, w: m.lines(line)


def quoted(text, every=1):
    """Percent-escapes each byte (or every so manieth)."""
    return b"".join(b"%%%02x" % c if i % every == 0 else bytes([c]) for i, c in enumerate(text))


def grouped(n, sep=b"-"):
    return n[:2] + sep + n[2:4] + sep + n[4:]


# ---- the plain one, which must be refused by name before the others mean anything ----
both("plain", lambda m, w: m)

# ---- User-Agent ----
agent("name in upper case", b"USER-AGENT: %s")
agent("name in lower case", b"user-agent: %s")
agent("name in mixed case", b"uSeR-aGeNt: %s")
agent("no space behind the colon", b"User-Agent:%s")
agent("tab behind the colon", b"User-Agent:\t%s")
agent("much white space behind the colon", b"User-Agent:" + b" \t" * 100 + b"%s")
agent("space before the colon", b"User-Agent : %s")
agent("tab before the colon", b"User-Agent\t: %s")
agent("much white space before the colon", b"User-Agent" + b" \t" * 40 + b": %s")
agent("white space behind the value", b"User-Agent: %s \t ")
agent("folded before the value", b"User-Agent:\r\n %s")
agent("folded with a tab", b"User-Agent:\r\n\t%s")
agent("folded twice", b"User-Agent: \r\n \r\n\t %s")
agent("folded twenty times", b"User-Agent:" + b"\r\n " * 20 + b"%s")
agent("folded at a bare LF", b"User-Agent:\n %s")
agent("folded behind the value", b"User-Agent: %s\r\n (x)\r\n\ty")
agent("folded behind another word", b"User-Agent: Phone/1.0\r\n %s")
agent("folded before the colon", b"User-Agent\r\n : %s")
agent("folded at a lone CR", b"User-Agent:\r %s")
agent("folded, and looks like a header", b"User-Agent: %s\r\n User-Agent: Desk/1.0")
agent("behind a header that folds into another agent",
      b"Subject: x\r\n User-Agent: Desk/1.0\r\nUser-Agent: %s")
agent("in quotes", b'User-Agent: "%s"')
agent("in an open quote", b'User-Agent: "%s')
agent("in a comment", b"User-Agent: Desk/1.0 (%s)")
agent("in an open comment", b"User-Agent: ((%s")
agent("in angle brackets", b"User-Agent: <%s>")
agent("behind a product", b"User-Agent: Desk/1.0 %s")
agent("behind a comma", b"User-Agent: Desk/1.0, %s")
agent("behind 1000 bytes", b"User-Agent: " + LONG * 5 + b" %s")
agent("behind 3000 bytes", b"User-Agent: " + LONG * 15 + b" %s")
agent("behind UTF-8", b"User-Agent: T\xc3\xa9l\xc3\xa9phone %s")
agent("behind bytes that are no UTF-8", b"User-Agent: T\xff\xfel %s")
agent("behind a NUL", b"User-Agent: Desk\0 %s")
agent("behind a control byte", b"User-Agent: \x01%s")
agent("before a NUL", b"User-Agent: %s\0Desk")
agent("as the second User-Agent", b"User-Agent: Desk/1.0\r\nUser-Agent: %s")
agent("as the first of two", b"User-Agent: %s\r\nuser-agent: Desk/1.0")
agent("as the third, behind empty ones", b"User-Agent:\r\nUser-Agent: \r\nUser-Agent: %s")
agent("behind a header like it", b"User-Agents: Desk/1.0\r\nX-User-Agent: Desk\r\nUser-Agent: %s")
agent("behind a Server header", b"Server: Desk/1.0\r\nUser-Agent: %s")
agent("behind an open quote", b'Subject: "x\r\nUser-Agent: %s')
agent("behind an open bracket", b"Subject: <x\r\nUser-Agent: %s")
agent("behind a backslash at the line's end", b'Subject: "x\\\r\nUser-Agent: %s')
agent("behind a line without a colon", b"Subject\r\nUser-Agent: %s")
agent("behind a line that begins with a colon", b": x\r\nUser-Agent: %s")
agent("behind a bare LF", b"Subject: x\nUser-Agent: %s")
agent("behind a lone CR", b"Subject: x\rUser-Agent: %s")
agent("behind LF CR", b"Subject: x\n\rUser-Agent: %s")
agent("behind CR CR LF", b"Subject: x\r\r\nUser-Agent: %s")
agent("with a control byte in the name", b"User-Agent\x01: %s")
add("folded inside the name", "agent", lambda w: Message(w).set(
    agent=b"User-Agent: " + w.agent.replace(b" ", b"\r\n ")))
add("folded inside the name, blanks and tabs", "agent", lambda w: Message(w).set(
    agent=b"User-Agent: " + w.agent.replace(b" ", b" \t\r\n\t \r\n  ")))
add("tab inside the name", "agent", lambda w: Message(w).set(
    agent=b"User-Agent: " + w.agent.replace(b" ", b"\t")))
add("value in upper case", "agent", lambda w: Message(w).set(
    agent=b"User-Agent: " + w.one.upper()))
add("value in mixed case", "agent", lambda w: Message(w).set(
    agent=b"User-Agent: " + w.one.title().swapcase()))
add("first header", "agent", lambda w: Message(w).first("agent"))
add("behind Content-Length", "agent",
    lambda w: Message(w).set(last=b"User-Agent: " + w.one).drop("agent"))
for m in (b"OPTIONS", b"REGISTER", b"SUBSCRIBE", b"MESSAGE", b"NOTIFY", b"PUBLISH", b"INFO", b"REFER"):
    add("in " + m.decode(), "agent",
        lambda w, m=m: Message(w, b"sip:1002@" + w.host, m).set(
            event=b"Event: presence", expires=b"Expires: 60", refer=b"Refer-To: <sip:1003@x>"))
add("in a method of no RFC", "agent", lambda w: Message(w, method=b"FETCH"))

# RFC 8489 5: a type, a length, the magic cookie, twelve bytes
for name, stun in ((b"a STUN request", b"\0\1\0\0!\x12\xa4B"), (b"STUN of odd type", b"!!\0\0!\x12\xa4B"),
                   (b"STUN without NULs", b"!!$$!\x12\xa4B")):
    add("in a request whose method is " + name.decode(), "agent",
        lambda w, stun=stun: Message(w, w.uri, stun + b"a" * 12).with_body(b"y" * 9300), "udp")
    add("behind %s in its datagram" % name.decode(), "both",
        lambda w, stun=stun: stun + b"a" * 10 + b"\r\n" + bytes(Message(w).with_body(b"y" * 9300)), "udp")

# ---- the destination ----
number("sips:", lambda w: b"sips:%s@%s" % (w.number, w.host))
number("scheme in upper case", lambda w: b"SIP:%s@%s" % (w.number, w.host))
number("scheme in mixed case", lambda w: b"sIpS:%s@%s" % (w.number, w.host))
number("one digit escaped", lambda w: b"sip:%%%02x%s@%s" % (w.number[0], w.number[1:], w.host))
number("all digits escaped", lambda w: b"sip:%s@%s" % (quoted(w.number), w.host))
number("every other digit escaped", lambda w: b"sip:%s@%s" % (quoted(w.number, 2), w.host))
number("escaped plus", lambda w: b"sip:%%2b%s@%s" % (w.plus[1:], w.host))
number("escaped plus in upper case", lambda w: b"sip:%%2B%s@%s" % (w.plus[1:], w.host))
number("plus and user=phone", lambda w: b"sip:%s@%s;user=phone" % (w.plus, w.host))
number("hyphens", lambda w: b"sip:%s@%s" % (grouped(w.number), w.host))
number("hyphens and user=phone", lambda w: b"sip:%s@%s;user=phone" % (grouped(w.number), w.host))
number("dots", lambda w: b"sip:%s@%s" % (grouped(w.number, b"."), w.host))
number("brackets", lambda w: b"sip:(%s)%s@%s" % (w.number[:4], w.number[4:], w.host))
number("a hyphen first", lambda w: b"sip:-%s@%s" % (w.number, w.host))
number("hyphens between all digits",
       lambda w: b"sip:%s@%s" % (b"-".join(b"%c" % c for c in w.number), w.host))
number("escaped hyphens", lambda w: b"sip:%s@%s" % (grouped(w.number, b"%2d"), w.host))
number("escaped brackets", lambda w: b"sip:%%28%s%%29%s@%s" % (w.number[:4], w.number[4:], w.host))
number("hyphens and a plus", lambda w: b"sip:%s@%s" % (grouped(w.plus), w.host))
number("300 hyphens", lambda w: b"sip:%s@%s" % (grouped(w.number, b"-" * 150), w.host))
number("a password", lambda w: b"sip:%s:secret@%s" % (w.number, w.host))
number("an empty password", lambda w: b"sip:%s:@%s" % (w.number, w.host))
number("a password of digits", lambda w: b"sip:%s:1002@%s" % (w.number, w.host))
number("a password with an escaped at sign", lambda w: b"sip:%s:%%40x@%s" % (w.number, w.host))
number("a parameter of the user", lambda w: b"sip:%s;isub=1@%s" % (w.number, w.host))
number("phone-context of the user",
       lambda w: b"sip:%s;phone-context=+49@%s;user=phone" % (w.number, w.host))
number("hyphens and a parameter of the user",
       lambda w: b"sip:%s;isub=1@%s" % (grouped(w.number), w.host))
number("a port", lambda w: b"sip:%s@%s:5060" % (w.number, w.host))
number("another port", lambda w: b"sip:%s@%s:15060" % (w.number, w.host))
number("a port with zeros", lambda w: b"sip:%s@%s:05060" % (w.number, w.host))
number("an empty port", lambda w: b"sip:%s@%s:" % (w.number, w.host))
number("transport=udp", lambda w: b"sip:%s@%s;transport=udp" % (w.number, w.host))
number("many parameters", lambda w: b"sip:%s@%s%s" % (w.number, w.host, b";x=y" * 50))
number("an empty parameter", lambda w: b"sip:%s@%s;" % (w.number, w.host))
number("lr", lambda w: b"sip:%s@%s;lr" % (w.number, w.host))
number("maddr", lambda w: b"sip:%s@pbx.example.org;maddr=%s" % (w.number, w.host))
number("user=ip", lambda w: b"sip:%s@%s;user=ip" % (w.number, w.host))
number("quotes in a parameter", lambda w: b"sip:%s@%s;x=\"a\"" % (w.number, w.host))
number("at sign in a parameter", lambda w: b"sip:%s@%s;x=1002@%s" % (w.number, w.host, w.host))
number("escaped at sign in a parameter",
       lambda w: b"sip:%s@%s;x=1002%%40%s" % (w.number, w.host, w.host))
number("headers", lambda w: b"sip:%s@%s?Subject=x" % (w.number, w.host))
number("at sign in a header", lambda w: b"sip:%s@%s?x=1002@%s" % (w.number, w.host, w.host))
number("escaped at sign in a header",
       lambda w: b"sip:%s@%s?To=sip%%3A1002%%40%s" % (w.number, w.host, w.host))
number("a name for the host", lambda w: b"sip:%s@pbx.example.org" % w.number)
number("a host in upper case", lambda w: b"sip:%s@PBX.EXAMPLE.ORG" % w.number)
number("a host with a dot at its end", lambda w: b"sip:%s@pbx.example.org." % w.number)
number("a host with an underscore", lambda w: b"sip:%s@pbx_1.example.org" % w.number)
number("a host of digits", lambda w: b"sip:%s@1002" % w.number)
number("an IPv6 host", lambda w: b"sip:%s@[2001:db8:0:2::130]" % w.number)
number("an IPv6 host, port and parameters",
       lambda w: b"sip:%s@[2001:DB8::130]:5060;transport=udp" % w.number)
number("an empty host", lambda w: b"sip:%s@" % w.number)
number("no host", lambda w: b"sip:%s" % w.number)
number("a double at sign", lambda w: b"sip:%s@1002@%s" % (w.number, w.host))
number("two slashes", lambda w: b"sip://%s@%s" % (w.number, w.host))
number("angle brackets", lambda w: b"<sip:%s@%s>" % (w.number, w.host))
number("a display name", lambda w: b"\"1002\"<sip:%s@%s>" % (w.number, w.host))
number("a NUL behind it", lambda w: b"sip:%s%%00@%s" % (w.number, w.host))
number("a tab behind it", lambda w: b"sip:%s\t@%s" % (w.number, w.host))
number("tel:", lambda w: b"tel:" + w.plus)
number("TEL:", lambda w: b"TEL:" + w.plus)
number("tel: with hyphens", lambda w: b"tel:" + grouped(w.plus))
number("tel: with dots and brackets",
       lambda w: b"tel:%s(%s).%s" % (w.plus[:3], w.plus[3:5], w.plus[5:]))
number("tel: with a context", lambda w: b"tel:%s;phone-context=pbx.example.org" % w.number)
number("tel: with a global context", lambda w: b"tel:%s;phone-context=+49" % grouped(w.number))
number("tel: with parameters", lambda w: b"tel:%s;isub=1;x=y" % w.plus)
number("tel: with user=phone", lambda w: b"tel:%s;user=phone" % w.plus)
number("tel: with escapes", lambda w: b"tel:" + quoted(w.number))
number("tel: with separators in its escapes",
       lambda w: b"tel:" + quoted(w.number).replace(b"%3", b"%(3)-"))
number("tel: with a host", lambda w: b"tel:%s@%s" % (w.plus, w.host))
number("tel: with a password", lambda w: b"tel:%s:1002" % w.plus)
number("tels:", lambda w: b"tels:" + w.plus)
number("im:", lambda w: b"im:%s@%s" % (w.number, w.host))
number("urn:", lambda w: b"urn:service:" + w.number)
add("in MESSAGE", "number", lambda w: Message(w, method=b"MESSAGE").with_body(b"hello"))
add("in REFER", "number", lambda w: Message(w, method=b"REFER").set(refer=b"Refer-To: <sip:1@x>"))
add("in an INVITE with a To tag", "number",
    lambda w: Message(w).set(to=b"To: <sip:1002@%s>;tag=t" % w.host))
add("in Refer-To", "number", lambda w: Message(w, b"sip:1002@" + w.host, b"REFER").set(
    refer=b"Refer-To: <%s>" % w.uri))
add("in the compact Refer-To, escaped", "number",
    lambda w: Message(w, b"sip:1002@" + w.host, b"REFER").set(
        refer=b"r : \"1002\"\r\n <sip:%s@%s?Replaces=a>" % (quoted(w.number), w.host)))
add("in Refer-To without brackets", "number",
    lambda w: Message(w, b"sip:1002@" + w.host, b"REFER").set(refer=b"REFER-TO:" + w.uri))
add("in a Route without lr", "number", lambda w: Message(w, b"sip:1002@" + w.host).set(
    route=b"Route: <sip:%s;lr>, <sip:%s@192.0.2.200>" % (w.host, w.number)))
add("in the last Route, behind a To tag", "number", lambda w: Message(w, b"sip:" + w.host).set(
    route=b"Route: <sip:192.0.2.201;lr>, <sip:%s@192.0.2.200;lr>" % w.number,
    to=b"To: <sip:1002@%s>;tag=t" % w.host))
add("in a second Route header, behind a To tag", "number",
    lambda w: Message(w, b"sip:" + w.host).set(
        route=b"Route: <sip:192.0.2.201;lr>\r\nROUTE\t:\r\n \"<,\" <sip:%s@192.0.2.200;lr>"
        % quoted(w.number), to=b"To: <sip:1002@%s>;tag=t" % w.host))

add("in the only Route", "number", lambda w: Message(w, b"sip:1002@" + w.host).set(
    route=b"Route: <sip:%s@192.0.2.200>" % w.number))
for lr in (b"l%72", b"lrx", b"x=\";lr\"", b"x?lr"):
    add("in the first of two Routes, ;" + lr.decode(), "number",
        lambda w, lr=lr: Message(w, b"sip:1002@" + w.host).set(
            route=b"Route: <sip:%s@192.0.2.200;%s>, <sip:192.0.2.201;lr>" % (w.number, lr)))
    add("in the second of three Routes, ;" + lr.decode(), "number",
        lambda w, lr=lr: Message(w, b"sip:1002@" + w.host).set(
            route=b"Route: <sip:%s;lr>, <sip:%s@192.0.2.200;%s>, <sip:192.0.2.201;lr>"
            % (w.host, w.number, lr)))

# ---- the start line ----
def start(name, change):
    def bend(m, w):
        m.start = change(w)
        method = m.start.split()[0]
        return m.set(cseq=b"CSeq: 1 " + method)
    both("start line: " + name, bend)


start("version in lower case", lambda w: b"INVITE %s sip/2.0" % w.uri)
start("version in mixed case", lambda w: b"INVITE %s Sip/2.0" % w.uri)
start("method in lower case", lambda w: b"invite %s SIP/2.0" % w.uri)
start("method in mixed case", lambda w: b"Invite %s SIP/2.0" % w.uri)
start("two spaces before the URI", lambda w: b"INVITE  %s SIP/2.0" % w.uri)
start("two spaces behind the URI", lambda w: b"INVITE %s  SIP/2.0" % w.uri)
start("a tab before the URI", lambda w: b"INVITE\t%s SIP/2.0" % w.uri)
start("a tab behind the URI", lambda w: b"INVITE %s\tSIP/2.0" % w.uri)
start("a space at its end", lambda w: b"INVITE %s SIP/2.0 " % w.uri)
start("a space first", lambda w: b" INVITE %s SIP/2.0" % w.uri)
start("version 2.00", lambda w: b"INVITE %s SIP/2.00" % w.uri)
start("version 3.0", lambda w: b"INVITE %s SIP/3.0" % w.uri)
start("words behind it", lambda w: b"INVITE %s SIP/2.0 SIP/2.0" % w.uri)


def lead(name, before, over="udp tcp"):
    def bend(m, w):
        m.lead = before
        return m
    both("before it: " + name, bend, over)


lead("a CRLF", b"\r\n")
lead("two CRLFs", b"\r\n\r\n")
lead("twenty CRLFs", b"\r\n" * 20)
lead("a hundred CRLFs", b"\r\n" * 100)
lead("an LF", b"\n")
lead("a CR", b"\r")
lead("spaces", b"  ")
lead("a tab", b"\t")
lead("a NUL", b"\0")
lead("NULs and a CRLF", b"\0\0\0\0\r\n")
lead("a byte order mark", b"\xef\xbb\xbf")
lead("an empty line with a space", b" \r\n")


# ---- the headers as a whole ----
def ends(name, eol):
    def bend(m, w):
        m.eol = eol
        return m
    both("line ends: " + name, bend)


ends("LF", b"\n")
ends("CR", b"\r")
ends("LF CR", b"\n\r")
ends("CR CR LF", b"\r\r\n")

COMPACT = {b"Via": b"v", b"From": b"f", b"To": b"t", b"Call-ID": b"i", b"Contact": b"m",
           b"Content-Length": b"l", b"Content-Type": b"c"}
both("compact names", names(lambda n: COMPACT.get(n, n)))
both("compact names in upper case", names(lambda n: COMPACT.get(n, n).upper()))
both("names in lower case", names(bytes.lower))
both("names in upper case", names(bytes.upper))
both("white space before all colons", names(lambda n: n + b" \t"))
both("all headers folded", lambda m, w: m.lines(lambda x: x.replace(b": ", b":\r\n \t")))
both("no white space behind the colons", lambda m, w: m.lines(lambda x: x.replace(b": ", b":")))
both("white space behind all lines", lambda m, w: m.lines(lambda x: x + b" \t "))
both("start line ends in LF alone", lambda m, w: m.joined("via"))
both("headers backwards", lambda m, w: m.reversed())
both("behind a long header", lambda m, w: m.first("x", b"X-Long: " + LONG * 8))
both("behind a header of 6000 bytes", lambda m, w: m.first("x", b"X-Long: " + LONG * 30))
both("behind 60 headers", lambda m, w: m.first("x", b"\r\n".join(b"X-%d: y" % i for i in range(60))))
both("behind 110 headers",
     lambda m, w: m.first("x", b"\r\n".join(b"X-%d: y" % i for i in range(110))))
both("behind 300 headers",
     lambda m, w: m.first("x", b"\r\n".join(b"X-%d: y" % i for i in range(300))))
both("behind an empty header", lambda m, w: m.first("x", b"Subject:"))
both("behind a long name", lambda m, w: m.first("x", b"X-" + LONG + b": y"))
both("behind a name of odd characters", lambda m, w: m.first("x", b"!%*_+`'~.-: y"))
both("behind a name with a bracket", lambda m, w: m.first("x", b"X(Y): z"))
both("behind a name with UTF-8", lambda m, w: m.first("x", b"X-\xc3\xa9: z"))
both("behind a name with a blank", lambda m, w: m.first("x", b"X Y: z"))
both("two Subjects", lambda m, w: m.first("x", b"Subject: a\r\ns: b"))
both("two Call-IDs", lambda m, w: m.set(twice=b"Call-ID: " + w.id))
both("two To", lambda m, w: m.set(twice=b"t: <sip:1002@%s>" % w.host))
both("two CSeqs", lambda m, w: m.set(twice=b"CSeq: 1 INVITE"))
both("two Content-Lengths", lambda m, w: m.set(twice=b"l: 0"))
both("two Max-Forwards", lambda m, w: m.set(twice=b"Max-Forwards: 70"))
both("no Max-Forwards", lambda m, w: m.drop("max"))
both("no Contact", lambda m, w: m.drop("contact"))
both("no CSeq", lambda m, w: m.drop("cseq"))
both("Max-Forwards with zeros", lambda m, w: m.set(max=b"Max-Forwards: 0070"))
both("Max-Forwards above 255", lambda m, w: m.set(max=b"Max-Forwards: 300"))
both("CSeq with zeros and blanks", lambda m, w: m.set(cseq=b"CSeq: \t 00001 \t INVITE"))
both("CSeq folded", lambda m, w: m.set(cseq=b"CSeq: 1\r\n INVITE"))
both("CSeq of another method", lambda m, w: m.set(cseq=b"CSeq: 1 OPTIONS"))
both("CSeq too large", lambda m, w: m.set(cseq=b"CSeq: 4294967296 INVITE"))
both("a long Call-ID", lambda m, w: m.set(id=b"Call-ID: " + w.id + b"@" + LONG))
both("empty Supported and Allow", lambda m, w: m.set(k=b"Supported:\r\nAllow: \t"))

# ---- addresses ----
both("From with a quoted name", lambda m, w: m.set(
    **{"from": b'From: "A. \\"B\\" \\\\ <sip:x@y>;tag=z, " <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From with UTF-8", lambda m, w: m.set(
    **{"from": b'From: J\xc3\xb6rg <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From with bytes that are no UTF-8", lambda m, w: m.set(
    **{"from": b'From: "J\xf6rg" <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From with a quoted NUL", lambda m, w: m.set(
    **{"from": b'From: "J\\\0rg" <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From with a NUL", lambda m, w: m.set(
    **{"from": b'From: "J\0rg" <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From without brackets", lambda m, w: m.set(
    **{"from": b'From: sip:1001@%s;tag=%s' % (w.host, w.id)}))
both("From without a tag", lambda m, w: m.set(**{"from": b'From: <sip:1001@%s>' % w.host}))
both("From with two tags", lambda m, w: m.set(
    **{"from": b'From: <sip:1001@%s>;tag=%s;tag=2' % (w.host, w.id)}))
both("From folded at each blank", lambda m, w: m.set(
    **{"from": b'From:\r\n "A"\r\n <sip:1001@%s>\r\n ;\r\n tag\r\n =\r\n %s' % (w.host, w.id)}))
both("From is tel:", lambda m, w: m.set(**{"from": b'From: <tel:+4989123>;tag=%s' % w.id}))
both("From is empty", lambda m, w: m.set(**{"from": b'From:'}))
both("From with an open quote", lambda m, w: m.set(
    **{"from": b'From: "A <sip:1001@%s>;tag=%s' % (w.host, w.id)}))
both("From with an open bracket", lambda m, w: m.set(
    **{"from": b'From: <sip:1001@%s;tag=%s' % (w.host, w.id)}))
both("To with an empty name", lambda m, w: m.set(to=b'To: "" <sip:1002@%s>' % w.host))
both("To with a long name", lambda m, w: m.set(to=b'To: "%s" <sip:1002@%s>' % (LONG * 4, w.host)))
both("To with two addresses", lambda m, w: m.set(
    to=b"To: <sip:1002@%s>, <sip:1003@%s>" % (w.host, w.host)))
both("two Contacts", lambda m, w: m.set(
    contact=b"Contact: <sip:1@%s>;q=0.5,\r\n\t\"a,b\" <sip:2@%s>" % (w.source, w.source)))
both("twenty Vias", lambda m, w: m.set(
    via=b"\r\n".join([m.head["via"]] + [b"Via: SIP/2.0/UDP 192.0.2.%d;branch=z9hG4bK%d" % (i, i)
                                        for i in range(40, 60)])))
both("Vias in a list", lambda m, w: m.set(
    via=m.head["via"] + b" ,\r\n SIP/2.0/UDP 192.0.2.40;branch=z9hG4bK1"))
both("Via with blanks", lambda m, w: m.set(
    via=m.head["via"].replace(b"SIP/2.0/", b"SIP / 2.0 / ").replace(b";", b" ; ")))
both("Via folded", lambda m, w: m.set(via=m.head["via"].replace(b" ", b"\r\n ")))
both("Via in lower case", lambda m, w: m.set(
    via=m.head["via"].replace(b"SIP/2.0/" + w.proto, b"sip/2.0/" + w.proto.lower())))
both("Via with a comment", lambda m, w: m.set(via=m.head["via"] + b" (tunnel)"))
both("Via with parameters", lambda m, w: m.set(via=m.head["via"] + b';a="b;c,d";ttl=1;e'))
both("Via without a branch", lambda m, w: m.set(
    via=b"Via: SIP/2.0/%s %s:%s" % (w.proto, w.source, w.port)))
both("Via of RFC 2543", lambda m, w: m.set(
    via=b"Via: SIP/2.0/%s %s:%s;branch=1" % (w.proto, w.source, w.port)))
both("Via of another protocol", lambda m, w: m.set(
    via=m.head["via"].replace(b"SIP/2.0/" + w.proto, b"SIP/2.0/SCTP")))
both("Via with a name", lambda m, w: m.set(
    via=b"Via: SIP/2.0/%s phone.example.org:%s;rport;branch=z9hG4bK-%s" % (w.proto, w.port, w.id)))
both("Via with an IPv6 address", lambda m, w: m.set(
    via=b"Via: SIP/2.0/%s [2001:db8::1]:%s;rport;branch=z9hG4bK-%s" % (w.proto, w.port, w.id)))
both("a Route to the server", lambda m, w: m.set(route=b"Route: <sip:%s;lr>" % w.host))
both("a Record-Route", lambda m, w: m.set(rr=b"Record-Route: <sip:192.0.2.9;lr>"))
both("Authorization of nobody", lambda m, w: m.set(
    auth=b'Authorization: Digest username="x", realm="y, z", nonce="=", uri="sip:a", response=""'))


# ---- the body ----
SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
       b"m=audio 4000 RTP/AVP 0\r\n")
both("a body of SDP", lambda m, w: m.with_body(SDP, b"application/sdp"))
both("a body that names another agent", lambda m, w: m.with_body(b"User-Agent: Desk/1.0\r\n\r\n"))
both("a body that is a message", lambda m, w: m.with_body(
    b"OPTIONS sip:1002@192.0.2.130 SIP/2.0\r\nUser-Agent: Desk/1.0\r\n\r\n", b"message/sip"))
both("a body with NULs", lambda m, w: m.with_body(bytes(range(256)), b"application/octet-stream"))
both("a body in parts", lambda m, w: m.with_body(
    b"--b\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"--b\r\nContent-Type: text/plain\r\n"
    b"\r\nUser-Agent: Desk/1.0\r\n--b--\r\n", b"multipart/mixed;boundary=b"))
both("a body without a type", lambda m, w: m.with_body(b"x").set(type=None))
both("a body of 2500 bytes", lambda m, w: m.with_body(b"y" * 2500))
both("a body of 9000 bytes", lambda m, w: m.with_body(b"y" * 9000))
both("a body of 20000 bytes", lambda m, w: m.with_body(b"y" * 20000))
both("Content-Length with zeros", lambda m, w: m.set(length=b"Content-Length: 0000"))
both("Content-Length with blanks", lambda m, w: m.set(length=b"Content-Length : \t 0 \t"))
both("Content-Length folded", lambda m, w: m.set(length=b"l:\r\n 0"))
both("Content-Length first", lambda m, w: m.first("length"))
both("no Content-Length", lambda m, w: m.drop("length"), "udp")
both("no Content-Length, but a body", lambda m, w: m.with_body(b"hello").drop("length"), "udp")
both("Content-Length too small", lambda m, w: m.with_body(b"hello").set(
    length=b"Content-Length: 3"), "udp")
both("Content-Length too large", lambda m, w: m.set(length=b"Content-Length: 99"), "udp")
both("Content-Length negative", lambda m, w: m.set(length=b"Content-Length: -1"), "udp")
both("Content-Length is a word", lambda m, w: m.set(length=b"Content-Length: none"), "udp")
both("Content-Length with a plus", lambda m, w: m.set(length=b"Content-Length: +0"), "udp")


def behind(name, tail):
    def bend(m, w):
        m.tail = tail
        return m
    both("behind it: " + name, bend, "udp")


INNOCENT = (b"OPTIONS sip:192.0.2.130 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-o\r\n"
            b"Max-Forwards: 70\r\nFrom: <sip:1001@192.0.2.130>;tag=o\r\nTo: <sip:192.0.2.130>\r\n"
            b"Call-ID: innocent\r\nCSeq: 1 OPTIONS\r\nUser-Agent: Desk/1.0\r\n"
            b"Content-Length: 0\r\n\r\n")
behind("a CRLF", b"\r\n")
behind("a NUL", b"\0")
behind("bytes", b"trailing bytes")
behind("a second message", INNOCENT)
behind("CRLFs and a second message", b"\r\n\r\n" + INNOCENT)


def bare(name, cut):
    """Without the last bytes of the message."""
    spelling(name, "both", "udp")(lambda w: bytes(Message(w))[:-cut])


bare("no empty line at its end", 2)
bare("no line end at its end", 4)


# ---- TCP ----
def segments(name, cut):
    """cut: a function from (whole message, words) to a list of segments."""
    ALL.append((name, "both", ["tcp"], lambda w: cut(bytes(Message(w)), w)))


def pieces(data, n):
    return [data[i:i + n] for i in range(0, len(data), n)]


segments("TCP: a byte a segment", lambda d, w: pieces(d, 1))
segments("TCP: seven bytes a segment", lambda d, w: pieces(d, 7))
segments("TCP: a line a segment", lambda d, w: d.splitlines(keepends=True))
segments("TCP: cut before each LF", lambda d, w: [x for x in d.replace(b"\n", b"\0\n").split(b"\0")])
segments("TCP: cut before each colon", lambda d, w: d.replace(b":", b"\0:").split(b"\0"))
segments("TCP: keepalives before it", lambda d, w: [b"\r\n\r\n", b"\r\n\r\n", d])
segments("TCP: half a keepalive before it", lambda d, w: [b"\r", b"\n\r", b"\n" + d])
segments("TCP: behind another in its segment", lambda d, w: [INNOCENT + d])
segments("TCP: behind another, cut in its middle",
         lambda d, w: [INNOCENT + d[:100], d[100:]])
segments("TCP: behind three others", lambda d, w: [INNOCENT, INNOCENT[:50], INNOCENT[50:] +
                                                   INNOCENT + d[:9], d[9:]])
segments("TCP: before another in its segment", lambda d, w: [d + INNOCENT])
segments("TCP: between two others", lambda d, w: [INNOCENT + d + INNOCENT])
segments("TCP: behind a body that looks like one", lambda d, w: [
    INNOCENT.replace(b"Content-Length: 0", b"Content-Type: text/plain\r\nContent-Length: %d"
                     % len(INNOCENT)) + INNOCENT, d])
segments("TCP: behind a long body", lambda d, w: [
    INNOCENT.replace(b"Content-Length: 0", b"Content-Type: text/plain\r\nContent-Length: 9000")
    + b"y" * 9000 + d])
segments("TCP: behind two keepalives in its segment",
         lambda d, w: [INNOCENT + b"\r\n\r\n\r\n\r\n" + d])
segments("TCP: behind a response", lambda d, w: [
    INNOCENT.replace(b"OPTIONS sip:192.0.2.130 SIP/2.0", b"SIP/2.0 200 OK") + d])
segments("TCP: behind an ACK", lambda d, w: [INNOCENT.replace(b"OPTIONS", b"ACK") + d])
segments("TCP: behind a STUN request", lambda d, w: [
    b"\0\1\0\0\x21\x12\xa4\x42" + b"a" * 12 + d])
segments("TCP: behind a STUN request in a segment of its own", lambda d, w: [
    b"\0\1\0\0\x21\x12\xa4\x42" + b"a" * 12, d])
segments("TCP: behind an HTTP request", lambda d, w: [
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + d])


def smuggled(name, length):
    """In what is a body to one reader and a second message to another."""
    segments("TCP: behind " + name, lambda d, w: [
        INNOCENT.replace(b"Content-Length: 0", length % len(d)) + d])


# Kamailio finds the length of a message on TCP before it parses the headers
smuggled("a folded Content-Length", b"Subject: x\r\n Content-Length: 0\r\nContent-Length: %d")
smuggled("a folded compact Content-Length", b"Subject: x\r\n\tl:0\r\nContent-Length: %d")
smuggled("a Content-Length folded at an LF", b"Subject: x\n l: 0\r\nContent-Length: %d")
smuggled("two Content-Lengths", b"l: 0\r\nContent-Length: %d")
smuggled("two Content-Lengths, backwards", b"Content-Length: %d\r\nl: 0")
smuggled("a Content-Length of two numbers", b"Content-Length: 0 %d")
smuggled("a Content-Length with a comma", b"Content-Length: 0, %d")
smuggled("a Content-Length in the line below", b"l:\r\n0\r\nContent-Length: %d")
smuggled("a Content-Length with a semicolon", b"Content-Length: 0;%d")
smuggled("a Content-Length in a quote", b"Subject: \"\r\nl: 0\r\nX: \"\r\nContent-Length: %d")
smuggled("an absurd Content-Length", b"Content-Length: 18446744073709551616\r\nX: %d")
smuggled("a Content-Length with a name like it", b"Content-Length-X: %d\r\nContent-Length: 0")
smuggled("a Content-Length behind a lone CR", b"Subject: x\rl: 0\r\nContent-Length: %d")
smuggled("a Content-Length and spaces", b"Content-Length  : 0\r\nX: %d")
smuggled("a body that is chunked", b"Transfer-Encoding: chunked\r\nX: %d\r\nContent-Length: 0")

segments("TCP: two segments, cut at every byte", lambda d, w: [d])
ALL[-1] = ALL[-1][:2] + (["tcp-every"],) + ALL[-1][3:]

# ---- TCP, segments of our own making ----
def forged(name, steps, what="both"):
    """steps: a function from (whole message, where the words begin, where they end, what a
    decoy has there) to a list of Segment."""
    def write(w):
        d = bytes(Message(w))
        a, b = d.index(b"INVITE") + 7, d.index(w.one) + len(w.one)
        decoy = d[a:b].replace(w.one, b"x" * len(w.one)).replace(w.number, b"1" * len(w.number))
        return steps(d, a, b, decoy)
    ALL.append(("TCP: " + name, what, ["tcp-raw"], write))


def whole(d, a=0, b=None):
    return Segment(a, d[a:b])


def in_pieces(d, n, a=0):
    return [Segment(a + i, x) for i, x in ((i, d[i:i + n]) for i in range(0, len(d), n))]


forged("in order", lambda d, a, b, x: [whole(d, 0, a), whole(d, a, b), whole(d, b)])
forged("out of order", lambda d, a, b, x: [whole(d, a, b), whole(d, b), whole(d, 0, a)])
forged("backwards, 20 bytes a segment", lambda d, a, b, x: in_pieces(d, 20)[::-1])
forged("backwards, 7 bytes a segment, twice", lambda d, a, b, x: 2 * in_pieces(d, 7)[::-1])
forged("every segment twice", lambda d, a, b, x: [s for s in in_pieces(d, 50) for _ in (1, 2)])
forged("each segment repeats half of the one before", lambda d, a, b, x: [
    whole(d, i, i + 60) for i in range(0, len(d), 30)])
forged("a growing segment", lambda d, a, b, x: [whole(d, 0, i) for i in range(1, len(d) + 50, 50)])
forged("a decoy with a wrong checksum", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, x, checksum=False), whole(d, a)])
forged("a decoy with an old timestamp", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, x, age=1 << 30), whole(d, a)])
forged("a decoy without ACK", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, x, flags=PSH), whole(d, a)])
forged("a decoy that acknowledges what was never sent", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, x, ack=1 << 24), whole(d, a)])
forged("a decoy with a signature", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, x, md5=True), whole(d, a)])
forged("a decoy that comes too early, then the words", lambda d, a, b, x: [
    Segment(a, x), whole(d, a, b), whole(d, 0, a), whole(d, b)])
forged("the words too early, then a decoy", lambda d, a, b, x: [
    whole(d, a, b), Segment(a, x), whole(d, 0, a), whole(d, b)])
forged("a decoy that begins earlier", lambda d, a, b, x: [
    whole(d, a, b), Segment(a - 3, d[a - 3:a] + x), whole(d, 0, a), whole(d, b)])
forged("a decoy of what was taken", lambda d, a, b, x: [
    whole(d, 0, b), Segment(a, x), whole(d, b)])
forged("a reset that is too far off", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a + 10000000, flags=RST), whole(d, a)])
forged("a reset that is a little off", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a + 1000, flags=RST), whole(d, a)])
forged("a reset with a wrong checksum", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, flags=RST | ACK, checksum=False), whole(d, a)])
forged("a FIN with a wrong checksum", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, flags=FIN | ACK, checksum=False), whole(d, a)])
forged("a FIN behind it, and bytes behind that", lambda d, a, b, x: [
    whole(d, 0, a), Segment(len(d), b"", flags=FIN | ACK), whole(d, a)])
forged("a second SYN", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a + 5000, flags=SYN), whole(d, a)])
forged("an urgent pointer to what follows", lambda d, a, b, x: [
    whole(d, 0, a), Segment(a, flags=ACK | URG, urgent=b - 3 - a + 1),
    Segment(a, d[a:b - 3] + b"!" + d[b - 3:])], "agent")
forged("an urgent byte in the words", lambda d, a, b, x: [
    whole(d, 0, b - 3), Segment(b - 3, d[b - 3:b - 2] + b"!", PSH | ACK | URG, urgent=2),
    Segment(b - 1, d[b - 2:])])
forged("an urgent byte in both words", lambda d, a, b, x: [
    whole(d, 0, a + 7), Segment(a + 7, b"!", PSH | ACK | URG, urgent=1),
    Segment(a + 8, d[a + 7:b - 3]), Segment(b - 2, b"!", PSH | ACK | URG, urgent=1),
    Segment(b - 1, d[b - 3:])])

# ---- the network ----
both("IPv6", lambda m, w: m, "udp6 tcp6")
for wire in ("fragments of 8 bytes", "fragments of 8 bytes, backwards", "fragments of 256 bytes",
             "fragments of 256 bytes, the first one last", "a first fragment of 8 bytes",
             "IPv6 fragments of 8 bytes", "IPv6 fragments of 256 bytes, backwards",
             "an IPv6 fragment that is whole", "no UDP checksum", "IP options",
         "bytes behind the UDP length",
             "IPv6 destination options", "IPv6 hop-by-hop and destination options, fragments",
             "IPv6 routing header", "IPv6 twelve destination options"):
    both(wire, lambda m, w: m, wire)
    ALL[-1] = ALL[-1][:2] + ([wire],) + ALL[-1][3:]

# Refused with permitted words as well, on purpose: servers read these in different ways, or
# nobody who means well writes them.  Not counted among the spellings.  "NAME|WIRE" goes before
# "NAME"; the text is what the log begins with.
DIFFERS = "stream: a segment repeats bytes, but other ones"
CR = "stream: a CR without LF"
NUL = "stream: a NUL byte"
LENGTH = "stream: a folded or misspelt Content-Length"
AMBIGUOUS = {
    "folded at a lone CR": "malformed: lone-cr",
    "folded at a lone CR|tcp": CR,
    "behind CR CR LF": "malformed: lone-cr",
    "behind CR CR LF|tcp": CR,
    "behind a NUL": "malformed: nul-byte",
    "behind a NUL|tcp": NUL,
    "before a NUL": "malformed: nul-byte",
    "before a NUL|tcp": NUL,
    "behind a control byte": "malformed: control-byte",
    "in a request whose method is a STUN request": "malformed: bad-method",
    "in a request whose method is STUN of odd type": "malformed: bad-method",
    "in a request whose method is STUN without NULs": "malformed: bad-method",
    "an empty port": "malformed: bad-request-uri",
    "quotes in a parameter": "malformed: bad-request-uri",
    "start line: method in lower case": "malformed: bad-method",
    "start line: method in mixed case": "malformed: bad-method",
    "start line: two spaces behind the URI": "malformed: bad-start-line",
    "start line: a tab behind the URI": "malformed: bad-start-line",
    "start line: a space at its end": "malformed: bad-start-line",
    "start line: a space first": "malformed: bad-method",
    "before it: spaces": "malformed: bad-start-line",
    "before it: a tab": "malformed: bad-start-line",
    "before it: a NUL": "malformed: bad-method",
    "before it: NULs and a CRLF": "malformed: not-sip",
    "before it: a byte order mark": "malformed: bad-method",
    "before it: an empty line with a space": "malformed: not-sip",
    "line ends: LF|tcp": "stream: an empty line of LF alone",
    "behind 300 headers": "malformed: too-many-headers",
    "Max-Forwards above 255": "malformed: bad-max-forwards",
    "CSeq of another method": "malformed: cseq-mismatch",
    "CSeq too large": "malformed: bad-cseq",
    "From is empty": "malformed: missing-from",
    "From with a NUL": "malformed: nul-byte",
    "From with a NUL|tcp": NUL,
    "From with a quoted NUL|tcp": NUL,
    "From with two tags": "malformed: bad-from",
    "From with an open quote": "malformed: unterminated-quote",
    "From with an open bracket": "malformed: unterminated-bracket",
    "a body of 20000 bytes": "malformed: message-too-long",
    "Content-Length too large": "malformed: short-body",
    "no empty line at its end": "malformed: no-end-of-headers",
    "bytes behind the UDP length": "malformed: bad-packet-length",
    "IPv6 twelve destination options": "malformed: bad-packet-header",
    "TCP: behind a STUN request": "malformed: bad-method",
    "TCP: behind a STUN request in a segment of its own": "malformed: not-sip",
    "TCP: behind an HTTP request": "malformed: http",
    "TCP: behind a folded Content-Length": LENGTH,
    "TCP: behind a folded compact Content-Length": LENGTH,
    "TCP: behind a Content-Length folded at an LF": LENGTH,
    "TCP: a decoy with a wrong checksum": DIFFERS,
    "TCP: a decoy with an old timestamp": DIFFERS,
    "TCP: a decoy without ACK": DIFFERS,
    "TCP: a decoy with a signature": DIFFERS,
    "TCP: the words too early, then a decoy": DIFFERS,
    "TCP: a decoy of what was taken": DIFFERS,
    "TCP: an urgent pointer to what follows": "stream: urgent data",
    "TCP: an urgent byte in the words": "stream: urgent data",
    "TCP: an urgent byte in both words": "stream: urgent data",
}
