#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a Prometheus, for tests.

prometheus.py URL firing ALERT          does it fire? prints its labels
prometheus.py URL only ALERT,...         does nothing else fire?
prometheus.py URL targets COUNT         are so many up?
prometheus.py URL dashboard FILE        does every panel of it have data?
prometheus.py rules RULES TESTS...      is every alert tested, firing and silent?
"""
import json
import re
import sys
import urllib.parse
import urllib.request


def get(url, path, **query):
    with urllib.request.urlopen(f'{url}/api/v1/{path}?{urllib.parse.urlencode(query)}', timeout=20) as f:
        answer = json.load(f)
    assert answer['status'] == 'success', answer
    return answer['data']


def firing(url, alert):
    found = [a['labels'] for a in get(url, 'alerts')['alerts']
             if a['labels']['alertname'] == alert and a['state'] == 'firing']
    print(*found, sep='\n')
    return bool(found)


def only(url, alerts):
    found = [a['labels'] for a in get(url, 'alerts')['alerts']
             if a['labels']['alertname'] not in alerts.split(',') and a['state'] == 'firing']
    print(*found, sep='\n')
    return not found


def dashboard(url, path):
    empty = []
    board = json.load(open(path, encoding='utf-8'))
    ids = [p['id'] for p in board['panels']]
    assert len(ids) == len(set(ids)), 'panels share an id'
    exprs = [(p['title'], t['expr']) for p in board['panels'] for t in p.get('targets', [])]
    exprs += [(a['name'], a['expr'].removesuffix(' > 0')) for a in board['annotations']['list']]
    for title, expr in exprs:
        expr = expr.replace('$instance', '.*').replace('$__rate_interval', '1m')
        got = get(url, 'query', query=expr)['result']
        # what is only shown where it is not zero may be nothing
        if not got and ' > 0' not in expr:
            empty.append(f'{title}: nothing for {expr}')
    print(*empty, sep='\n')
    return len(exprs) > 20 and not empty


def rules(path, *tests):
    text = ''.join(open(t, encoding='utf-8').read() for t in tests)
    wrong = []
    for alert in re.findall(r'- alert: (\w+)', open(path, encoding='utf-8').read()):
        cases = re.findall(rf'alertname: {alert}\n(    exp_alerts:)?', text)
        if '    exp_alerts:' not in cases or '' not in cases:
            wrong.append(f'{alert} is not tested, firing and silent')
    print(*wrong, sep='\n')
    return not wrong


def main():
    if sys.argv[1] == 'rules':
        return rules(*sys.argv[2:])
    url, what, arg = sys.argv[1:]
    try:
        if what == 'targets':
            up = [t['health'] for t in get(url, 'targets')['activeTargets']]
            return up == ['up'] * int(arg)
        return {'firing': firing, 'only': only, 'dashboard': dashboard}[what](url, arg)
    except OSError as e:
        print(e)
        return False


if __name__ == '__main__':
    sys.exit(not main())
