# SPDX-License-Identifier: GPL-2.0-or-later
"""What sentences name: is there such a key, option, metric, file, unit, set of nftables, or any such
name in the code?"""
import glob
import os
import re

# names of other programs and of the kernel, which no source of ours has to know
OTHERS = set("""
    external_signaling_address local_net br_netfilter inet_aton mr.sip sip_scan
    allow_trusted default_timeout dlg.end_dlg dlg_manage dst_exact_match max_contacts pike.top pl.set_pipe
    secfilter.add_bl secfilter.stats timer_interval state_dir
    """.split())
ROOMS = "nfq|rules|include|ctl|web|alert|systemd|tests|docs|packaging|netns|unit|lists"
FILE = re.compile(r"[\w.*-]+\.(?:c|h|sh|py|md|json|yml|conf|txt|service|timer|db|mmdb|csv)")


def look(w):
    w.paths = {p for f in tree() for p in ways_to(f)}
    with open("Makefile", encoding="utf-8") as f:
        w.made = set(re.findall(r"\$\(B\)/([a-z./-]+)", f.read()))
    w.keys = set(w.all("key"))
    w.parts = {part for key in w.keys for part in key.split(".")}
    w.known = set(re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)+", w.code)) | set(w.all("counter")) | \
        w.parts | {c for _, c in w.names["column"]} | set(w.all("field"))
    w.options = options(w)
    n = 0
    for page in w.pages.values():
        for line, text in page.quoted():
            word(w, "%s:%d" % (page.name, line), text)
            n += 1
        for line, text in list(page.prose) + [(b.line + 1 + i, text) for b in page.blocks
                                              for i, text in enumerate(b.lines)]:
            anywhere(w, "%s:%d" % (page.name, line), text)
            if page.name.endswith(tuple("158")):
                of_mdoc(w, "%s:%d" % (page.name, line), text)
    return ["%d words in backticks" % n, "%d lines of the log" % told(w),
            "%d keys in messages" % messages(w)]


def tree():
    for top in ROOMS.split("|") + ["."]:
        for at, folders, files in os.walk(top):
            if top == ".":
                folders.clear()
            yield at
            yield from (os.path.join(at, f) for f in files)


def ways_to(path):
    """A file may be called by the last parts of its path."""
    parts = path.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]


def options(w):
    out = set()
    for name in re.findall(r"^  ([a-z]+) +", w.tool("help").stdout, re.M):
        out |= set(re.findall(r"--[a-z][a-z-]*", w.tool(name, "--help").stdout))
    return out | {"--version", "--help", "--test"}


def is_key(w, name):
    return name in w.keys or any(k.endswith("." + name) for k in w.keys)


def word(w, at, text):
    """A text in backticks."""
    name, assigned, _ = text.partition(" = ")
    name = name.strip()
    if re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", name):
        if not (is_key(w, name) or is_file(w, name) or name in OTHERS or
                name.startswith("net.")):
            w.bad(at, "`%s` is no key; if another program calls something so, see OTHERS in "
                  "tests/pages/references.py" % name)
    elif assigned and re.fullmatch(r"[a-z][a-z0-9_]*", name):
        if name not in w.parts:
            w.bad(at, "`%s`: there is no key %s" % (text, name))
    elif re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+\*?", text):
        if text.startswith("sipmoat_"):
            return  # below
        if text not in w.known and text not in OTHERS and not is_file(w, text):
            w.bad(at, "`%s` is no name that the code knows; if another program calls something so, "
                  "see OTHERS in tests/pages/references.py" % text)
    elif re.fullmatch(r"--[a-z-]+", text) and text not in w.options:
        w.bad(at, "no command has the option `%s`" % text)
    elif re.match(r"(%s)/" % ROOMS, text) or FILE.fullmatch(text):
        if not is_file(w, text):
            w.bad(at, "there is no file `%s`" % text)


def is_file(w, text):
    """In the tree, or made by the code; NAME stands for any."""
    text = re.sub(r"[A-Z]{2,}", "*", text.rstrip("/"))
    if "*" in text or "?" in text:
        return bool(glob.glob(text) or glob.glob("*/" + text) or
                    glob.glob("tests/" + text + ".*"))
    name, dot, end = text.rpartition(".")
    return text in w.paths or text in w.made or any(text + x in w.paths for x in (".sh", ".c", ".py")) or \
        re.search(r'["/]%s\b' % re.escape(text), w.code) is not None or \
        dot != "" and '"%s"' % (dot + end) in w.code and is_file(w, name)


def anywhere(w, at, text):
    """In sentences and in blocks alike."""
    for name in re.findall(r"(?<![\w/.-])sipmoat_[a-z0-9_]+", text):
        base = re.sub("_(bucket|sum|count)$", "", name)
        if name not in w.all("TYPE") and base not in w.all("TYPE") and name + "_" not in w.code:
            w.bad(at, "there is no metric " + name)
    for name in re.findall(r"inet sipmoat ([a-z0-9_]+)", text):
        if '"%s"' % name not in w.code and '"%s"' % name.rstrip("46") not in w.code:
            w.bad(at, "nftables knows no %s of ours" % name)
    for name in re.findall(r"systemctl (?:[a-z-]+ )*(sipmoat[a-z-]*)", text):
        if not any(glob.glob("%s/%s.%s" % (room, name, kind)) for kind in ("service", "timer")
                   for room in ("systemd", "packaging/*")):
            w.bad(at, "there is no unit " + name)


def of_mdoc(w, at, text):
    if re.match(r"\.(Ic|Cm|It Ic|Ql) ", text):
        for name in re.findall(r"\b[a-z_]+\.[a-z_]+\b", text):
            if not is_key(w, name) and not is_file(w, name) and not name.startswith("net."):
                w.bad(at, "there is no key " + name)


# --- what is told ---
def formats(w):
    """Each text of the code that is more than a word, as a pattern of what it may become."""
    code = re.sub(r'"\s*\n\s*"', "", w.code)
    code = re.sub(r'"\s*PRI\w+\s*"', "u", code)
    out = []
    for text in set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)):
        text = re.sub(r"%[-+ 0-9.*lz]*[a-zA-Z]", "\0", text.replace('\\"', '"'))
        if len(re.sub("[^a-z]", "", text)) > 3:
            out.append(re.compile(re.escape(text).replace("\0", ".*")))
    return out


LINE = re.compile(r"(?:would have )?(?:banned|dropped|refused|noticed|cut|deceived|marked)\b.*?"
                  r": ([a-z]+): (.*)")


def told(w):
    """A line of the log on a page, and `check: reason`, are what a check could say."""
    n, can = 0, formats(w)
    for page in w.pages.values():
        lines = [(b.line + 1 + i, LINE.match(x.strip())) for b in page.blocks
                 for i, x in enumerate(b.lines)]
        lines += [(line, re.match(r"([a-z]+): (.*)", x)) for line, x in page.quoted()]
        for line, got in lines:
            if got and got[1] in w.all("check"):
                n += 1
                if not any(f.match(got[2]) for f in can):
                    w.bad("%s:%d" % (page.name, line), "no check says: " + got[2])
    return n


def messages(w):
    """What the code says to people names keys, too: "bans.max is ..."."""
    groups = {k.split(".")[0] for k in w.keys if "." in k}
    n = 0
    for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', re.sub(r"#\s*include.*", "", w.code)):
        for group, name in re.findall(r"(?<![\w./-])([a-z]+)\.([a-z_]+)(?![\w.(/-])", literal):
            if group in groups and name not in ("c", "h", "db", "md", "txt", "conf", "com"):
                n += 1
                if group + "." + name not in w.keys:
                    w.bad("the code", 'says "%s", and there is no key %s.%s' %
                          (literal[:60], group, name))
    return n
