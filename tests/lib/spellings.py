# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to write one request for tests/lib/evasion.py: each says the same agent and the
same destination to a server, differently.

A spelling is a function that takes what is to be said (Words) and returns the bytes of a
datagram, or for TCP a list of segments; spellings_text.py and spellings_wire.py add them to
ALL.  "agent" spellings hide the User-Agent, "number"
spellings the destination, "both" the whole message.  They go over udp, tcp or one of the ways
that tests/lib/wires.py knows."""

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


ALL = []  # (name, what, wires, function)


def raw(name, what, wires, function):
    ALL.append((name, what, wires, function))


def add(name, what, function, over="udp tcp"):
    raw(name, what, over.split(), lambda w: bytes(function(w)))


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
