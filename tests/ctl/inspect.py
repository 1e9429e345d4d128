#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `sipmoat inspect` promises: exit codes, every defect by name, nothing of the
message unescaped, and JSON that says the same."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get("SIPMOAT") or os.path.join(ROOT, os.environ.get("B", "build"), "sipmoat")
CLEAN = (b"INVITE sip:2045:pw@pbx.example.org:5070;user=phone SIP/2.0\r\n"
         b"v: SIP/2.0/UDP 192.0.2.31:5062;branch=z9hG4bKq1\r\n"
         b"f: \"A \\\"b\\\" \\\x1b[1m\xc3\xa9\" <sip:2031@pbx.example.org>;tag=1\r\n"
         b"To: <sip:2045@pbx.example.org>\r\n"
         b"Call-ID: a\r\nCSeq: 3 INVITE\r\nX-Flag: on\r\nc: text/plain\r\nl: 3\r\n"
         b"Max-Forwards: 70\r\n\r\nabc")
failed = 0
sys.path.remove(HERE)  # this file is called as a module of Python's own
try:
    import jsonschema
    with open(os.path.join(ROOT, "docs", "schema", "inspect.json"), encoding="ascii") as f:
        SCHEMA = jsonschema.Draft7Validator(json.load(f))
except ImportError:
    SCHEMA = None


def must(what, holds, *shown):
    global failed
    if not holds:
        failed += 1
        print("FAIL %s" % what, *shown, sep="\n     ")


def inspect(data, *args):
    """(exit code, stdout, stderr) for a message in a file."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        r = subprocess.run([PROGRAM, "inspect", *args, f.name], capture_output=True, check=False)
    return r.returncode, r.stdout, r.stderr


def told(data, *args):
    """What is said of a message as JSON, which is as its schema says."""
    rc, out, err = inspect(data, "--json", *args)
    seen = json.loads(out)
    for e in SCHEMA.iter_errors(seen) if SCHEMA else ():
        must("as docs/schema/inspect.json says", False, list(e.path), e.message)
    return rc, out, seen


def run(*args, data=b""):
    r = subprocess.run([PROGRAM, "inspect", *args], input=data, capture_output=True, check=False)
    return r.returncode, r.stdout, r.stderr


def clean():
    rc, out, err = inspect(CLEAN)
    must("a clean message ends with 0", rc == 0 and not err, rc, err)
    must("and says so", b"no defects" in out, out)
    must("only printable bytes are printed", all(c == 10 or 32 <= c < 127 for c in out), out)
    must("escapes are shown", b"\\x1b[1m\\xc3\\xa9" in out, out)
    must("- is standard input", run("-", data=CLEAN) == (0, out, b""))
    for data, kind in ((b"\r\n\r\n", b"keepalive"), (b"SIP/2.0 200 OK" + CLEAN[58:], b"response")):
        rc, out, err = inspect(data)
        must("clean: %r" % kind, rc == 0 and out.startswith(kind), rc, out, err)


def as_json():
    rc, out, seen = told(CLEAN)
    must("JSON ends with 0", rc == 0)
    must("JSON is one line of ASCII", out.count(b"\n") == 1 and out.isascii())
    for key, want in (("kind", "request"), ("method", "INVITE"), ("call_id", "a"), ("cseq", 3),
                      ("content_length", 3), ("body", 3), ("behind_body", 0), ("lines", 9),
                      ("defects", []), ("contact", None)):
        must("JSON %s" % key, seen[key] == want, seen[key])
    must("JSON uri", (seen["uri"]["user"], seen["uri"]["host"], seen["uri"]["port"]) ==
         ("2045", "pbx.example.org", 5070), seen["uri"])
    must("JSON via", (seen["via"]["host"], seen["via"]["branch"]) == ("192.0.2.31", "z9hG4bKq1"))
    must("JSON from", seen["from"]["tag"] == "1" and seen["to"]["tag"] is None)
    must("JSON compact names", seen["headers"][0]["header"] == "Via" and
         seen["headers"][0]["name"] == "v" and seen["headers"][5]["header"] is None)


def defective():
    bad = CLEAN.replace(b"l: 3", b"l: 4\r\nTo: <sip:x@y>").replace(b"CSeq: 3", b"CSeq: -3") + b""
    bad = bad.replace(b"Call-ID: a\r", b"Call-ID: a")
    rc, out, _ = inspect(bad)
    must("a defective message ends with 1", rc == 1, rc)
    names = ["bare-line-end", "duplicate-header", "bad-cseq", "short-body"]
    for name in names:
        must("%s is named" % name, b"\n  %s at byte " % name.encode() in out, out)
    rc, out, all_of_it = told(bad)
    seen = all_of_it["defects"]
    must("JSON ends with 1", rc == 1 and all_of_it["refused"], rc, out)
    must("the same defects in JSON", sorted(d["name"] for d in seen) == sorted(names), seen)
    for d in seen:
        must("what the standard preset does",
             d["standard"] == ("accept" if d["name"] == "bare-line-end" else "drop"), d)
        if d["name"] == "bad-cseq":
            must("the place", bad[d["offset"]:].startswith(b"-3 INVITE") and d["line"] == 6, d)
    rc, out, _ = inspect(b"hello")
    must("no SIP at all is a defect", rc == 1 and b"not-sip" in out, rc, out)


def ugly():
    rc, out, _ = inspect(CLEAN.replace(b"\r\n", b"\n", 1))
    must("what is let pass ends with 0", rc == 0 and b"bare-line-end at" in out and
         out.endswith(b"the standard preset lets it pass\n"), rc, out)
    rc, out, seen = told(CLEAN.replace(b"\r\n", b"\n", 1))
    must("JSON of it", rc == 0 and seen["refused"] is False, rc, out)


def of_all_kinds():
    """JSON of what is no request, or hardly one."""
    for data, kind in ((b"\r\n\r\n", "keepalive"), (b"hello", "none"), (bytes(range(256)), "none"),
                       (b"SIP/2.0 200 OK" + CLEAN[58:], "response"),
                       (b"INVITE sip:a SIP/2.0\r\n\r\n", "request"),
                       (b"IN`VITE \xff\x00 SIP/2.0\r\nVia: x\r\nFrom: <\r\nTo: \"\r\nCSeq: x\r\n\r\n",
                        "request"),
                       (b"SIP/2.0 999 \r\nl: -1\r\n\r\n", "response")):
        rc, out, seen = told(data)
        must("JSON of %r" % data[:20], rc in (0, 1) and seen["kind"] == kind and out.isascii(), out)


def unreadable():
    for args in (("/nonexistent/file",), ("/",), ("/dev/null",), (), ("--jsn", "x"), ("a", "b")):
        rc, out, err = run(*args)
        must("%r ends with 2 and says why" % (args,), rc == 2 and err and not out, rc, out, err)
    rc, out, err = inspect(b"x" * (1 << 20) + b"x")
    must("too large", rc == 2 and b"1 MiB" in err, rc, err)
    rc, out, err = run("--help")
    must("--help ends with 0", rc == 0 and b"usage" in out and not err)


clean()
as_json()
defective()
ugly()
of_all_kinds()
unreadable()
sys.exit(1 if failed else 0)
