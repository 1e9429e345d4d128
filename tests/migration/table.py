# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of outcomes, Kamailio with a recipe beside sipmoat.

  table.py run RECIPE FILE...      those of a run: with the recipe, through sipmoat, and with
                                   neither; status 1 when one is not as expected
  table.py page FILE               tells of each recipe whose table or configs are not in that
                                   page as the folder has them; status 1 then
  table.py show RECIPE             the table of RECIPE/expect, for the page

"22-40" in expect stands for any number from 22 to 40."""
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
NUMBER = r"(\d+(?:\.\d+)?)"


def lines_of(*path):
    with open(os.path.join(HERE, *path)) as f:
        return f.read().splitlines()


def titles(recipe):
    return [x[4:].strip() for x in lines_of(recipe, "traffic") if x.startswith("row ")]


def expected(recipe):
    return [[c.strip() for c in x.split("|")] for x in lines_of(recipe, "expect")
            if x and not x.startswith("#")]


def counts(outcome):
    """{"200": (40, 76), "503": (24, 60)} of "40-76 x 200, then 24-60 x 503", or None; all of
    them, or the rest, is any number."""
    found = {}
    for part in outcome.replace(", then ", ", ").split(", "):
        m = re.fullmatch(r"(?:(\d+)(?:-(\d+))? x |all |)(\w+)", part)
        if not m:
            return None
        low = int(m.group(1) or 0)
        found[m.group(3)] = (low, int(m.group(2) or m.group(1) or sys.maxsize))
    return found


def fits_one(want, got):
    wanted, had = counts(want), counts(got)
    if wanted and had and len(had) > 1 or wanted and len(wanted) > 1:
        if not had or ", then " in want and len(had) > 1 and ", then " not in got:
            return False
        return set(had) <= set(wanted) and all(
            low <= had.get(what, (0, 0))[1] and had.get(what, (0, 0))[0] <= high
            for what, (low, high) in wanted.items())
    ranges = re.findall(NUMBER + "-" + NUMBER, want)
    found = re.fullmatch(re.sub(NUMBER + "-" + NUMBER, lambda _: NUMBER, want), got)
    return bool(found) and all(
        float(low) <= float(n) <= float(high) for n, (low, high) in zip(found.groups(), ranges))


def fits(want, got):
    wants, gots = want.split("; "), got.split("; ")
    return len(wants) == len(gots) and all(map(fits_one, wants, gots))


def table(recipe, rows):
    head = ["| what is sent | Kamailio | sipmoat |", "|---|---|---|"]
    return head + ["| %s | %s | %s |" % (t, *row) for t, row in zip(titles(recipe), rows)]


def unanswered(recipe, path):
    """Rows that the server itself refuses, and that show nothing of the other two."""
    passed = re.compile(r"(all )?(200|401|407)|(\d+) of \3 registered|answered after 0\.\d s")
    return ["%s: %s: refused with neither: %s" % (recipe, title, got)
            for title, got in zip(titles(recipe), lines_of(path))
            if not all(map(passed.fullmatch, got.split("; ")))]


def run(recipe, left, right, neither):
    rows = list(zip(lines_of(left), lines_of(right)))
    want = expected(recipe)
    print("%s:\n%s" % (recipe, "\n".join(table(recipe, rows))))
    bad = len(want) != len(rows) or len(rows) != len(titles(recipe))
    if bad:
        print("%s: %d rows, %d expected" % (recipe, len(rows), len(want)))
    for title, row, wanted in zip(titles(recipe), rows, want):
        for who, got, was in zip(("Kamailio", "sipmoat"), row, wanted):
            if not fits(was, got):
                print("%s: %s: %s: %s, not %s" % (recipe, title, who, got, was))
                bad = True
    for line in unanswered(recipe, neither):
        print(line)
        bad = True
    return bad


def page(path):
    bad = False
    with open(path) as f:
        text = f.read()
    for recipe in sorted(os.listdir(HERE)):
        if not os.path.isfile(os.path.join(HERE, recipe, "traffic")):
            continue
        parts = {"table": "\n".join(table(recipe, expected(recipe)))}
        for name in ("kamailio.cfg", "sipmoat.conf"):
            lines = [x for x in lines_of(recipe, name) if "SPDX-License" not in x]
            parts[name] = textwrap.indent("\n".join(lines).strip("\n"), "    ")
        for name, part in parts.items():
            if part + "\n" not in text:
                print("%s: not the %s of tests/migration/%s" % (path, name, recipe))
                bad = True
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(run(*sys.argv[2:6]))
    if sys.argv[1] == "page":
        sys.exit(page(sys.argv[2]))
    print("\n".join(table(sys.argv[2], expected(sys.argv[2]))))
