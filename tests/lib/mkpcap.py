#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns a case script into a capture file:  mkpcap.py case.txt out.pcap

A script is lines.  First the head, "key: value", until the first message:

  purpose: what this shows            origin: where it comes from
  link: ethernet (default), vlan, qinq, sll, sll2, raw, null, loop
  format: pcap (default), pcapng      snaplen: bytes of a frame that are kept
  start: seconds since the epoch of time 0 (default 1000000000)

"template NAME key=value..." starts a message that is used by name, "message NAME"
below, with what its keys are unless said otherwise; those of tests/lib/messages.txt
are always there.  A message to send is

  @1.250 203.0.113.9:5060 > [2001:db8::1]:5060 WORD...

and, unless the words name a template, its text in the lines below.  Text ends at
a line with a lone "." and is sent with CRLF line ends and, when it has none, with
the empty line that ends the headers.  Words:

  repeat N every S    N times, S seconds apart; {n} counts from 0
  label NAME          for the expectations: NAME/1 is its first packet
  message NAME        the text is that of a template
  key=value           {key} in the text stands for value ("~" in it for a blank)
  tcp                 a segment with data; "flags=S" etc. for one without text
  open                the three segments that open a connection
  segments N          with tcp: in segments of N bytes
  back=N              with tcp: N bytes (0 too) before where it would belong, the next is
                      where it would have been
  bytes               the text is hex digits
  raw                 line ends are not sent: write \\r\\n
  frag N [reverse|overlap|missing|first]
                      in IP fragments of N bytes: in order, backwards, with a
                      forged overlapping piece in the middle, without the last one,
                      only the first one
  empty               no text follows: a datagram without payload

"each FIRST LAST" repeats the lines down to "end" with {...} of them computed from n.

A script may also tell a story, whose messages are made from what was sent before: see
tests/lib/story.py.  The names that it declares may stand for ADDRESS:PORT above.  To
read what goes over the wire:  mkpcap.py case.txt -

"@T hex" is followed by an IP packet in hex digits, "@T frame" by a whole frame.
{...} in addresses, ports, words and text computes with n, for example {5060+n},
{n:03d}; {src} {sport} {dst} {dport} are the packet's own.  \\xNN, \\r, \\n, \\0
and \\\\ are bytes.  Packets are sorted by time; equal times keep their order; with
"order: script" in the head they stay as written.
"""
import ast
import ipaddress
import operator
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import story  # noqa: E402

LINKS = {"ethernet": 1, "vlan": 1, "qinq": 1, "sll": 113, "sll2": 276, "raw": 101,
         "null": 0, "loop": 108}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
             ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}


class CaseError(Exception):
    pass


def compute(text, n):
    def walk(node):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name) and node.id == "n":
            return n
        raise CaseError("cannot compute {%s}" % text)
    return walk(ast.parse(text, mode="eval").body)


def fill(text, n, words):
    def one(match):
        what, _, form = match.group(1).partition(":")
        if what in words:
            return words[what]
        return format(compute(what, n), form)
    for _ in range(3):  # a word's value may hold {n} itself
        text = re.sub(r"\{([a-z_]+|[n0-9+*/%() -]+(?::[0-9]*[dx])?)\}", one, text)
    return text


def unroll(lines):
    """each ... end"""
    out, block, first, last = [], None, 0, 0
    for line in lines:
        words = line.split()
        if words[:1] == ["each"] and block is None:
            block, first, last = [], int(words[1]), int(words[2])
        elif words == ["end"] and block is not None:
            out += [re.sub(r"\{([n0-9+*/%() -]+)(?::([0-9]*[dx]))?\}",
                           lambda m: format(compute(m.group(1), n), m.group(2) or ""), text)
                    for n in range(first, last + 1) for text in block]
            block = None
        else:
            (out if block is None else block).append(line)
    if block is not None:
        raise CaseError("each without end")
    return out


def unescape(data):
    names = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\", b"t": b"\t"}
    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rnt0\\])",
                  lambda m: names.get(m.group(1)) or bytes.fromhex(m.group(1)[1:].decode()),
                  data)


def endpoint(text):
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


class Packet:
    """One frame: what it holds and what a report must say of it."""

    def __init__(self, when, ip, label, src=None, dst=None, sport=None, dport=None, frame=None):
        self.when, self.ip, self.label, self.frame = when, ip, label, frame
        self.src, self.dst, self.sport, self.dport = src, dst, sport, dport
        self.payload = None  # of a story's message


class Case:
    def __init__(self, path):
        self.path = path
        self.head = {"link": "ethernet", "format": "pcap", "start": "1000000000"}
        self.templates = {}
        self.story = story.Story(self)
        self.packets = []
        self.unseen = []  # messages that take another way: only proofread.py knows of them
        self.seq = {}
        self.ident = 0
        shared = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.txt")
        if os.path.exists(shared):
            self.read(shared)
        self.read(path)
        self.start = int(self.head["start"]) * 1000000
        if self.head.get("order") != "script":
            self.packets.sort(key=lambda p: p.when)

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            lines = unroll(f.read().split("\n"))
        at = 0
        while at < len(lines):
            line, at = lines[at], at + 1
            if not line.strip() or line.startswith("#"):
                continue
            try:
                at = self.read_one(line, lines, at)
            except (ValueError, IndexError, KeyError, CaseError) as e:
                raise CaseError("%s:%d: %s" % (path, at, e)) from None

    def read_one(self, line, lines, at):
        if line.startswith("template "):
            words = line.split()
            text, at = self.text(lines, at)
            self.templates[words[1]] = text, self.options(words[2:])["words"]
        elif story.LINE.match(line):
            self.story.declare(line.split())
        elif line.startswith("@"):
            words = line[1:].split()
            if len(words) > 4 and story.STORY.match(words[4]):
                self.story.tell(words)
            elif words[1] in ("hex", "frame"):
                text, at = self.text(lines, at)
                self.add_bytes(words, bytes.fromhex("".join("".join(text).split())))
            else:
                at = self.add_message(words, lines, at)
        elif re.match(r"[a-z]+:", line):
            key, _, value = line.partition(":")
            self.head[key] = (self.head[key] + " " + value.strip()) if key in (
                "purpose", "origin") and key in self.head else value.strip()
        else:
            raise CaseError("neither head, template nor message: " + line)
        return at

    @staticmethod
    def text(lines, at):
        out = []
        while lines[at] != ".":
            out.append(lines[at])
            at += 1
        return out, at + 1

    def add_bytes(self, words, data):
        when = round(float(words[0]) * 1000000)
        label = words[words.index("label") + 1] if "label" in words else None
        if words[1] == "hex":
            self.packets.append(Packet(when, data, label))
        else:
            self.packets.append(Packet(when, None, label, frame=data))

    @staticmethod
    def options(words):
        opt = {"repeat": 1, "every": 0.0, "words": {}}
        it = iter(words)
        for w in it:
            if w in ("repeat", "every", "label", "message", "frag", "segments"):
                opt[w] = next(it)
            elif "=" in w:
                key, _, value = w.partition("=")
                opt["words"][key] = value.replace("~", " ")
            elif w in ("tcp", "raw", "empty", "reverse", "overlap", "missing", "first", "open",
                       "bytes"):
                opt[w] = True
            else:
                raise CaseError("unknown word " + w)
        return opt

    def add_message(self, words, lines, at):
        if words[2] != ">":
            raise CaseError("expected @TIME SOURCE > DESTINATION")
        opt = self.options(words[4:])
        flags = opt["words"].get("flags")
        if "message" in opt:
            text, usual = self.templates[opt["message"]]
            opt["words"] = {**usual, **opt["words"]}
        elif "empty" in opt or "open" in opt or flags:
            text = []
        else:
            text, at = self.text(lines, at)
        for n in range(int(opt["repeat"])):
            when = round((float(words[0]) + n * float(opt["every"])) * 1000000)
            src, sport = endpoint(self.story.address(fill(words[1], n, {})))
            dst, dport = endpoint(self.story.address(fill(words[3], n, {})))
            own = {"src": str(src), "dst": str(dst), "sport": str(sport), "dport": str(dport)}
            if src.version == 6:
                own["src"], own["dst"] = "[%s]" % src, "[%s]" % dst
            own["length"] = "{length}"  # known only when the body is filled in
            own.update(opt["words"])
            payload = self.payload(text, n, own, opt)
            if "open" in opt:
                self.open(when, opt, (src, sport), (dst, dport))
            elif "tcp" in opt or flags:
                self.segments(when, opt, (src, sport), (dst, dport), payload)
            else:
                data = self.udp(src, dst, sport, dport, payload)
                self.send(when, opt, src, dst, sport, dport, 17, data)
        return at

    def send_text(self, when, src, dst, payload, opt):
        """A message of a story."""
        when = round(when * 1000000)
        a, b = endpoint(src.addr), endpoint(dst.addr)
        if "unseen" in opt:
            self.unseen.append(Packet(when, None, None, *(a[0], b[0], a[1], b[1])))
            self.unseen[-1].payload = payload
            return
        opt = {"words": {}, **({"label": opt["label"]} if "label" in opt else {})}
        if src.tcp or dst.tcp:
            self.segments(when, opt, a, b, payload)
        else:
            self.send(when, opt, a[0], b[0], a[1], b[1], 17, self.udp(a[0], b[0], a[1], b[1],
                                                                     payload))
        self.packets[-1].payload = payload

    def open(self, when, opt, a, b):
        for i, (src, dst, flags) in enumerate(((a, b, "S"), (b, a, "SA"), (a, b, "A"))):
            opt["words"]["flags"] = flags
            self.segments(when + i, opt, src, dst, b"")
        del opt["words"]["flags"]

    def segments(self, when, opt, src, dst, payload):
        size = int(opt.get("segments", len(payload) or 1))
        words = opt["words"]
        for i, at in enumerate(range(0, len(payload) or 1, size)):
            data = self.tcp(*src, *dst, payload[at:at + size], words.get("flags"),
                            int(words["back"]) if "back" in words else None)
            self.send(when + i, opt, src[0], dst[0], src[1], dst[1], 6, data)

    @staticmethod
    def payload(text, n, words, opt):
        if not text:
            return b""
        filled = [fill(line, n, words) for line in text]
        if "bytes" in opt:
            return bytes.fromhex("".join(filled))
        if "raw" in opt:
            return unescape("".join(filled).encode())
        if "" not in filled:
            filled.append("")
        head = filled[:filled.index("")]
        body = unescape("".join(b + "\r\n" for b in filled[len(head) + 1:]).encode())
        head = "".join(h + "\r\n" for h in head).replace("{length}", str(len(body)))
        return unescape(head.encode()) + b"\r\n" + body

    def udp(self, src, dst, sport, dport, payload):
        data = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
        check = checksum(pseudo(src, dst, 17, len(data)) + data) or 0xffff
        return data[:6] + struct.pack("!H", check) + data[8:]

    def tcp(self, src, sport, dst, dport, payload, flags, back):
        flow = (src, sport, dst, dport)
        bits = sum(FLAGS[f] for f in flags) if flags else FLAGS["P"] | FLAGS["A"]
        seq = self.seq.get(flow, 1000) - (back or 0)
        ack = self.seq.get((dst, dport, src, sport), 1000)
        if back is None:
            self.seq[flow] = seq + len(payload) + bool(bits & 3)
        data = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, bits, 65535, 0, 0)
        data += payload
        check = checksum(pseudo(src, dst, 6, len(data)) + data)
        return data[:16] + struct.pack("!H", check) + data[18:]

    def send(self, when, opt, src, dst, sport, dport, proto, data):
        self.ident = (self.ident + 1) & 0xffff
        label = opt.get("label")
        if "frag" not in opt:
            ip = ip_packet(src, dst, proto, data, self.ident)
            self.packets.append(Packet(when, ip, label, src, dst, sport, dport))
            return
        size = int(opt["frag"]) // 8 * 8
        pieces = [(o, data[o:o + size], o + size < len(data)) for o in range(0, len(data), size)]
        if "overlap" in opt:
            pieces.insert(1, (size // 2 // 8 * 8, b"x" * size, True))
        if "missing" in opt:
            pieces.pop()
        if "first" in opt:
            pieces = pieces[:1]
        if "reverse" in opt:
            pieces.reverse()
        for number, (offset, piece, more) in enumerate(pieces):
            ip = ip_packet(src, dst, proto, piece, self.ident, offset, more)
            p = Packet(when + number, ip, label, src, dst)
            if number == len(pieces) - 1 and not {"missing", "overlap", "first"} & set(opt):
                p.sport, p.dport = sport, dport
            self.packets.append(p)

    def frame(self, p):
        if p.frame is not None:
            return p.frame
        link = self.head["link"]
        v6 = p.ip and p.ip[0] >> 4 == 6
        kind = struct.pack("!H", 0x86dd if v6 else 0x0800)
        macs = bytes.fromhex("020000000002020000000001")
        if link == "ethernet":
            return macs + kind + p.ip + bytes(max(0, 46 - len(p.ip)))
        if link == "vlan":
            return macs + b"\x81\x00\x00\x0a" + kind + p.ip
        if link == "qinq":
            return macs + b"\x88\xa8\x00\x0a\x91\x00\x00\x0b\x81\x00\x00\x0c" + kind + p.ip
        if link == "sll":
            return struct.pack("!HHH8s", 0, 1, 6, macs[:8]) + kind + p.ip
        if link == "sll2":
            return kind + struct.pack("!HIHBB8s", 0, 2, 1, 0, 6, macs[:8]) + p.ip
        if link == "null":
            return struct.pack("<I", 30 if v6 else 2) + p.ip
        if link == "loop":
            return struct.pack("!I", 24 if v6 else 2) + p.ip
        return p.ip

    def write(self, path, first=0, last=None):
        number = LINKS[self.head["link"]]
        keep = int(self.head.get("snaplen", 262144))
        ng = self.head["format"] == "pcapng"
        with open(path, "wb") as f:
            if ng:
                f.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)))
                f.write(block(1, struct.pack("<HHI", number, 0, keep)))
            else:
                f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, keep, number))
            for p in self.packets[first:last]:
                data = self.frame(p)
                t = self.start + p.when
                kept = data[:keep]
                if ng:
                    f.write(block(6, struct.pack("<IIIII", 0, t >> 32, t & 0xffffffff, len(kept),
                                                 len(data)) + kept + bytes(-len(kept) % 4)))
                else:
                    f.write(struct.pack("<IIII", t // 1000000, t % 1000000, len(kept),
                                        len(data)) + kept)

    def show(self):
        for n, p in enumerate(self.packets, 1):
            print("--- %d: %.3f s, %s port %s > %s port %s" % (
                n, p.when / 1e6, p.src, p.sport, p.dst, p.dport))
            data = p.payload
            if data is None and p.sport:
                at = 40 if p.src.version == 6 else 20
                data = p.ip[at + (8 if p.ip[6 if at == 40 else 9] == 17 else 20):]
            print((data or b"").decode(errors="replace").replace("\r\n", "\n"))


def block(kind, body):
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def pseudo(src, dst, proto, length):
    if src.version == 4:
        return src.packed + dst.packed + struct.pack("!BBH", 0, proto, length)
    return src.packed + dst.packed + struct.pack("!IHBB", length, 0, 0, proto)


def ip_packet(src, dst, proto, data, ident, offset=None, more=False):
    place = 0 if offset is None else offset // 8
    if src.version == 6:
        if offset is not None:
            data = struct.pack("!BBHI", proto, 0, place << 3 | more, ident) + data
            proto = 44
        return struct.pack("!IHBB", 6 << 28, len(data), proto, 64) + src.packed + dst.packed + data
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, place | more << 13, 64,
                       proto, 0, src.packed, dst.packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: mkpcap.py case.txt out.pcap")
    try:
        case = Case(sys.argv[1])
        if sys.argv[2] == "-":
            case.show()
        else:
            case.write(sys.argv[2])
    except (CaseError, OSError) as e:
        sys.exit("mkpcap.py: %s" % e)


if __name__ == "__main__":
    main()
