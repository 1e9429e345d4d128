#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line as a whole: each command has a help on stdout, its options are those of
sipmoat.1, and bash, zsh and fish complete commands and options as the help names them."""

import atexit
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
B = os.path.join(TOP, os.environ.get("B", "build"))
TOOL = os.path.join(B, "sipmoat")
AT = os.path.join(TOP, "systemd", "completion")
HOME = tempfile.mkdtemp(prefix="sipmoat-home.")  # fish writes there
atexit.register(shutil.rmtree, HOME)
ENV = dict(os.environ, PATH=B + ":" + os.environ["PATH"], LC_ALL="C.UTF-8", TERM="vt100",
           HOME=HOME)
failed = []


def must(what, ok):
    if not ok:
        failed.append(what)
        print("not ok:", what)


def run(*args):
    return subprocess.run(args, env=ENV, capture_output=True, text=True, timeout=60)


def options(text):
    return set(re.findall(r"(?<![A-Za-z-])--?[A-Za-z][a-z-]*", text))


def long(found):
    return {o for o in found if o.startswith("--")} - {"--help"}


top = run(TOOL, "help").stdout
commands = re.findall(r"^  ([a-z]+) +", top, re.M)
must("too few commands in the help", len(commands) > 15 and "help" in commands)
helps = {}
for c in commands:
    if c == "help":
        continue
    by_option, by_help = run(TOOL, c, "--help"), run(TOOL, "help", c)
    must(c + ": --help fails or is no usage",
         by_option.returncode == 0 and by_option.stdout.startswith("usage: sipmoat " + c))
    must(c + ": something on stderr", not by_option.stderr)
    must(c + ": help " + c + " is another text", by_help.stdout == by_option.stdout)
    must(c + ": a wrong option is no wrong usage", run(TOOL, c, "--nonsense").returncode == 2)
    helps[c] = options(by_option.stdout)
must("an unknown command", run(TOOL, "nonsense").returncode == 2)
must("help of an unknown command", run(TOOL, "help", "nonsense").returncode == 2)

with open("/dev/full", "wb") as full:
    for c in (["help"], ["--version"], ["number", "100"], ["bans", "--help"]):
        got = subprocess.run([TOOL] + c, env=ENV, stdout=full, stderr=subprocess.PIPE, timeout=60)
        must("%s: %d on a full disk: %s" % (c[0], got.returncode, got.stderr),
             got.returncode == 1 and got.stderr.count(b"could not be written") == 1)

# --- sipmoat.1 ---
with open(os.path.join(TOP, "systemd", "sipmoat.1"), encoding="ascii") as f:
    page = f.read()
synopsis, rest = page.split(".Sh DESCRIPTION\n", 1)
stanzas = synopsis.split("\n.Nm\n")[1:]
sections = re.split(r"^(?=\.It Cm )", rest, flags=re.M)[1:]


def flags(text):
    out = set()
    for line in text.split("\n"):
        if "Fl" in line.split():
            out |= set(re.findall(r"(?<= )-[a-z][a-z-]*", line))
    return {"-" + o for o in out} - {"--help"}


for c in helps:
    mine = [s for s in stanzas if c in s.split("\n")[0].split()[1:]]
    about = [s for s in sections if c in s.split("\n")[0].split()[2:]]
    must(c + ": not in the SYNOPSIS of sipmoat.1", mine)
    must(c + ": not described in sipmoat.1", about)
    own = "".join(mine) if "Ar option ..." not in "".join(mine) else None
    if own is None:  # it has a page of its own
        with open(os.path.join(TOP, "systemd", "sipmoat-%s.8" % c), encoding="ascii") as f:
            own = f.read()
    told = flags("\n".join([own] + about)) - {"--socket", "--config"}
    want = long(helps[c]) - {"--socket", "--config"}
    told |= {"--for", "--note"} if c == "allow" else set()  # as for ban
    must("%s: sipmoat.1 lacks %s" % (c, want - told), want <= told)
    must("%s: --help lacks %s" % (c, told - want), told <= want)

# --- bash ---
BASH = """. %s/sipmoat.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_sipmoat "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%%s\\n' "${COMPREPLY[@]}" """ % AT


def bash(*words):
    got = run("bash", "--norc", "-c", BASH, "bash", "sipmoat", *words)
    must("bash complains: " + got.stderr, not got.stderr)
    return set(got.stdout.split())


class Fish:
    """Starts once for all questions, as it takes its time."""

    def __init__(self):
        asked = [("",), ("relo",), ("mode", "")] + [(c, "--") for c in helps]
        script = "source %s/sipmoat.fish\n" % AT
        for words in asked:
            script += "complete -C 'sipmoat %s'; echo @\n" % " ".join(words)
        got = run("fish", "--no-config", "-c", script)
        must("fish complains: " + got.stderr, not got.stderr)
        self.said = dict(zip(asked, got.stdout.split("@\n")))

    def __call__(self, *words):
        return {line.split("\t")[0] for line in self.said[words].split("\n") if line}


def check_shell(name, ask):
    must(name + ": commands", set(commands) <= ask("") <= set(commands) | {"--help", "--version"})
    must(name + ": one command", ask("relo") == {"reload"})
    must(name + ": modes", {"observe", "enforce", "config"} <= ask("mode", ""))
    for c, want in helps.items():
        got = ask(c, "--")
        must("%s: options of %s are %s, not %s" % (name, c, got, want),
             long(want) <= got and got <= want)


shells = []
check_shell("bash", bash)
shells.append("bash")
if shutil.which("fish"):
    check_shell("fish", Fish())
    shells.append("fish")


# --- zsh completes only where somebody types ---
ZSHRC = """PS1='ready> '; fpath=(%s $fpath); LISTMAX=500
unsetopt zle_bracketed_paste auto_menu list_packed list_beep prompt_cr prompt_sp
autoload -U compinit; compinit -u -D
""" % AT


class Zsh:
    def __init__(self):
        self.got = ""
        self.dir = tempfile.mkdtemp(prefix="sipmoat-zsh.")
        with open(os.path.join(self.dir, ".zshrc"), "w", encoding="ascii") as f:
            f.write(ZSHRC)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("zsh", ["zsh", "-d", "-i"], dict(ENV, ZDOTDIR=self.dir))
        self.until("ready> ")

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, want):
        end = time.monotonic() + 30
        while want not in self.got and time.monotonic() < end:
            if select.select([self.fd], [], [], 1)[0]:
                self.got += os.read(self.fd, 65536).decode(errors="replace")
        must("zsh does not say " + want, want in self.got)
        before, _, self.got = self.got.partition(want)
        return before

    def listed(self, line):
        self.type(line + "\t\x04")  # the common part, and then the list
        self.type("\x15print all''listed\n")
        got = self.until("alllisted\r\n")
        self.until("ready> ")
        return got

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.dir)


if shutil.which("zsh"):
    z = Zsh()
    got = z.listed("sipmoat ")
    must("zsh: commands: " + got, all(re.search(r"\b%s\b" % c, got) for c in commands))
    must("zsh: one command", "sipmoat reload" in z.listed("sipmoat relo"))
    for c, want in helps.items():
        got = z.listed("sipmoat %s --" % c)
        must("zsh: options of %s: %s" % (c, got), long(want) <= options(got))
    z.close()
    shells.append("zsh")

print("%d commands, %d options; completed by %s" %
      (len(helps), sum(len(long(o)) for o in helps.values()), ", ".join(shells)))
sys.exit(bool(failed))
