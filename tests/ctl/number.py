#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `sipmoat number` promises: exit codes, how a number is read, and what the engine
says to a call of this user, from there, at that time."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get("SIPMOAT") or os.path.join(ROOT, os.environ.get("B", "build"), "sipmoat")
CONFIG = """
dialplan = { country = "49"; area = "30"; };
destination = { deny = [ "^0900" ]; };
registered = { mode = "enforce"; identity = "both"; };
cost = { rates = [ "49,Germany,0.012,0,30/6" ];
         limits = ( { name = "one"; per = "call"; to = [ "4915" ]; act = "0.005"; } ); };
zones = ( { name = "branch"; addresses = [ "198.51.100.0/24" ];
            destination = { deny = [ "=0301" ]; mode = "observe"; }; },
          { name = "six"; addresses = [ "2001:db8::/32" ];
            destination = { deny = [ "^100" ]; action = "alert"; }; } );
"""
failed = 0


def must(what, holds, *shown):
    global failed
    if not holds:
        failed += 1
        print("FAIL %s" % what, *shown, sep="\n     ")


def run(*args):
    r = subprocess.run([PROGRAM, "number", *args], capture_output=True, check=False)
    return r.returncode, r.stdout.decode("ascii", "strict"), r.stderr.decode()


def call(conf, *args):
    """The fields of one number; steps joined."""
    rc, out, err = run("-c", conf, *args)
    must("%r ends with 0" % (args,), rc == 0 and not err, rc, err)
    fields = {}
    for line in out.splitlines()[1:]:
        name, _, text = line.strip().partition(" ")
        fields[name] = (fields[name] + "; " if name in fields else "") + text.strip()
    return fields


def reading(conf):
    f = call(conf, "0900 123 456")
    must("a number is read", f["number"] == "+49900123456" and f["country"] == "DE (Germany)" and
         f["classes"] == "national, premium" and "trunk prefix" in f["step"], f)
    f = call(conf, "030231250")
    must("its price", f["price"] == "0.012 EUR a minute, setup 0.00, 30/6, at least 0.00 (Germany)", f)
    must("or none", call(conf, "+442079460123")["price"] == "not in rates")
    must("what it may cost", call(conf, "01511234567")["call"].startswith("is refused: cost, call has"))
    must("its kind is told", call(conf, "0900123456")["kind"].startswith("world"), f)
    f = call(conf, "sip:%2B442079460123@192.0.2.10")
    must("a URI is read", f["number"] == "+442079460123" and f["classes"] == "international", f)
    must("nothing is said of what there is not", "country" not in call(conf, "alice"))
    _, out, _ = run("-c", conf, "\x1b[31m+44\n")
    must("only printable bytes are printed", all(c == "\n" or " " <= c < "\x7f" for c in out), out)


def policy(conf):
    f = call(conf, "0900123456")
    must("the engine refuses", f["call"].startswith("is refused: destination,"), f)
    must("and says in which zone", f["zone"] == "default", f)
    must("it lets pass", call(conf, "030231250")["call"] == "passes")
    must("a call for help passes", call(conf, "112")["call"] == "passes")
    must("urn:service:sos too", call(conf, "urn:service:sos")["call"] == "passes")
    f = call(conf, "--source", "198.51.100.7", "0301")
    must("the source's zone counts", f["zone"] == "branch" and
         f["call"].startswith("passes, and would be refused: destination"), f)
    must("not another's", call(conf, "--source", "198.51.100.7", "0900123456")["call"].startswith("passes"))
    f = call(conf, "--source", "2001:db8::7", "100")
    must("IPv6", f["zone"] == "six" and f["call"].startswith("passes, and is told"), f)
    rc, out, _ = run("-c", conf, "--from", "201", "--at", "2026-12-24 18:00", "100", "0900123456")
    must("each number is asked by itself", rc == 0 and out.count("\n  call") == 2 and
         "passes" in out and "is refused" in out, out)


def refused(folder, conf):
    broken = os.path.join(folder, "broken.conf")
    with open(broken, "w", encoding="ascii") as f:
        f.write("dialplan = { country = \"x\"; };\n")
    rc, out, err = run("-c", broken, "100")
    must("a broken config ends with 1", rc == 1 and not out and "dialplan.country" in err, rc, err)
    for args in ([], ["--at", "tomorrow", "1"], ["--source", "x", "1"], ["--from", "a b", "1"],
                 ["--what", "1"], ["--from", "", "1"], ["--at", "2026-12-24", "1"]):
        rc, out, err = run("-c", conf, *args)
        must("%r is usage" % args, rc == 2 and "usage" in err and not out, rc, out, err)
    rc, out, err = run("--help")
    must("help", rc == 0 and "--source" in out and not err, rc, out, err)


def main():
    with tempfile.TemporaryDirectory(prefix="sipmoat-number.") as folder:
        conf = os.path.join(folder, "sipmoat.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(CONFIG)
        reading(conf)
        policy(conf)
        refused(folder, conf)
    return failed != 0


sys.exit(main())
