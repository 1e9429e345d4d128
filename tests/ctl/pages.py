#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of docs/checks: all have the same sections, and what each shows "On the wire"
happens:

  pages.py [NAME...]         is what `sipmoat replay` says of it what the page says?
  pages.py --write NAME...   puts there what it says now

That section has up to three blocks.  "conf" is the config, without it the one that is
shipped; "sip" the messages, as tests/lib/mkpcap.py reads them, but that a message ends with
the block or where another line of the script begins; "text" all that is found, as replay
prints it, without the number of the packet.  A database of countries in the config is the
one that tests/lib/mmdb.py makes.

To see that the test can fail, every message that a page writes out is then made one that
nobody minds, and sent once; where the check reads no messages, its config is left out: what
the page says must be untrue of it."""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIB = os.path.join(ROOT, "tests", "lib")
sys.path.insert(0, LIB)
import mkpcap  # noqa: E402

PAGES = os.path.join(ROOT, "docs", "checks")
SHIPPED = os.path.join(ROOT, "systemd", "sipmoat.conf")
PROGRAM = os.environ.get("SIPMOAT") or os.path.join(
    ROOT, os.environ.get("B", "build"), "sipmoat")
SECTIONS = ["What it stops", "On the wire", "Keys", "How it can go wrong", "Shown by"]
UNREAD = ("country", "transports")  # go by where it comes from, and how
INSIDE = "192.0.2.10,2001:db8::10"
BLOCK = re.compile(r"^```(conf|sip|text)\n(.*?)^```$", re.M | re.S)
SCRIPT = re.compile(r"(@|#|end$|(domain|ua|proxy|move|call|each|template) )")
FINDING = re.compile(r" *(\d+|-) +([0-9.]+)  (\S+ > \S+  .*)")
HARMLESS = ["OPTIONS sip:pbx.example SIP/2.0",
            "Via: SIP/2.0/UDP {src}:{sport};branch=z9hG4bK-harmless;rport", "Max-Forwards: 70",
            "From: <sip:100@pbx.example>;tag=h", "To: <sip:pbx.example>", "Call-ID: harmless",
            "CSeq: 1 OPTIONS", "Content-Length: 0"]


class PageError(Exception):
    pass


def section(text):
    """What stands between "On the wire" and the next headline of its rank."""
    begin = text.index("\n## On the wire\n") + 1
    return begin, text.find("\n## ", begin)


def blocks(text):
    begin, end = section(text)
    found = {}
    for kind, block in BLOCK.findall(text[begin:end]):
        if kind in found:
            raise PageError("more than one block %s" % kind)
        found[kind] = block
    for kind in ("sip", "text"):
        if kind not in found:
            raise PageError("no block %s" % kind)
    return found


def script(block, harmless=False):
    """A script of mkpcap.py: each message ends with a dot."""
    out, message = [], None
    for line in block.split("\n") + ["#"]:
        if SCRIPT.match(line):
            if message is not None and any(message):
                while not message[-1]:
                    message.pop()
                if harmless:
                    out[-1] = re.sub(r" (repeat|every) \S+| (tcp|raw)\b", "", out[-1])
                out += (HARMLESS if harmless else message) + ["."]
            message = [] if line.startswith("@") else None
            out.append(line)
        elif message is not None:
            message.append(line)
        elif line:
            raise PageError("neither message nor script: " + line)
    return "\n".join(out) + "\n"


def configured(tmp, conf):
    if conf is None:
        return SHIPPED
    if "/var/lib/" in conf:
        subprocess.run([sys.executable, os.path.join(LIB, "mmdb.py"), "country.mmdb", "maxmind"],
                       cwd=tmp, check=True)
        conf = re.sub(r'"/var/lib/[^"]*\.mmdb"', '"%s/country.mmdb"' % tmp, conf)
    path = os.path.join(tmp, "sipmoat.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(conf)
    return path


def banned(objects):
    """Replay prints nothing of what a ban stops."""
    first = objects[0]["t"]
    return ["%g  %s:%d > %s:%d  %s  %s  banned: %s" % (
        o["t"] - first, o["src"], o["sport"], o["dst"], o["dport"], o["method"], o["verdict"],
        o["reason"]) for o in objects if o.get("check") == "banned"]


def findings(page, harmless=False):
    with tempfile.TemporaryDirectory(prefix="sipmoat-page-") as tmp:
        case = os.path.join(tmp, "case.txt")
        with open(case, "w", encoding="utf-8") as f:
            f.write(script(page["sip"], harmless))
        capture = os.path.join(tmp, "page.pcap")
        mkpcap.Case(case).write(capture)
        command = [PROGRAM, "replay", "-c", configured(tmp, page.get("conf")), capture]
        if not re.search("^inside =", page.get("conf", ""), re.M):
            command += ["--inside", INSIDE]
        plain, as_json = (subprocess.run(command + more, capture_output=True, check=False)
                          for more in ([], ["--json"]))
    if plain.returncode:
        raise PageError("replay: " + plain.stderr.decode())
    found = map(FINDING.fullmatch, plain.stdout.decode().split("\n"))
    return ["%g  %s" % (float(m.group(2)), m.group(3)) for m in found if m] + banned(
        [json.loads(line) for line in as_json.stdout.decode().splitlines()])


def folded(lines):
    """As pages show them: the reason has a line of its own."""
    return "".join(re.sub(r"^(\S+  \S+ > \S+  .*?  [a-z]+(?: \(\d+\))?:) ", r"\1\n    ", line)
                   + "\n" for line in lines)


def unfolded(block):
    joined = re.sub(r"\n +", " ", block.strip("\n"))
    return [re.sub(" +", " ", line) for line in joined.split("\n")]


def sections_of(text):
    have = re.findall(r"^## (.*)$", text, re.M)
    return [h for h in have if h in SECTIONS]


def judge(name):
    """What is wrong with a page, as lines."""
    with open(os.path.join(PAGES, name + ".md"), encoding="utf-8") as f:
        text = f.read()
    if sections_of(text) != SECTIONS:
        return ["sections are %s, wanted %s" % (sections_of(text), SECTIONS)]
    try:
        page = blocks(text)
        if not re.search(r"^(\S+ \S+ SIP/2\.0|SIP/2\.0 \d+ .*)(\\r\\n)?$", page["sip"], re.M):
            return ["no message is written out"]
        want = unfolded(page["text"])
        got = [re.sub(" +", " ", line) for line in findings(page)]
        wrong = ["says: %s" % line for line in got if line not in want]
        wrong += ["does not say: %s" % line for line in want if line not in got]
        if name != "trusted" and not any(" %s: " % name in re.sub(r" \(\d+\):", ":", line)
                                         for line in got):
            wrong.append("the check does not hit")
        if name in UNREAD:
            del page["conf"]
        if unfolded("\n".join(findings(page, name not in UNREAD))) == want:
            wrong.append("says the same of what is harmless")
        return wrong
    except (PageError, mkpcap.CaseError, ValueError) as e:
        return ["%s: %s" % (type(e).__name__, e)]


def write(name):
    path = os.path.join(PAGES, name + ".md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    begin, end = section(text)
    said = folded(findings(blocks(text)))
    part = re.sub(r"^```text\n.*?^```$", lambda m: "```text\n" + said + "```", text[begin:end],
                  flags=re.M | re.S)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text[:begin] + part + text[end:])


def main():
    names = [a for a in sys.argv[1:] if a != "--write"]
    names = names or sorted(n[:-3] for n in os.listdir(PAGES) if n != "README.md")
    if "--write" in sys.argv:
        for name in names:
            write(name)
    with ThreadPoolExecutor(2) as two:
        results = list(two.map(judge, names))
    for name, wrong in zip(names, results):
        for line in wrong:
            print("docs/checks/%s.md: %s" % (name, line))
    print("%d pages, %d wrong" % (len(names), sum(map(bool, results))))
    sys.exit(1 if any(results) else 0)


if __name__ == "__main__":
    main()
