# SPDX-License-Identifier: GPL-2.0-or-later
"""Spellings by segments, fragments and packet headers; and which spellings are refused."""
from rawtcp import ACK, FIN, PSH, RST, SYN, URG, Segment
from spellings import Message, both, raw
from spellings_text import INNOCENT

# ---- TCP ----
def segments(name, cut, wire="tcp"):
    """cut: a function from (whole message, words) to a list of segments."""
    raw(name, "both", [wire], lambda w: cut(bytes(Message(w)), w))


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

segments("TCP: two segments, cut at every byte", lambda d, w: [d], "tcp-every")

# ---- TCP, segments of our own making ----
def forged(name, steps, what="both"):
    """steps: a function from (whole message, where the words begin, where they end, what a
    decoy has there) to a list of Segment."""
    def write(w):
        d = bytes(Message(w))
        a, b = d.index(b"INVITE") + 7, d.index(w.one) + len(w.one)
        decoy = d[a:b].replace(w.one, b"x" * len(w.one)).replace(w.number, b"1" * len(w.number))
        return steps(d, a, b, decoy)
    raw("TCP: " + name, what, ["tcp-raw"], write)


def whole(d, a=0, b=None):
    return Segment(a, d[a:b])


def in_pieces(d, n, a=0):
    return [Segment(a + i, x) for i, x in ((i, d[i:i + n]) for i in range(0, len(d), n))]


forged("in order", lambda d, a, b, x: [whole(d, 0, a), whole(d, a, b), whole(d, b)])
forged("IP fragments of 8 bytes, backwards", lambda d, a, b, x: [
    Segment(0, d[:b - 3], fragment=8), Segment(b - 3, d[b - 3:], fragment=8)])
forged("IP fragments of 24 bytes, backwards", lambda d, a, b, x: [Segment(0, d, fragment=24)])
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
    raw(wire, "both", [wire], lambda w: bytes(Message(w)))

# Refused with permitted words as well, on purpose: servers read these in different ways, or
# nobody who means well writes them.  Not counted among the spellings.  "NAME|WIRE" goes before
# "NAME"; what the log says of it matches.
NO_START = "malformed: (bad-start-line|bad-method|not-sip)"
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
    "in a request whose method is a STUN request": NO_START,
    "in a request whose method is STUN of odd type": NO_START,
    "in a request whose method is STUN without NULs": NO_START,
    "an empty port": "malformed: bad-request-uri",
    "quotes in a parameter": "malformed: bad-request-uri",
    "start line: method in lower case": NO_START,
    "start line: method in mixed case": NO_START,
    "start line: two spaces behind the URI": NO_START,
    "start line: a tab behind the URI": NO_START,
    "start line: a space at its end": NO_START,
    "start line: a space first": NO_START,
    "before it: spaces": NO_START,
    "before it: a tab": NO_START,
    "before it: a NUL": NO_START,
    "before it: NULs and a CRLF": NO_START,
    "before it: a byte order mark": NO_START,
    "before it: an empty line with a space": NO_START,
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
    "TCP: behind a STUN request": NO_START,
    "TCP: behind a STUN request in a segment of its own": NO_START,
    "TCP: behind an HTTP request": "malformed: http",
    "TCP: behind a folded Content-Length": LENGTH,
    "TCP: behind a folded compact Content-Length": LENGTH,
    "TCP: behind a Content-Length folded at an LF": LENGTH,
    "TCP: a decoy with an old timestamp": DIFFERS,
    "TCP: a decoy without ACK": DIFFERS,
    "TCP: a decoy with a signature": DIFFERS,
    "TCP: the words too early, then a decoy": DIFFERS,
    # what was acknowledged by then is forgotten: nobody takes a repetition of it
    "TCP: a decoy of what was taken": "arrived|" + DIFFERS,
    "TCP: an urgent pointer to what follows": "stream: urgent data",
    "TCP: an urgent byte in the words": "stream: urgent data",
    "TCP: an urgent byte in both words": "stream: urgent data",
}
