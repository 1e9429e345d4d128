#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What pages say, against what there is: keys, counters, fields, commands, options, columns,
findings, metrics, files, and whether configs and command lines in them are taken.

The code says its part itself (names.c, --help, the sources); pages are found, not listed: README.md,
docs/*.md, docs/checks/*.md, man pages.  What is wrong is told by page, line and what to do.

    run.py [PAGE...]     only what is wrong in those
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
os.chdir(TOP)
sys.path.insert(0, HERE)
import claims  # noqa: E402
import named  # noqa: E402
import references  # noqa: E402
import taken  # noqa: E402
from page import Page  # noqa: E402


class World:
    """The pages, what the code knows by name, and what was found wrong."""

    def __init__(self, folder):
        self.folder, self.build = folder, os.path.abspath(os.environ.get("B", "build"))
        self.wrong = set()
        self.pages = {}
        for pattern in ("README.md", "docs/*.md", "docs/checks/*.md", "systemd/*.[158]",
                        "packaging/*/*.[158]"):
            for name in sorted(glob.glob(pattern)):
                with open(name, encoding="utf-8") as f:
                    self.pages[name] = Page(name, f.read())
        self.names = {}
        said = subprocess.run([os.path.join(self.build, "tests/pages/names"), folder],
                              capture_output=True, text=True, check=True).stdout
        for line in said.splitlines():
            kind, *rest = line.split("\t")
            self.names.setdefault(kind, []).append(rest)
        self.code = re.sub(r"/\*.*?\*/", "", "".join(
            open(f, encoding="utf-8").read() for f in sorted(
                glob.glob("*/*.[ch]") + glob.glob("rules/*/*.[ch]") + glob.glob("ctl/*/*.[ch]"))),
            flags=re.S)

    def tool(self, *args):
        return subprocess.run([os.path.join(self.build, "sipmoat"), *args], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)

    def all(self, kind, at=0):
        return [row[at] for row in self.names[kind]]

    def bad(self, where, what):
        self.wrong.add("%s: %s" % (where, what))

    def same(self, where, what, there, want):
        """Both directions: what a page has, and what there is."""
        for name in sorted(set(want) - set(there)):
            self.bad(where, "lacks %s %s" % (what, name))
        for name in sorted(set(there) - set(want)):
            self.bad(where, "has %s %s, which does not exist" % (what, name))


def main():
    with tempfile.TemporaryDirectory(prefix="sipmoat-pages.") as folder:
        world = World(folder)
        counts = named.look(world) + references.look(world) + claims.look(world) + taken.look(world)
    only = sys.argv[1:]
    wrong = sorted(w for w in world.wrong if not only or w.split(":")[0] in only)
    print(*(wrong or ["%d pages: %s" % (len(world.pages), ", ".join(counts))]), sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
