# SPDX-License-Identifier: GPL-2.0-or-later
"""What sentences claim: `key` = 8 is its default, the first line of a check's page says how it ships,
paths and statuses are those of the programs; and a table is one to whoever shows the page."""
import os
import re

from page import named

NUMBER = {"one": "1", "three": "3", "four": "4", "five": "5", "ten": "10"}
UNIT = {"s": "s", "m": "m", "min": "m", "minute": "m", "minutes": "m", "h": "h", "hour": "h", "hours": "h",
        "d": "d", "day": "d", "days": "d", "": ""}
LENGTH = r"(\d+|%s) ?(%s)\b" % ("|".join(NUMBER), "|".join(UNIT))


def look(w):
    tables(w)
    geo_update(w)
    return ["%d defaults in sentences" % defaults(w), "%d first lines of checks" % first_lines(w),
            "%d addresses of the page" % paths(w), "%d names of UCI" % of_uci(w)]


def tables(w):
    """A head, a line of dashes, and rows as wide: with an empty line in it the rest is no table."""
    for page in w.pages.values():
        for t in page.tables:
            at, head = "%s:%d" % (page.name, t.line), t.rows[0][1]
            if len(t.rows) < 2 or not all(re.fullmatch(":?-+:?", c) for c in t.rows[1][1]):
                w.bad(at, "a table begins here without a head")
            for line, row in t.rows:
                if len(row) != len(head):
                    w.bad("%s:%d" % (page.name, line), "%d cells, and the head has %d" %
                          (len(row), len(head)))


def seconds(text):
    """5m, "5m" and 5 minutes are 300; what is no duration is what it is."""
    got = re.fullmatch(LENGTH, text.strip('"'))
    if not got:
        return text.strip('"')
    n = int(NUMBER.get(got[1], got[1]))
    return n * {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}[UNIT[got[2]]]


def defaults(w):
    n, start = 0, {path: s for path, _, s in w.names["key"]}
    for page in w.pages.values():
        stem = os.path.basename(page.name).rpartition(".")[0]
        lines = page.prose + [(line, " | ".join(row)) for t in page.tables for line, row in t.rows]
        for line, text in lines:
            for name, value in re.findall(r"`([a-z_.]+)` = (\d+(?: (?:%s)\b)?)" %
                                          "|".join(u for u in UNIT if u), text):
                n += 1
                path = name if name in start else stem + "." + name
                at = "%s:%d" % (page.name, line)
                if path not in start:
                    w.bad(at, "`%s` = %s: there is no key %s" % (name, value, path))
                elif seconds(start[path]) != seconds(value) and start[path] != value:
                    w.bad(at, "`%s` = %s, and its default is %s (an example: `%s = %s`)" %
                          (name, value, start[path], name, value))
    return n


def first_lines(w):
    """Stage FRAME, on by default, bans for 300 s after 10 hits in a minute. Code: ..."""
    for check, mode, ban, after in w.names["check"]:
        page = "docs/checks/%s.md" % check
        text = " ".join(line for _, line in w.pages[page].prose[1:6]).split("Code:")[0]
        if ("off" == mode) != bool(re.search(r"off by default|\*\*off\*\* unless", text)):
            w.bad(page, "the check ships with mode %s, and the first line says otherwise" % mode)
        got = re.search(r"\bbans for " + LENGTH, text)
        if got and seconds("%s %s" % (got[1], got[2])) != seconds(ban):
            w.bad(page, "the check bans for %s, and the first line says %s" % (ban, got[0]))
        got = got and re.search(r"after (\d+|%s) hits" % "|".join(NUMBER), text)
        if got and NUMBER.get(got[1], got[1]) != after:
            w.bad(page, "the check bans after %s hits, and the first line says %s" % (after, got[0]))
    return len(w.names["check"])


def paths(w):
    """Of the status page: what is asked for by a path, or /api/ and the name of a command."""
    there = [p.partition("?")[0] for _, row in w.pages["docs/web.md"].table("path")
             for p in named(row[0])]
    with open("web/http.c", encoding="ascii") as f:
        routes = set(re.findall(r'"(/(?:[a-z/]*[a-z])?)"', f.read())) - {"/login"}
    topics = re.search(r"#define TOPICS\(X\)((?:.*\\\n)*.*)", w.code)[1]
    w.same("docs/web.md", "the path", there,
           routes | {"/api/" + x for x in re.findall(r"X\((\w+),", topics)})
    return len(there)


def of_uci(w):
    keys, n = set(w.all("key")), 0
    for name in ("docs/openwrt.md", "packaging/openwrt/sipmoat/files/sipmoat.config"):
        with open(name, encoding="utf-8") as f:
            text = f.read()
        for room, part in re.findall(r"(?:option|list) ([a-z]+)__([a-z_]+)", text):
            n += 1
            if room + "." + part not in keys:
                w.bad(name, "there is no key %s.%s" % (room, part))
        for room, part in re.findall(r"config settings '(\w+)'`?,? ?`?\n?\s*(?:option|list) (\w+)", text):
            n += 1
            if room + "." + part not in keys:
                w.bad(name, "there is no key %s.%s" % (room, part))
    return n


def geo_update(w):
    """Its sources, and what it ends with."""
    with open("systemd/sipmoat-geo-update", encoding="utf-8") as f:
        text = f.read()
    page = w.pages["docs/geo.md"]
    w.same(page.name, "the source", [x for _, row in page.table("source") for x in named(row[0])],
           re.findall(r"^from_(\w+)\(\)", text, re.M))
    w.same(page.name, "the exit status", [row[0] for _, row in page.table("exit status")],
           re.findall(r"\b[A-Z_]+=(\d)\b", re.search(r"^DONE=.*", text, re.M)[0]))
