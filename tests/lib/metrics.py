#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What sipmoat says to Prometheus, against what is written of it.

metrics.py document TEXT PAGE        the page, as a table made of TEXT
metrics.py compare TEXT PAGE         is every metric described, and nothing else?
metrics.py known TEXT FILE...        is there every metric that a dashboard or a rule names?
metrics.py value TEXT SAMPLE         of one sample: 'sipmoat_calls{state="over"}'
"""
import re
import sys

SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ROW = re.compile(r'\| `(sipmoat_\w+)` \| (\w+) \| (.*?) \| (.*) \|$')


class Family:
    def __init__(self, text):
        self.kind, self.help, self.labels, self.samples = None, text, set(), {}


def read(path):
    families, family = {}, None
    for line in open(path, encoding='ascii'):
        line = line.rstrip('\n')
        if line.startswith('# HELP '):
            name, text = line[7:].split(' ', 1)
            assert name not in families, f'{name} twice'
            families[name] = family = Family(text)
        elif line.startswith('# TYPE '):
            assert line.split()[2] == name, line
            family.kind = line.split()[3]
        else:
            got = SAMPLE.fullmatch(line)
            assert got, line
            labels = dict(LABEL.findall(got[2] or ''))
            base = re.sub('_(bucket|sum|count)$', '', got[1]) if family.kind == 'histogram' else got[1]
            assert base == name, f'{line} stands under {name}'
            assert line.rsplit(' ', 1)[0] not in family.samples, f'{line}: twice'
            family.samples[line.rsplit(' ', 1)[0]] = float(got[3])
            family.labels |= set(labels) - {'le'}
    return families


def row(name, family):
    labels = ', '.join(f'`{x}`' for x in sorted(family.labels)) or '-'
    return f'| `{name}` | {family.kind} | {labels} | {family.help} |'


def compare(families, page):
    written = {r[1]: r[0] for r in map(ROW.match, open(page, encoding='utf-8')) if r}
    wrong = [f'{n}: not in {page}' for n in families.keys() - written.keys()]
    wrong += [f'{n}: in {page} alone' for n in written.keys() - families.keys()]
    wrong += [f'{page} has\n  {written[n]}\nand it is\n  {row(n, f)}' for n, f in families.items()
              if n in written and written[n].rstrip() != row(n, f)]
    return wrong


def known(families, path):
    names = set(re.findall(r'\bsipmoat_\w+', open(path, encoding='utf-8').read()))
    parts = {n + p for n, f in families.items() if f.kind == 'histogram'
             for p in ('_bucket', '_sum', '_count')}
    assert names, f'{path} names no metric at all'
    return [f'{path}: there is no {n}' for n in sorted(names - families.keys() - parts)]


def main():
    what, text, *rest = sys.argv[1:]
    families = read(text)
    wrong = []
    if what == 'document':
        print(*[row(n, f) for n, f in families.items()], sep='\n')
    elif what == 'compare':
        wrong = compare(families, rest[0])
    elif what == 'known':
        for path in rest:
            wrong += known(families, path)
    elif what == 'value':
        found = [f.samples[rest[0]] for f in families.values() if rest[0] in f.samples]
        print(*[f'{v:.15g}' for v in found])
        wrong = [] if found else [f'there is no {rest[0]}']
    print(*wrong, sep='\n', end='\n' if wrong else '')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
