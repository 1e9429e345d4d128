# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program of SIPVicious as it is, but for what it calls itself, and for two of its mistakes:
it forgets the address of -b, and svcrack stops at -n.

  vicious.py svcrack|svwar SOURCE AGENT [its own arguments]"""
import functools
import importlib
import sys

sys.path.insert(0, "/usr/share/sipvicious")
from sipvicious.libs import svhelper  # noqa: E402

program, source, agent = sys.argv[1:4]
svhelper.makeRequest = functools.partial(svhelper.makeRequest, useragent=agent)
sys.argv = [program] + sys.argv[4:]
module = importlib.import_module("sipvicious." + program)


class Auth(dict):
    """With -n, 0.3.3 forgets what else the challenge said, and ends."""

    def __missing__(self, key):
        return "auth" if key == "qop" else None


module.dict = Auth
scanner = "ASipOfRedWine" if program == "svcrack" else "TakeASip"
setattr(module, scanner, functools.partial(getattr(module, scanner), bindingip=source))
module.main()
