#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages name is there: files and headlines that links lead to, tests and cases, make
targets; every page is reached from README.md; the threat model claims nothing that no test shows.
Spelling is British, as it is all over."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
# ctl/ and web/ without tests/ in front are the folders of the program, with its sources
TEST = re.compile(r"^(?:tests/)?((?:cases|netns|unit|ctl(?!/\S*\.[ch]$)|workers|fuzz|migration|bench"
                  r"|demo)/\S+)$")
TARGET = re.compile(r"(?:`|^    )(?:sudo )?make ([a-z][a-z0-9-]+)\b", re.M)
# what spells otherwise here than elsewhere in the pages; names of other people's things do not count
AMERICAN = re.compile(r"\b(behavior|color|honor|favor|center|license|analyz|organiz|"
                      r"recogniz|neighbor|gray)\w*", re.I)


def pages():
    names = ["README.md", "CHANGELOG.md"] + glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True)
    for name in sorted(names):
        with open(os.path.join(ROOT, name), encoding="utf-8") as f:
            yield name, f.read()


def prose(text):
    """Without blocks of code, where "#" begins a comment."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"^    .*$", "", text, flags=re.M)


def anchors(text):
    """The names that headlines get, of which a second one is numbered."""
    seen, names = {}, set()
    for title in re.findall(r"^#+ (.*)$", prose(text), re.M):
        title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
        times = seen[name] = seen.get(name, -1) + 1
        names.add("%s-%d" % (name, times) if times else name)
    return names


def links(texts):
    names = {page: anchors(text) for page, text in texts.items()}
    reached = {"README.md"}
    for page, text in texts.items():
        for to in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(text))):
            if re.match(r"[a-z]+:", to):
                continue
            path, _, anchor = to.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            reached.add(target)
            if not os.path.exists(os.path.join(ROOT, target)):
                yield "%s: a link leads nowhere: %s" % (page, to)
            elif anchor and target in names and anchor not in names[target]:
                yield "%s: no such headline: %s" % (page, to)
    for page in texts:
        if page not in reached:
            yield "%s: no page leads here" % page


def is_test(word):
    """Whether a test is there: cases are folders, unit tests in C, others scripts."""
    return any(glob.glob(os.path.join(ROOT, "tests", word) + more)
               for more in ("", ".c", ".sh", ".py"))


def tests(texts):
    for page, text in texts.items():
        shown = text.partition("\n## Shown by\n")[2] if page.startswith("docs/checks/") else ""
        cases = None
        for code in re.findall(r"`([^`\n]+)`", prose(text)):
            match = TEST.match(code)
            if match and not is_test(match.group(1)):
                yield "%s: no such test: %s" % (page, code)
        for code in re.findall(r"`([^`\n]+)`", shown.split("\n## ")[0]):
            match = TEST.match(code)
            if match:
                cases, _, name = match.group(1).rpartition("/")
                first = name.partition("-")[0]
            elif re.match(r"-?[a-z0-9_*-]+$", code):
                # "`tests/cases/auth-locked`, `auth-success`, `-nonce`": in the folder named last
                name = first + code if code.startswith("-") else code
                if cases is None or not is_test(cases + "/" + name):
                    yield "%s: no such test: %s" % (page, code)
        # the tables of README.md and the threat model: "the cases `nat-60-*`, `flow-*`"
        for part in re.findall(r"\bcases? ((?:`[a-z0-9*-]+`(?:, | and )?)+)", prose(text)):
            for code in re.findall(r"`([^`]+)`", part):
                if not is_test("cases/" + code):
                    yield "%s: no such case: %s" % (page, code)


def claims(texts):
    """What stands against an attacker in the threat model is shown by something."""
    page = "docs/threat-model.md"
    for row in re.findall(r"^\| (.*) \|$", texts[page].partition("| attacker |")[2], re.M)[2:]:
        who, _, against, _ = (row.split(" | ") + [""] * 4)[:4]
        if not re.search(r"`(tests|netns|unit|ctl|make)[/ ]|\bcases? `", against):
            yield "%s: no test shows what stands against: %s" % (page, who)


def targets(texts):
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
        known = set(re.findall(r"^([a-z0-9-]+):.*## ", f.read(), re.M))
    for page, text in texts.items():
        for target in set(TARGET.findall(text)) - known:
            yield "%s: no such target: make %s" % (page, target)


def spelling(texts):
    for page, text in texts.items():
        plain = re.sub(r"`[^`\n]*`|\]\([^)]*\)", "", prose(text))
        for word in AMERICAN.finditer(plain):
            yield "%s: spelt otherwise elsewhere: %s" % (page, word.group())


def main():
    texts = dict(pages())
    wrong = [line for what in (links, tests, claims, targets, spelling) for line in what(texts)]
    print("".join(line + "\n" for line in wrong), end="")
    print("%d pages, %d things wrong" % (len(texts), len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
