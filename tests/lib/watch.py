# SPDX-License-Identifier: GPL-2.0-or-later
"""watch.py COMMAND...: runs it and puts the moment (CLOCK_MONOTONIC, ns) before each of
its lines.  Its own delay makes the moment later, never earlier."""
import subprocess
import sys
import time

child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
for line in child.stdout:
    now = time.monotonic_ns()
    sys.stdout.write("%d %s" % (now, line.decode("utf-8", "replace")))
    sys.stdout.flush()
