# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket of a running sipmoatd, for tests: docs/control.md.

    d = Control(path)
    d.ask("events", most=5)["events"]
"""
import json
import socket


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(90)  # only ends a test that hangs
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def ask(self, command, **members):
        self.file.write(json.dumps(dict(members, command=command)) + "\n")
        self.file.flush()
        answer = json.loads(self.file.readline())
        assert answer["ok"], answer
        return answer
