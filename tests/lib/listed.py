# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a running sipmoatd for a list, holds the answer to its schema, and each row to what is
said of it: listed.py SOCKET SCHEMAS NAME [-m MEMBER=VALUE]... [EXPRESSION]

Members are part of the question; the expression speaks of the answer, `all`, its rows, `rows`,
and the first of them, `row`.  Prints the answer and fails when the expression does not hold."""
import argparse
import json
import sys

import jsonschema

from control import Control

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("socket")
ap.add_argument("schemas")
ap.add_argument("name")
ap.add_argument("-m", "--member", action="append", default=[])
ap.add_argument("expression", nargs="?", default="True")
a = ap.parse_args()
members = {}
for m in a.member:
    key, _, value = m.partition("=")
    members[key] = int(value) if key in ("most", "since") else value
answer = Control(a.socket).ask(a.name, **members)
with open("%s/%s.json" % (a.schemas, a.name)) as f:
    jsonschema.validate(answer, json.load(f))
print(json.dumps(answer))
rows = answer["calls" if a.name == "call_history" else a.name]
holds = eval("(%s)" % a.expression, {"all": answer, "rows": rows, "row": rows[0] if rows else {}})
sys.exit(0 if holds else 1)
