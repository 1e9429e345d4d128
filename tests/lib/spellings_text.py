# SPDX-License-Identifier: GPL-2.0-or-later
"""Spellings of the text of a request, for any wire."""
from spellings import LONG, Message, add, agent, both, grouped, names, number, quoted, raw

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
    raw(name, "both", ["udp"], lambda w: bytes(Message(w))[:-cut])


bare("no empty line at its end", 2)
bare("no line end at its end", 4)
