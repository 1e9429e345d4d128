#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command line of `sipmoat replay` promises beside its verdicts: exit codes,
who is blamed on stderr, the shape of the output, files that are damaged anywhere."""
import json
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import mkpcap  # noqa: E402

PROGRAM = os.environ.get("SIPMOAT") or os.path.join(ROOT, os.environ.get("B", "build"), "sipmoat")
CONF = os.path.join(ROOT, "systemd", "sipmoat.conf")
KEYS = ["n", "t", "src", "sport", "dst", "dport", "proto", "verdict", "check", "reason", "ban"]
failed = 0


def must(what, holds, *shown):
    global failed
    if not holds:
        failed += 1
        print("FAIL %s" % what, *shown, sep="\n     ")


def replay(*args, stdout=subprocess.PIPE):
    return subprocess.run([PROGRAM, "replay", "-c", CONF, *args], stdout=stdout,
                          stderr=subprocess.PIPE, check=False)


def case(name, out, **head):
    c = mkpcap.Case(os.path.join(ROOT, "tests", "cases", name, "case.txt"))
    c.head.update(head)
    c.write(out)
    return c


def objects(run):
    return [json.loads(line) for line in run.stdout.decode("ascii").splitlines()]


def usage(tmp):
    for args in ((), ("--json",), ("--frobnicate", "x"), ("--inside",), ("-c",)):
        run = replay(*args)
        must("usage %r exits 2" % (args,), run.returncode == 2, run.returncode)
        must("usage %r is told on stderr" % (args,), b"usage:" in run.stderr and not run.stdout)
    good = os.path.join(tmp, "good.pcap")
    case("flood-17th", good)
    for inside in ("1.2.3", "192.0.2.10,", "192.0.2.0/33", "pbx.example.org"):
        run = replay("--json", "--inside", inside, good)
        must("--inside %s exits 2" % inside, run.returncode == 2 and b"--inside" in run.stderr,
             run.stderr)
    run = replay("--help")
    must("--help", run.returncode == 0 and run.stdout.startswith(b"usage:") and not run.stderr)
    for args, rc in ((["help"], 0), (["--help"], 0), (["--version"], 0), ([], 2), (["frob"], 2)):
        run = subprocess.run([PROGRAM] + args, capture_output=True, check=False)
        must("sipmoat %r exits %d" % (args, rc), run.returncode == rc)


def refused_files(tmp):
    good, text = os.path.join(tmp, "good.pcap"), os.path.join(tmp, "text.pcap")
    wifi, empty = os.path.join(tmp, "wifi.pcap"), os.path.join(tmp, "empty.pcap")
    with open(text, "w", encoding="ascii") as f:
        f.write("this is no capture file, however long it is made to be\n")
    with open(wifi, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 105))
    with open(empty, "wb"):
        pass
    for bad in (os.path.join(tmp, "missing"), text, wifi, empty, tmp):
        for args in ((bad,), ("--json", good, bad)):
            run = replay(*args)
            must("%s is refused" % bad, run.returncode == 1, run.returncode)
            must("%s is named" % bad, bad.encode() in run.stderr, run.stderr)
            must("nothing is judged before %s is refused" % bad, b'"n"' not in run.stdout)
    must("the link type is named", b"IEEE802_11" in replay(wifi).stderr)
    run = subprocess.run([PROGRAM, "replay", "-c", os.path.join(tmp, "no.conf"), good],
                         capture_output=True, check=False)
    must("a missing config is refused", run.returncode == 1 and b"no.conf" in run.stderr)
    with open("/dev/full", "wb") as full:
        run = replay("--json", good, stdout=full)
    must("a full disk is no success", run.returncode == 1, run.stderr)


def shape(tmp):
    path = os.path.join(tmp, "shape.pcap")
    case("flood-17th", path)
    run = replay("--json", "--inside", "192.0.2.10", path)
    lines = run.stdout.decode("ascii").splitlines()
    for line in lines[:-1]:
        keys = [k for k in json.loads(line) if k not in ("method", "status")]
        banned = ["banned", "proven"] if json.loads(line)["ban"] else []
        must("keys and their order", keys == KEYS + banned, line)
    summary = json.loads(lines[-1])
    must("the summary", list(summary) == ["summary"] and list(summary["summary"]) == [
        "packets", "messages", "accepted", "dropped", "rejected", "deceived", "resets", "waited",
        "calls_cut", "bans", "defects", "tables"], lines[-1])
    tables = summary["summary"]["tables"]
    must("each table", list(tables)[:2] == ["meters", "sources"] and "bans" in tables and
         "streams" in tables and all(list(t) == [
             "records", "bytes", "live", "evicted", "refused"] for t in tables.values()),
         lines[-1])
    must("what is in them", tables["meters"]["live"] == 5 and
         tables["bans"]["live"] == 0 and tables["bans"]["records"] == 131072, lines[-1])
    must("the ban", summary["summary"]["bans"] == [
        {"addr": "203.0.113.9", "check": "flood", "seconds": 300}], lines[-1])
    must("six decimals", '"t":1000000001.600000,' in lines[16], lines[16])
    run = replay(path)
    must("text: who is inside", b"inside: 192.0.2.10 (" in run.stdout, run.stdout)
    must("text: the packet that was too much",
         b"203.0.113.9:5060 > 192.0.2.10:5060  OPTIONS  drop  flood: 17 requests" in run.stdout,
         run.stdout)
    must("text: the sum", b"23 packets, 23 SIP messages: 18 accepted, 5 dropped" in run.stdout)
    must("text: the tables", [line.split() for line in run.stdout.decode().splitlines()
                              if line.startswith("meters ")] == [["meters", "5", "65536", "0", "0"]],
         run.stdout)
    again = replay(path)
    must("text: twice the same", run.stdout == again.stdout)


def hostile_text(tmp):
    """Bytes from the wire reach neither the terminal nor the JSON unescaped."""
    path = os.path.join(tmp, "hostile.pcap")
    with open(os.path.join(tmp, "hostile.txt"), "w", encoding="ascii") as f:
        f.write("@0 203.0.113.9:5060 > 192.0.2.10:5060 raw\n"
                "\\x1b[2J\\xc3\\x28\" SIP:x SIP/2.0\\r\\nUser-Agent: \\x1b]0;x\\x07\\r\\n\\r\\n\n.\n"
                "@1 203.0.113.8:5060 > 192.0.2.10:5060 message request method=FR`OB%\n"
                "@2 203.0.113.7:5060 > 192.0.2.10:5060 message request ua=\\x1b[31mfriendly-scanner\n")
    mkpcap.Case(os.path.join(tmp, "hostile.txt")).write(path)
    for args in (("--json",), ()):
        run = replay(*args, path)
        must("hostile text is judged", run.returncode == 0, run.stderr)
        must("only printable ASCII leaves", all(b == 10 or 32 <= b < 127 for b in run.stdout),
             run.stdout)
    must("an unknown method is shown", objects(replay("--json", path))[1]["method"] == "FR`OB%")


CONNECTION = """@0 203.0.113.9:40000 > 192.0.2.10:5060 open
@0.1 203.0.113.9:40000 > 192.0.2.10:5060 tcp raw
OPTIONS sip:a@pbx.example.org SIP/2.0\\r\\nVia: SIP/2.0/TCP 203.0.113.9:40000;branch=z9hG4bK
.
@0.2 203.0.113.9:40000 > 192.0.2.10:5060 tcp raw
1\\r\\nFrom: <sip:b@x.org>;tag=1\\r\\nTo: <sip:a@x.org>\\r\\nCall-ID: a\\r\\nCSeq: 1 OPTIONS\\r\\n
Max-Forwards: 70\\r\\nContent-Length: 0\\r\\n\\r\\n
REGISTER sip:x.org SIP/2.0\\r\\nVia: SIP/2.0/TCP 203.0.113.9:40000;branch=z9hG4bK2\\r\\n
From: <sip:b@x.org>;tag=1\\r\\nTo: <sip:b@x.org>\\r\\nCall-ID: b\\r\\nCSeq: 2 REGISTER\\r\\n
Max-Forwards: 70\\r\\nUser-Agent: %s\\r\\nContent-Length: 0\\r\\n\\r\\n
.
@0.5 203.0.113.8:40001 > 192.0.2.10:5060 open
@500 203.0.113.7:5060 > 192.0.2.10:5060 message request
"""


def connections(tmp):
    """Over TCP the message that was judged is shown, not what lies in the packet."""
    path, text = os.path.join(tmp, "tcp.pcap"), os.path.join(tmp, "tcp.txt")
    for agent, shown in (("Phone", "accept"), ("friendly-scanner", "drop")):
        with open(text, "w", encoding="ascii") as f:
            f.write(CONNECTION % agent)
        mkpcap.Case(text).write(path)
        run = replay("--json", "--inside", "192.0.2.10", path)
        out = objects(run)
        must("half a message is none", "method" not in out[3] and "messages" not in out[3], out[3])
        must("the last of the messages", (out[4]["method"], out[4]["messages"]) ==
             ("REGISTER", 2) and out[4]["verdict"] == shown, out[4])
        must("whether it ended the connection", list(out[4])[-1] ==
             ("reset" if shown == "drop" else "ban"), out[4])
        must("who waited too long, and when", out[8] == {"waited": {
            "t": 1000000061.0, "src": "203.0.113.8", "sport": 40001, "dst": "192.0.2.10",
            "dport": 5060}}, out[8])
        must("before the packet that came then", out[9]["n"] == 9, out[9])
        must("they are summed up", (out[-1]["summary"]["messages"], out[-1]["summary"]["resets"],
                                    out[-1]["summary"]["waited"]) == (3, shown == "drop", 1),
             out[-1])
        run = replay("--inside", "192.0.2.10", path)
        must("text: the last of the messages",
             shown == "accept" or b"REGISTER (the last of 2)  drop  agent" in run.stdout,
             run.stdout)
        must("text: the connection was ended",
             shown == "accept" or b"; connection ended\n" in run.stdout, run.stdout)
        must("text: who waited too long", b"-    61.000000  203.0.113.8:40001 > 192.0.2.10:5060  "
             b"connection ended: it waited too long\n" in run.stdout, run.stdout)
        must("text: their sum", b"\n%d TCP connections ended with a refused packet, 1 for waiting "
             b"too long\n" % (shown == "drop") in run.stdout, run.stdout)


def damaged(tmp):
    """A file cut after any byte: what is whole is judged, and the exit status says so."""
    path, cut = os.path.join(tmp, "whole.pcap"), os.path.join(tmp, "cut.pcap")
    for form in ("pcap", "pcapng"):
        case("register-challenge", path, format=form)
        with open(path, "rb") as f:
            data = f.read()
        for size in range(0, len(data), 37):
            with open(cut, "wb") as f:
                f.write(data[:size])
            run = replay("--json", cut)
            must("%s cut at %d exits 0 or 1" % (form, size), run.returncode in (0, 1),
                 run.returncode, run.stderr)
            if run.returncode == 1:
                must("%s cut at %d: blamed" % (form, size), cut.encode() in run.stderr, run.stderr)
            if run.stdout:
                out = objects(run)
                must("%s cut at %d: summed up" % (form, size),
                     out[-1]["summary"]["packets"] == len(out) - 1)


def every_snap_length(tmp):
    """Each frame kept to 0, 1, 2 ... bytes: nothing is dropped for what was not kept."""
    path = os.path.join(tmp, "snap.pcap")
    for link in mkpcap.LINKS:
        for family in (0, 2):
            c = case("link-raw", path, link=link)
            data = c.frame(c.packets[family])
            with open(path, "wb") as f:
                f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                    mkpcap.LINKS[link]))
                for kept in range(len(data)):
                    f.write(struct.pack("<IIII", 1000 + 9 * kept, 0, kept, len(data)))
                    f.write(data[:kept])
            run = replay("--json", "--inside", "192.0.2.10,2001:db8::10", path)
            out = objects(run)
            must("%s: all lengths are read" % link, run.returncode == 0 and
                 len(out) == len(data) + 1, run.stderr)
            must("%s: nothing is judged that was cut" % link,
                 out[-1]["summary"]["dropped"] == 0, out[-1])
            must("%s: that is said" % link, b"cut short by the capture" in run.stderr)


def byte_orders(tmp):
    """Big-endian files, nanoseconds, and the family of null/loopback in both orders."""
    path = os.path.join(tmp, "order.pcap")
    c = case("link-raw", path)
    ip = [p.ip for p in c.packets]
    for order in "<>":
        for magic, unit in ((0xa1b2c3d4, 1), (0xa1b23c4d, 1000)):
            for families in ((2, 30), (2 << 24, 24 << 24), (2, 10), (2, 28)):
                with open(path, "wb") as f:
                    f.write(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 0))
                    for i, data in enumerate(ip):
                        data = struct.pack(order + "I", families[i == 2]) + data
                        f.write(struct.pack(order + "IIII", 7, (i + 1) * unit, len(data),
                                            len(data)) + data)
                out = objects(replay("--json", "--inside", "192.0.2.10,2001:db8::10", path))
                must("order %s, families %r" % (order, families),
                     [o["t"] for o in out[:3]] == [7.000001, 7.000002, 7.000003] and
                     out[0].get("method") == "REGISTER" and out[2]["check"] == "agent", out)


def main():
    with tempfile.TemporaryDirectory(prefix="sipmoat-replay-") as tmp:
        for test in (usage, refused_files, shape, hostile_text, connections, damaged,
                     every_snap_length, byte_orders):
            test(tmp)
    print("%d failed" % failed)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
