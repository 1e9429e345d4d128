#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several workers decide as one does, in every case of tests/cases.

tests/workers/workers.c says how; with SAN=thread it finds what the state forgets to
lock as well.  Cases whose config does not load on purpose, or that let replay work out
what is inside, are left out.
"""
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(os.path.dirname(HERE), "cases")
sys.path[0] = CASES  # in this folder a file is called as a module of Python's own
import run  # noqa: E402

PROGRAM = os.path.join(os.path.dirname(run.PROGRAM), "tests", "workers", "workers")


def judge(name):
    """None: left out; else what is wrong, "" for nothing."""
    with tempfile.TemporaryDirectory(prefix="sipmoat-workers-") as tmp:
        return judge_in(os.path.join(CASES, name), tmp)


def judge_in(folder, tmp):
    expect = run.Expect(os.path.join(folder, "expect"))
    if expect.exit or (expect.inside is not None and expect.inside != "-"):
        return None
    inside = run.INSIDE if expect.inside is None else "-"
    capture = os.path.join(tmp, "capture")
    run.mkpcap.Case(os.path.join(folder, "case.txt")).write(capture)
    done = subprocess.run([PROGRAM, run.config(folder, tmp), inside, capture],
                          capture_output=True, check=False)
    return (done.stdout + done.stderr).decode() if done.returncode else ""


def main():
    names = sys.argv[1:] or sorted(
        d for d in os.listdir(CASES) if os.path.exists(os.path.join(CASES, d, "expect")))
    judged = failed = 0
    # the threads of one run take turns: two runs at once
    with ThreadPoolExecutor(2) as two:
        results = list(two.map(judge, names))
    for name, wrong in zip(names, results):
        judged += wrong is not None
        if wrong:
            failed += 1
            print("FAIL %s: %s" % (name, wrong[:4000]))
    print("%d cases judged by 1, 2 and 8 workers, %d differ" % (judged, failed))
    sys.exit(1 if failed or not judged else 0)


if __name__ == "__main__":
    main()
