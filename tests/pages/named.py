# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of pages, each against the one place that knows: nothing is missing, nothing is made up."""
import json
import os
import re

from page import named


def first_column(rows):
    return [name for _, row in rows for name in named(row[0])]


# --- keys ---
def keys_of_groups(w):
    """{"bans": {"bans.max": (range, default)}}; of lists of groups also "calls.limits"."""
    out = {}
    for path, values, start in w.names["key"]:
        out.setdefault(path.rpartition(".")[0], {})[path] = (values, start)
    return out


def group_of(w, names, groups):
    """The group that a table is about: the one that has most of its keys."""
    common = set(groups["flood"]) - {"flood." + k for k in names}
    return max(groups, key=lambda g: (len({g + "." + n for n in names} & set(groups[g])),
                                      -len(groups[g])), default=None) if common else None


def key_tables(w):
    """A table whose head begins with "key" has all keys of a group, their ranges and defaults."""
    groups, n = keys_of_groups(w), 0
    policy = {p.partition(".")[2] for p in groups["banned"]}
    for page in w.pages.values():
        for t in page.tables:
            head = t.rows[0][1]
            if not head[0].startswith("key"):
                continue
            n += 1
            rows = {name: (line, row) for line, row in t.rows[2:] for name in named(row[0])}
            check = re.fullmatch(r"docs/checks/([a-z]+)\.md", page.name)
            if check:
                group = check[1]
                want = {k.partition(".")[2]: v for k, v in keys_below(w, group).items()
                        if k.partition(".")[2] not in policy}
            else:
                group = group_of(w, rows, groups)
                want = {k[len(group) + 1:]: v for k, v in groups[group].items()}
            key_rows(w, page, head, rows, want, group, check)
    return n


def keys_below(w, group):
    return {p: (v, s) for p, v, s in w.names["key"] if p.startswith(group + ".")}


def key_rows(w, page, head, rows, want, group, check):
    where = "%s:%d" % (page.name, min(line for line, _ in rows.values()))
    if not check:  # of a check several tables may stand on its page: unit/test_docs
        w.same(where, "in the table of %s, a key" % group, rows, want)
    for name, (line, row) in rows.items():
        if name not in want:
            if check:
                w.bad("%s:%d" % (page.name, line), "%s has no key %s" % (group, name))
            continue
        values, start = want[name]
        said = dict(zip(head, row))
        at = "%s:%d" % (page.name, line)
        told = said.get("range", said.get("values"))
        if told is not None and values not in ("list", "groups", "text") and \
                values not in told and not same_numbers(values, told):
            w.bad(at, "%s may be %s, and the page says %s" % (name, values, told or "nothing"))
        if start and said.get("default", start) not in (start, start.replace('""', "")):
            w.bad(at, "the default of %s is %s, and the page says %s" % (name, start, said["default"]))


def same_numbers(values, told):
    """0x7fffffff is as good as 2147483647."""
    return [int(x, 0) for x in re.findall(r"\b(?:0x)?[0-9a-f]+\b", told) if x[0].isdigit()] == \
        [int(x) for x in re.findall(r"\d+", values)] != []


def check_table(w):
    """The checks in their order, with what they do by default."""
    rows = w.pages["docs/checks/README.md"].table("check", "stage")
    there = [re.sub(r"\[(\w+)\].*", r"\1", row[0]) for _, row in rows]
    w.same("docs/checks/README.md", "the check", there, w.all("check"))
    if sorted(there) == sorted(w.all("check")) and there != w.all("check"):
        w.bad("docs/checks/README.md", "the checks are asked in another order: " +
              " ".join(w.all("check")))
    for line, row in rows:
        name = re.sub(r"\[(\w+)\].*", r"\1", row[0])
        for check, mode, ban, after in w.names["check"]:
            if check == name:
                check_default(w, "docs/checks/README.md:%d" % line, row[3], mode, ban, after)


def check_default(w, at, said, mode, ban, after):
    first = re.match(r"\w+", said)[0]
    if first != mode and not (first in ("on", "told") and mode == "enforce"):
        w.bad(at, "the mode is %s by default, not %s" % (mode, first))
    if mode == "off":
        return  # the rest is of no interest
    got = re.search(r"\bban (\d+) (s|min|h)\b|bans a source (\d+) (h)", said)
    told = "%s%s" % (got[1] or got[3], (got[2] or got[4])[0]) if got else "0s"
    if told != ban:
        w.bad(at, "the ban is %s by default, not %s" % (ban, told))
    told = re.search(r"after (\d+) in a minute", said)
    if got and (told[1] if told else "1") != after:
        w.bad(at, "it bans after %s by default" % after)


# --- counters ---
def metric_table(w):
    want = {n: "| `%s` | %s |" % (n, t) for n, t in w.names["TYPE"]}
    helps = dict(w.names["HELP"])
    for line, row in w.pages["docs/metrics.md"].table("metric"):
        name = named(row[0])[0]
        at = "docs/metrics.md:%d" % line
        if name not in want:
            w.bad(at, "there is no metric " + name)
        elif want[name] != "| `%s` | %s |" % (name, row[1]) or row[3] != helps[name]:
            w.bad(at, "of %s the tool says: %s | ... | %s" % (name, want[name], helps[name]))
    w.same("docs/metrics.md", "the metric", first_column(w.pages["docs/metrics.md"].table("metric")),
           want)
    return len(want)


def counter_tables(w):
    """Elsewhere some of them are explained at more length."""
    known = set(w.all("counter")) | set(w.all("outcome"))
    for page in w.pages.values():
        for t in page.tables:
            if t.rows[0][1][0].strip("`") == "counter":
                for line, row in t.rows[2:]:
                    for name in set(named(row[0])) - known:
                        w.bad("%s:%d" % (page.name, line), "there is no counter " + name)


# --- events ---
def event_tables(w):
    page = w.pages["docs/events.md"]
    fields = set(w.all("field"))
    rows = page.table("field", "of")
    w.same(page.name, "the field", first_column(rows), fields)
    kinds = set(w.all("event"))
    for line, row in rows:
        said = kinds if row[1] == "all" else kinds - {"notice"} if row[1] == "all but notice" \
            else set(row[1].split(", "))
        for name in named(row[0]):
            of = {kind for field, kind in w.names["field"] if field == name}
            # what is only seldom there may be put of more kinds than the page says
            if of and not of >= said - {"approval"}:
                w.bad("%s:%d" % (page.name, line), "%s is of %s" % (name, ", ".join(sorted(of))))
    w.same("docs/schema/event.json", "the field",
           schema("event")["properties"], fields)
    for what in ("event", "action"):
        w.same("docs/schema/event.json", "the " + what,
               schema("event")["properties"][what]["enum"], w.all(what))
        quoted = [row for _, row in rows if "`%s`" % what == row[0]][0]
        w.same(page.name, "the " + what, re.findall(r'"(\w+)"', quoted[2]), w.all(what))
    text = open(page.name, encoding="utf-8").read()
    line = "".join("\n".join(b.lines) for b in page.blocks if "event=finding" in b.text())
    w.same(page.name, "in the line, the word", re.findall(r"\b(\w+)=", line),
           {r[0] for r in w.names["word"]} - {"level", "text", "site", "more", "token"})
    part = re.search(r"\*\*journald\*\* gets(.*?)The unit", text, re.S)[1]
    said = [x.split("=")[0] for x in re.findall(r"`([A-Z_a-z=]+)`", part)]
    w.same(page.name, "of journald, the field",
           ["SIPMOAT" + x if x[0] == "_" else x for x in said], w.all("journal"))
    return len(fields)


def schema(name):
    with open("docs/schema/%s.json" % name, encoding="utf-8") as f:
        return json.load(f)


# --- the control socket ---
def properties(node):
    """All names of members that a schema knows, those of lists and objects in it too."""
    if isinstance(node, list):
        return set().union(*map(properties, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    out = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    for value in node.values():
        out |= properties(value)
    return out


def control_tables(w):
    page = w.pages["docs/control.md"]
    commands = dict(re.findall(r'^\t\{ "(\w+)", (true|false), \w+ \},$',
                               open("nfq/commands.c", encoding="ascii").read(), re.M))
    rows = page.table("command", "takes")
    there = first_column([(n, row) for n, row in rows])
    w.same(page.name, "the command", there, commands)
    for name in {n for n in there if there.count(n) > 1}:
        w.bad(page.name, "has the command %s twice" % name)
    for line, row in rows:
        want = {"true": "root", "false": "all"}.get(commands.get(named(row[0])[0]))
        if want and row[3] != want:
            w.bad("%s:%d" % (page.name, line), "%s is for %s, not for %s" %
                  (row[0], want, row[3]))
    nfq = "".join(open(f, encoding="ascii").read() for f in sources("nfq"))
    asked = set(re.findall(r'request_(?:text|number|bool|prefix|given)\(\w+(?:->r)?, "(\w+)"', nfq))
    said = {x for _, row in rows for x in named(row[1]) if "." not in x}
    w.same(page.name, "among what is taken, the member", (said | {"command"}) - set(commands),
           asked - set(commands))
    fails = set(re.findall(r'request_fail\w*\([^;"]*"(\w+)"', nfq))
    fails |= set(re.findall(r'REFUSE\(o, "(\w+)"', nfq))
    told = set(first_column(page.table("error")))
    for name in sorted(fails - told):
        w.bad(page.name, "lacks the error " + name)
    for name in sorted(n for n in told if '"%s"' % n not in nfq):
        w.bad(page.name, "has the error %s, which nobody says" % name)
    w.same(page.name, "the alarm", first_column(page.table("alarm")),
           set(re.findall(r'add\(&?a, "(\w+)"', open("nfq/alarms.c", encoding="ascii").read())))
    return len(commands) + members(w, page, nfq)


def sources(room):
    import glob
    return sorted(glob.glob(room + "/*.c"))


def members(w, page, nfq):
    """Members of answers: in a schema and put by the code; those of lists and stats described."""
    tables = {t.rows[0][1][0]: t for t in page.tables}
    of_all = set(first_column(tables["of all"].rows[2:]))
    n = 0
    for name in ("calls", "registrations", "dialogs", "sources"):
        there = set(first_column(tables["of `%s`" % name].rows[2:]))
        want = set(schema(name)["properties"][name]["items"]["properties"])
        w.same(page.name, "of %s, the member" % name, there | (of_all & want), want)
        n += len(want)
    stats = schema("stats")["properties"]
    first = [row for t in page.tables if t.section == "## stats" for _, row in t.rows[2:]]
    w.same(page.name, "of stats, the member", [x for row in first for x in named(row[0])],
           set(stats) - {"ok"})
    for row in first:
        for name in named(row[0]):
            inner = properties(stats.get(name, {})) - {name}
            text = " ".join(row[1:]) + page_of(w, "docs/control.md")
            for member in inner:
                if "`%s`" % member not in text:
                    w.bad(page.name, "does not tell of %s in %s of stats" % (member, name))
    known = set(re.findall(r'"(\w+)"', nfq)) | set(w.all("counter")) | set(w.all("outcome")) | \
        set(w.all("defect"))
    for name in SCHEMAS:
        for member in sorted(properties(schema(name)) - known):
            w.bad("docs/schema/%s.json" % name, "has %s, which the daemon never says" % member)
    whole = set().union(*(properties(schema(name)) for name in SCHEMAS))
    put = set(re.findall(r'request_(?:put_\w+|rows|group\w*|object\w*)\(\s*[^,;]+,\s*"(\w+)"', nfq))
    for member in sorted(put - whole - set(w.all("field"))):
        w.bad("docs/schema", "no schema has %s, which the daemon says" % member)
    return n


SCHEMAS = ("approvals", "approve", "bans", "call_history", "calls", "dialogs", "events", "feeds",
           "mode", "order", "refusal", "registrations", "reload", "revoke", "sources", "stats",
           "status", "version", "why")


def page_of(w, name):
    p = w.pages[name]
    return "\n".join(line for _, line in p.prose) + \
        "\n".join(" | ".join(row) for t in p.tables for _, row in t.rows)


# --- the rest ---
def columns(w):
    """docs/store.md: each table a section, each column named in it."""
    page, of = w.pages["docs/store.md"], {}
    for table, column in w.names["column"]:
        of.setdefault(table, set()).add(column)
    text = open(page.name, encoding="utf-8").read()
    parts = re.split(r"^### (.*)$", text.split("\n## Questions")[0], flags=re.M)[1:]
    sections = dict(zip(parts[::2], parts[1::2]))
    w.same(page.name, "the table", [t for head in sections for t in head.split(", ")], of)
    for head, body in sections.items():
        if ", " in head:
            continue  # "Nothing in them can be read"
        said = set(re.findall(r"`([a-z_]+)`", body))
        for column in sorted(of.get(head, set()) - {"id"} - said):
            w.bad(page.name, "lacks the column %s of %s" % (column, head))
        heads = [t for t in page.tables if t.section == "### " + head]
        if heads:
            w.same(page.name, "of %s, the column" % head, first_column(heads[0].rows[2:]),
                   of.get(head, set()) - {"id"})
    for block in page.blocks:
        if block.language == "sql":
            questions(w, block)
    return sum(map(len, of.values()))


def questions(w, block):
    """Each question is one that SQLite takes."""
    import sqlite3
    db = sqlite3.connect(w.folder + "/sipmoat.db")
    for question in block.text().split(";"):
        try:
            if question.strip():
                db.execute(question)
        except sqlite3.Error as e:
            w.bad(block, "%s: %s" % (e, " ".join(question.split())[:80]))
    db.close()


def findings(w):
    """docs/doctor.md has a section for each finding, in their order."""
    found = json.loads(w.tool("doctor", "--json").stdout)["findings"]
    text = open("docs/doctor.md", encoding="utf-8").read()
    there = re.findall(r"^### (.*)$", text, re.M)
    want = [f["name"] for f in found]
    w.same("docs/doctor.md", "the finding", there, want)
    if sorted(there) == sorted(want) and there != want:
        w.bad("docs/doctor.md", "the findings are told in another order: " + " ".join(want))
    return len(want)


def exits(w):
    """Each status in the manual and in docs/operations.md is one that sipmoatd ends with."""
    nfq = "".join(open(f, encoding="ascii").read() for f in sources("nfq"))
    want = {str(getattr(os, x)) for x in set(re.findall(r"\bEX_[A-Z]+", nfq))}
    part = open("systemd/sipmoatd.8", encoding="ascii").read().split(".Sh EXIT STATUS")[1]
    w.same("systemd/sipmoatd.8", "the exit status",
           re.findall(r"^\.It (\d+)$", part.split("\n.Sh ")[0], re.M), want)
    text = open("docs/operations.md", encoding="utf-8").read().split("## Exit status\n")[1]
    w.same("docs/operations.md", "the exit status",
           re.findall(r"(?:^|, )(\d+) ", text.split("systemd")[0], re.M), want)
    ctl = re.search(r"enum \w* ?\{\s*CTL_OK(.*?)\};", w.code, re.S)[1]
    part = open("systemd/sipmoat.1", encoding="ascii").read().split(".Sh EXIT STATUS")[1]
    w.same("systemd/sipmoat.1", "the exit status",
           re.findall(r"^\.It (\d+)$", part.split("\n.Sh ")[0], re.M),
           [str(i) for i in range(ctl.count("CTL_") + 1)])


def sets(w):
    """Each set and chain of nftables is named on a page."""
    made = set(re.findall(r'"((?:banned|known|never|police|feed|feeds|allowed|marked|inside|'
                          r'trusted)_?[a-z_]*[46])"', "".join(
                              open(f, encoding="ascii").read() for f in sources("nfq"))))
    text = "\n".join(open(f, encoding="utf-8").read() for f in w.pages)
    for name in sorted(made):
        if not re.search(r"\b%s[46]?\b" % name[:-1], text):
            w.bad("docs/architecture.md", "lacks the set " + name)
    return len(made)


def look(w):
    check_table(w)
    counter_tables(w)
    exits(w)
    return ["%d tables of keys" % key_tables(w), "%d metrics" % metric_table(w),
            "%d fields of events" % event_tables(w),
            "%d commands and members of answers" % control_tables(w),
            "%d columns" % columns(w), "%d sets" % sets(w), "%d findings" % findings(w)]
