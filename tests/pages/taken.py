# SPDX-License-Identifier: GPL-2.0-or-later
"""Configs and command lines in pages, given to those whom they are for."""
import os
import re
import shlex
import shutil
import subprocess

# what stands for something in a command line
STANDS = {"ADDRESS": "203.0.113.9", "NUMBER": "0044", "USER": "1001", "TOKEN": "K7QF-2M9X",
          "N": "5", "TIME": "1h", "PATH": "/x", "FILE": "/x", "TEXT": "x"}
NOT_RUN = ("web", "alert", "top", "init", "doctor", "help")  # for they would begin something
PROGRAMS = {"sipmoat": "%s/sipmoat", "sipmoatd": "%s/sipmoatd",
            "sipmoat-geo-update": "%.0ssystemd/sipmoat-geo-update"}
SHELL = ("", "sh", "bash", "shell", "console", "systemd", "ini")


def look(w):
    w.help = {c: w.tool(c, "--help").stdout
              for c in re.findall(r"^  ([a-z]+) +", w.tool("help").stdout, re.M) if c != "help"}
    os.makedirs(os.path.join(w.folder, "lists"))
    for name in os.listdir("systemd/lists"):
        shutil.copy(os.path.join("systemd/lists", name), os.path.join(w.folder, "lists"))
    return ["%d configs" % sum(configs(w, p) for p in w.pages.values()),
            "%d command lines" % sum(commands(w, p) for p in w.pages.values())]


# --- configs ---
def paragraphs(block):
    """At empty lines, but those within brackets."""
    out, depth = [[]], 0
    for line in block.lines:
        if not line.strip() and not depth:
            out.append([])
            continue
        out[-1].append(line)
        bare = re.sub(r'"[^"]*"|#.*', "", line)
        depth += sum(map(bare.count, "({[")) - sum(map(bare.count, ")}]"))
    return ["\n".join(part) for part in out if part]


def is_config(w, text):
    """It begins with a key, and every bare line end is one of libconfig's."""
    bare = re.sub(r'#.*|//.*', "", re.sub(r'"[^"]*"', '""', text)).strip()
    return re.match(r"[a-z][a-z_]* = [\"({\[0-9a-z]", bare) and bare[-1] in ";,})]" and ";" in bare


def configs(w, page):
    n = 0
    for block in page.blocks:
        if block.language not in ("", "conf", "libconfig"):
            continue
        parts = [part for part in paragraphs(block) if is_config(w, part)]
        if parts:
            n += 1
            taken(w, block, "\n".join(parts), block.wrong)
    for line, text in page.quoted():
        if re.match(r"[a-z]+ = [({].*[)}];?$", text) and "..." not in text:
            n += 1
            taken(w, "%s:%d" % (page.name, line), text.rstrip(";") + ";", False)
    return n


def taken(w, at, text, refused):
    path = os.path.join(w.folder, "sipmoat.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text + "\n")
    for name in re.findall(r'"file:([\w.-]+)"', text):
        there = os.path.join(w.folder, "lists", name)
        if not os.path.exists(there):
            open(there, "w", encoding="ascii").close()
    got = subprocess.run([os.path.join(w.build, "sipmoatd"), "-t", "-c", path],
                         capture_output=True, text=True, timeout=60)
    said = (got.stdout + got.stderr).replace(w.folder + "/", "")
    if bool(got.returncode) != refused:
        w.bad(at, "this config is %s (\"<!-- refused -->\" before a block says that it is wrong on "
              "purpose; ```ini or another language, that it is none of ours):\n%s\n%s" %
              ("taken" if refused else "refused", text, said))


# --- command lines ---
def lines_of(page):
    """(where, command line, in a block?)"""
    for block in page.blocks:
        if block.language in SHELL:
            for i, line in enumerate(re.sub(r"\\\n", "  ", block.text()).split("\n")):
                yield "%s:%d" % (page.name, block.line + i), line, True
    for line, text in page.quoted():
        yield "%s:%d" % (page.name, line), text, False
    for line, text in page.prose:
        if re.match(r"\.Dl ", text):
            yield "%s:%d" % (page.name, line), text[4:].replace("\\-", "-"), True


def commands(w, page):
    n = 0
    for at, line, in_block in lines_of(page):
        line = re.sub(r"^(\$|#|ExecStart=) *", "", line.strip())
        for part in re.split(r"&&|\|\||[;|]", line):
            words = words_of(part)
            while words and (words[0] == "sudo" or re.match(r"[A-Z_]+=", words[0])):
                words.pop(0)
            name = os.path.basename(words[0]) if words else ""
            if name in PROGRAMS and len(words) > 1:
                n += 1
                command(w, at, name, words[1:], in_block)
    return n


def words_of(text):
    try:
        words = shlex.split(text.replace("[", " ").replace("]", " "), comments=True)
    except ValueError:
        return []
    for i, x in enumerate(words):
        if x in (">", ">>", "<", "2>&1", "&"):
            return words[:i]
    return words


def command(w, at, name, words, in_block):
    line = name + " " + " ".join(words)
    if name == "sipmoat" and words[0] in ("--help", "--version", "-h"):
        return
    if name == "sipmoat" and (words[0] not in w.help and words[0] != "help"):
        if re.fullmatch(r"[a-z]+", words[0]):
            w.bad(at, "%s: there is no such command" % line)
        return
    if words[0] == "help":
        return
    text = w.help[words[0]] if name == "sipmoat" else \
        subprocess.run([PROGRAMS[name] % w.build, "--help"], capture_output=True, text=True,
                       timeout=60).stdout
    known = set(re.findall(r"(?<![A-Za-z-])--?[A-Za-z][a-z-]*", text)) | {"-h", "--help"}
    for x in words:
        option = re.match(r"--[a-z-]+|-[A-Za-z]$", x)
        if option and option[0] not in known:
            w.bad(at, "%s: it has no option %s" % (line, option[0]))
            return
    args = [STANDS.get(x, x) for x in words]
    # no file of this host is written or read
    args = [re.sub("^/.*", os.path.join(w.folder, "none", "x"), x) for x in args]
    if name == "sipmoat" and words[0] not in NOT_RUN and "--socket" in text and \
            (in_block or len(words) > 1):
        got = w.tool(*args, "--socket", os.path.join(w.folder, "none", "control"))
        if got.returncode != 3:
            w.bad(at, "%s: without a daemon its status is %d, not 3: %s" %
                  (line, got.returncode, got.stderr.split("\n")[0]))
