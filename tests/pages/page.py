# SPDX-License-Identifier: GPL-2.0-or-later
"""A page as what is in it: words in backticks, blocks of text as it stands, tables."""
import re

FENCE = re.compile(r"^ *```(\S*)")


class Block:
    """Lines that stand as they are: of a fence with its language, or indented."""

    def __init__(self, page, line, language, before):
        self.page, self.line, self.language = page, line, language
        self.wrong = before.startswith("<!-- refused")
        self.lines = []

    def text(self):
        return "\n".join(self.lines) + "\n"

    def __str__(self):
        return "%s:%d" % (self.page, self.line)


class Table:
    def __init__(self, line, section):
        self.line, self.section, self.rows = line, section, []


def cells(line):
    return [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


class Page:
    def __init__(self, name, text):
        self.name, self.blocks, self.tables = name, [], []
        self.prose = []  # (line, text) of what is neither block nor table
        (self.of_mdoc if re.search(r"\.[158]$", name) else self.of_markdown)(text.split("\n"))

    def of_markdown(self, lines):
        block = fence = None
        last, section, listed = "", "", False
        for n, line in enumerate(lines, 1):
            got = FENCE.match(line)
            if got and not fence:
                fence = block = Block(self.name, n, got[1], last)
                self.blocks.append(block)
            elif got:
                fence = block = None
            elif fence:
                fence.lines.append(line)
            elif re.match(r"      " if listed else r"    |\t", line) and (block or not last):
                if not block:
                    block = Block(self.name, n, "", self.prose[-1][1] if self.prose else "")
                    self.blocks.append(block)
                block.lines.append(line[6 if listed else 4:] if line[0] == " " else line[1:])
            elif block and not line.strip():
                block.lines.append("")
                continue
            else:
                block = None
                listed = bool(re.match(r"- ", line)) or (listed and line.startswith("  "))
                section = line if line.startswith("#") else section
                self.table_or_prose(n, line, last, section)
            last = line if line.strip() else ""

    def table_or_prose(self, n, line, last, section):
        if not line.startswith("|"):
            if line.strip():
                self.prose.append((n, line))
            return
        if not last.startswith("|"):
            self.tables.append(Table(n, section))
        self.tables[-1].rows.append((n, cells(line)))

    def of_mdoc(self, lines):
        block = None
        for n, line in enumerate(lines, 1):
            if line.startswith(".Bd"):
                block = Block(self.name, n, "", lines[n - 2].replace('.\\" ', ""))
                self.blocks.append(block)
            elif line.startswith(".Ed"):
                block = None
            elif block:
                block.lines.append(line.replace("\\e", "\\").replace("\\&", "")
                                   .replace("\\-", "-").replace("\\(aq", "'"))
            else:
                self.prose.append((n, line))

    def quoted(self):
        """(line, text) of each text in backticks, those of tables and over a line's end too."""
        all_lines = self.prose + [(n, " | ".join(row)) for t in self.tables for n, row in t.rows]
        all_lines.sort()
        text = "\n".join(line for _, line in all_lines)
        for got in re.finditer(r"(?<!`)`([^`]+)`(?!`)", text):
            yield all_lines[text.count("\n", 0, got.start())][0], " ".join(got[1].split())

    def table(self, *head):
        """The rows behind that head."""
        for t in self.tables:
            if [c.strip("`") for c in t.rows[0][1][:len(head)]] == list(head):
                return t.rows[2:]
        raise LookupError("%s has no table with the head %s" % (self.name, " | ".join(head)))


def named(cell):
    """What is in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)
