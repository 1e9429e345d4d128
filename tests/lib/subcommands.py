# SPDX-License-Identifier: GPL-2.0-or-later
"""Each subcommand against a running sipmoatd: its exit status, its JSON against the schemas,
what it prints for people: subcommands.py TOOL SOCKET SCHEMAS FOLDER TOKEN

FOLDER has sipmoat.conf, broken.conf and message; TOKEN waits for approval, of user 1001."""
import json
import os
import socket
import subprocess
import sys
import time

import jsonschema
import mkpcap

TOOL, SOCKET, SCHEMAS, AT, TOKEN = sys.argv[1:]
NOWHERE = os.path.join(AT, "nowhere")
CONF, BROKEN = os.path.join(AT, "sipmoat.conf"), os.path.join(AT, "broken.conf")
wrong = []


def schema(name):
    with open("%s/%s.json" % (SCHEMAS, name), encoding="ascii") as f:
        return json.load(f)


def holds(name, value, what):
    """References in a schema are to files beside it."""
    resolver = jsonschema.RefResolver("file://%s/" % SCHEMAS, None)
    for e in jsonschema.Draft7Validator(schema(name), resolver=resolver).iter_errors(value):
        wrong.append("%s: not as %s.json says: %s: %s" % (what, name, list(e.path), e.message))


def run(status, *args):
    what = "sipmoat " + " ".join(args)
    got = subprocess.run((TOOL,) + args, capture_output=True, stdin=subprocess.DEVNULL, timeout=90)
    if got.returncode != status:
        wrong.append("%s: status %d, not %d: %s" % (what, got.returncode, status,
                                                    (got.stdout + got.stderr)[:300]))
    if b"\x1b" in got.stdout + got.stderr:
        wrong.append(what + ": colours in a pipe")
    if status and b"--json" not in what.encode() and not got.stderr:
        wrong.append(what + ": fails and does not say why")
    return got.stdout.decode("ascii", "replace")


def lists(name, *options):
    """For people, and as JSON by its schema; an option that is none, a socket that is none."""
    run(0, name, *options, "-s", SOCKET)
    text = run(0, name, *options, "--json", "-s", SOCKET)
    try:
        answer = json.loads(text)
        holds("call_history" if "--history" in options else name, answer, name)
    except ValueError:
        wrong.append("%s: no JSON: %.200s" % (name, text))
        return {}
    run(3, name, *options, "-s", NOWHERE)
    run(2, name, *options, "--nonsense")
    return answer


errors = set()


def ask(name, **question):
    """By the socket itself, for commands that have no --json."""
    with socket.socket(socket.AF_UNIX) as link:  # each time: who says nothing for long is ended
        link.settimeout(90)
        link.connect(SOCKET)
        link.sendall(json.dumps(question).encode() + b"\n")
        answer = json.loads(link.makefile().readline())
    holds(name, answer, json.dumps(question))
    errors.add(answer.get("error"))
    return answer


def has(what, is_so):
    if not is_so:
        wrong.append(what)


# --- what lists something ---
has("no waiting approval", TOKEN in [a["token"] for a in lists("approvals")["approvals"]])
has("no feed", [f["wrong"] for f in lists("feeds")["feeds"]] == [1])
for name in ("status", "stats", "calls", "registrations", "dialogs", "sources"):
    lists(name)
lists("calls", "--history")
bans = lists("bans")["bans"]
has("not each kind of ban: %s" % bans,
    {(b["state"], "check" in b, "uid" in b) for b in bans} ==
    {("banned", True, False), ("banned", False, True), ("allowed", False, True)})
has("most is not kept", len(ask("bans", command="bans", most=1)["bans"]) == 1)
for what in ("203.0.113.11", "203.0.113.0/24", "1001", "no-call@nowhere", "192.0.2.130"):
    holds("why", json.loads(run(0, "why", what, "--json", "-s", SOCKET)), "why " + what)
    run(0, "why", what, "--all", "-s", SOCKET)
run(3, "why", "1001", "-s", NOWHERE)
run(2, "why")
lists("mode")
events = [json.loads(x) for x in run(0, "events", "--json", "-s", SOCKET).split("\n") if x]
for e in events:
    holds("event", e, "an event")
has("too few events", len(events) > 4)
run(0, "events", "--check", "agent", "--since", "1h", "-s", SOCKET)
run(3, "events", "-s", NOWHERE)
run(2, "events", "--check", "nonsense", "-s", SOCKET)
run(2, "events", "--since", "yesterday")
for q in ({}, {"after": 0}, {"check": "agent", "event": "finding", "source": "203.0.113.0/24"}):
    has("no events: %s" % q, ask("events", command="events", **q)["events"])
for option, value in (("--sort", "colour"), ("--source", "anna"), ("--most", "0")):
    run(2, "sources", option, value, "-s", SOCKET)
ask("version", command="version")

# --- what changes something ---
ask("order", command="ban", who="203.0.113.40", seconds=60, note="a note")
ask("order", command="allow", who="203.0.113.41")
ask("order", command="unban", who="203.0.113.40")
ask("order", command="disallow", who="203.0.113.41")
run(0, "ban", "203.0.113.42", "--for", "1h", "--note", "rings", "-s", SOCKET)
run(0, "unban", "203.0.113.42", "-s", SOCKET)
run(1, "unban", "203.0.113.42", "-s", SOCKET)
run(0, "allow", "203.0.113.43", "-s", SOCKET)
run(1, "ban", "203.0.113.43", "-s", SOCKET)
run(0, "disallow", "203.0.113.43", "-s", SOCKET)
run(1, "ban", "192.0.2.130", "-s", SOCKET)
for name in ("ban", "unban", "allow", "disallow"):
    run(3, name, "203.0.113.44", "-s", NOWHERE)
    run(2, name, "anna", "-s", SOCKET)
    run(2, name, "-s", SOCKET)
run(1, "approve", "2222-2222", "-s", SOCKET)
run(3, "approve", TOKEN, "-s", NOWHERE)
run(2, "approve", TOKEN, "--for", "x", "-s", SOCKET)
ask("approve", command="approve", token=TOKEN, seconds=60)
lists("approvals") # one that is granted
ask("revoke", command="revoke", user="1001")
run(1, "approve", "--revoke", "1001", "-s", SOCKET)
holds("mode", json.loads(run(0, "mode", "observe", "--json", "-s", SOCKET)), "mode observe")
lists("mode")
run(0, "mode", "config", "-s", SOCKET)
run(2, "mode", "paranoid", "-s", SOCKET)
lists("reload")
whole = open(CONF, encoding="ascii").read()
with open(CONF, "w", encoding="ascii") as f:
    f.write(open(BROKEN, encoding="ascii").read())
holds("refusal", json.loads(run(1, "reload", "--json", "-s", SOCKET)), "reload refused")
ask("refusal", command="reload")
with open(CONF, "w", encoding="ascii") as f:
    f.write(whole)

# --- what is refused ---
for q in ({"command": "nonsense"}, {"command": "bans", "most": 0}, {},
          {"command": "approve", "token": "2222-2222"}, {"command": "revoke", "user": "nobody"},
          {"command": "ban", "who": "192.0.2.130"}, {"command": "ban", "who": "0.0.0.0/4"},
          {"command": "unban", "who": "203.0.113.99"}):
    ask("refusal", **q)
has("other errors: %s" % errors, errors == {
    None, "bad_request", "unknown_command", "unknown_token", "unknown_user", "never", "too_wide",
    "unknown", "refused"})

# --- what needs no daemon, beside one ---
run(0, "check", "-c", CONF)
run(1, "check", "-c", BROKEN)
run(1, "check", "-c", NOWHERE)
run(0, "number", "-c", CONF, "+49301234567")
run(2, "number", "-c", CONF)
base = os.path.join(AT, "country.mmdb")
networks = os.path.join(AT, "asn.mmdb")
damaged = os.path.join(AT, "damaged.mmdb")
for out, hours, of in ((base, 1, ("maxmind",)), (networks, 1, ("asn",)),
                       (damaged, 2, ("maxmind", "5.0.0.0/8=QZ"))):
    subprocess.run([os.path.join(os.path.dirname(__file__), "mmdb.py"), "--world",
                    "--built", str(int(time.time()) + hours * 3600), out, *of], check=True)
run(1, "country", "--verify", "--database", base, "--old", damaged) # a newer one
with open(damaged, "r+b") as f:
    at = f.read().index(b"BQZ")
    f.seek(at)
    f.write(b"\x38\xff\xff")  # a text becomes a pointer to nowhere
holds("country", json.loads(run(0, "country", "--database", base, "--json", "8.8.8.8", "::1",
                                "6.0.0.1")), "country")
said = run(0, "country", "--database", base, "--asn", networks, "8.8.8.8", "::1").split("\n")
has("country: %s" % said, said[0].split() == ["8.8.8.8", "US", "AS15169"] and
    said[1].split()[:3] == ["::1", "-", "-"] and said[1].endswith(" reserved: in no country"))
# a clock that is an hour behind is no reason to refuse one
run(0, "country", "--verify", "--database", base, "--old", base)
run(0, "country", "--verify", "--asn", networks)
run(1, "country", "--verify", "--asn", base)
# an old one that cannot be used is no reason, either
run(0, "country", "--verify", "--database", base, "--old", NOWHERE)
run(0, "country", "--verify", "--database", base, "--old", networks)
run(1, "country", "--verify", "--database", damaged)
run(0, "country", "--verify", "--database", base, "--old", damaged)
run(1, "country", "--database", NOWHERE, "8.8.8.8")
run(1, "country", "--database", base, "--asn", NOWHERE, "8.8.8.8")
run(2, "country", "--verify", "--database", base, "--asn", networks)
run(2, "country", "--verify", "--database", base, "--json")
run(1, "country", "-c", BROKEN, "8.8.8.8")
run(2, "country", "--database", base, "anna")
run(2, "country", "--verify", "8.8.8.8")
run(2, "country", "--old", base)
holds("inspect", json.loads(run(0, "inspect", "--json", os.path.join(AT, "message"))), "inspect")
run(2, "inspect", NOWHERE)
capture = os.path.join(AT, "capture.pcap")
mkpcap.Case(os.path.join(SCHEMAS, "..", "..", "tests", "cases", "flood-17th", "case.txt")).write(capture)
for line in run(0, "replay", "--json", "-c", CONF, capture).splitlines():
    holds("replay", json.loads(line), "replay")
has("replay", "flood: 17 requests" in run(0, "replay", "-c", CONF, capture))
run(1, "replay", "-c", CONF, NOWHERE)
run(2, "replay")
run(2, "top", "-s", SOCKET) # no terminal
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
