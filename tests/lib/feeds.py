#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes the files of three feeds at random, and compares the kernel's sets with what they
say:  feeds.py NAMESPACE FOLDER SIPMOAT ROUNDS"""
import ipaddress
import json
import os
import random
import subprocess
import sys
import time

NS, FOLDER, SIPMOAT, ROUNDS = sys.argv[1:5]
RANDOM = random.Random(6)
NETS = [ipaddress.ip_network(n) for n in ("203.0.113.0/24", "198.51.100.0/24", "2001:db8:66::/120")]


def entry():
    net = RANDOM.choice(NETS)
    bits = RANDOM.choice([0, 0, 0, 1, 1, 2, 3, 5])
    at = net.network_address + RANDOM.randrange(256)
    return "%s/%d" % (at, net.max_prefixlen - bits) if bits else str(at)


def change(lines):
    kept = [l for l in lines if RANDOM.random() < RANDOM.choice([0.2, 0.7, 0.95])]
    # never none at all: that looks like a failed download
    return kept[:80] + [entry() for _ in range(RANDOM.choice([1, 5, 40]))]


def write(name, lines):
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")
    os.rename(path + ".new", path)


def merged(lines):
    """Hosts and ranges of both families, as numbers."""
    out = {}
    for version in (4, 6):
        nets = [ipaddress.ip_network(l, strict=False) for l in lines]
        nets = [n for n in nets if n.version == version]
        ranges = []
        for n in sorted((int(n[0]), int(n[-1])) for n in nets if n.num_addresses > 1):
            if ranges and n[0] <= ranges[-1][1] + 1:
                ranges[-1] = (ranges[-1][0], max(n[1], ranges[-1][1]))
            else:
                ranges.append(n)
        hosts = {int(n[0]) for n in nets if n.num_addresses == 1}
        out["hosts%d" % version] = sorted(
            (h, h) for h in hosts if not any(a <= h <= b for a, b in ranges))
        out[str(version)] = ranges
    return out


def bounds(element):
    if isinstance(element, str):
        return (int(ipaddress.ip_address(element)),) * 2
    if "prefix" in element:
        p = element["prefix"]
        n = ipaddress.ip_network("%s/%d" % (p["addr"], p["len"]))
        return int(n[0]), int(n[-1])
    return tuple(int(ipaddress.ip_address(a)) for a in element["range"])


def kernel(prefix):
    out = {}
    for kind in ("hosts4", "4", "hosts6", "6"):
        name = prefix + "_" + kind if kind[0] == "h" or prefix != "feed" else prefix + kind
        name = name.replace("feed_allow_4", "feed_allow4").replace("feed_allow_6", "feed_allow6")
        text = subprocess.run(["ip", "netns", "exec", NS, "nft", "-j", "list", "set", "inet",
                               "sipmoat", name], capture_output=True, check=False).stdout or b"{}"
        sets = [o["set"] for o in json.loads(text).get("nftables", []) if "set" in o]
        out[kind] = sorted(bounds(e) for s in sets for e in s.get("elem", []))
    return out


def status():
    return subprocess.run([SIPMOAT, "feeds", "-s", os.path.join(FOLDER, "control")],
                          capture_output=True, check=False).stdout.decode()


lists = {"one": [], "two": [], "allow": []}
for turn in range(int(ROUNDS)):
    for name in RANDOM.sample(sorted(lists), RANDOM.choice([1, 2, 3])):
        lists[name] = change(lists[name])
        write(name, lists[name])
    want = {"feed": merged(lists["one"] + lists["two"]), "feed_allow": merged(lists["allow"])}
    end = time.monotonic() + 30
    while (got := {k: kernel(k) for k in want}) != want:
        if time.monotonic() > end:
            for k in want:
                for kind in want[k]:
                    missing = sorted(set(want[k][kind]) - set(got[k][kind]))
                    surplus = sorted(set(got[k][kind]) - set(want[k][kind]))
                    print("round %d: %s %s: missing %s, surplus %s" % (
                        turn, k, kind, missing[:5], surplus[:5]))
            print(status())
            sys.exit(1)
        time.sleep(0.1)
