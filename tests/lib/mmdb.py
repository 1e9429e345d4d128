#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a small MaxMind DB file:  mmdb.py [OPTION...] OUT SCHEMA [PREFIX=VALUE...]

SCHEMA  maxmind, dbip, ip-location-db, ipinfo-old   countries: VALUE is "DE"
        asn, asn-text                               networks: VALUE is "64496"
        VALUE "registered:DE" (maxmind): an entry with a registered country only

--ip-version 4|6   of the search tree (6)
--probes WHICH     the well-known addresses that sipmoat asks a new file for:
                   all (default), 4, 6, none, or same: all with the same answer
--world            200 countries more, one each in 20.0.0.0/8 and 2400:8000::/20: so many a
                   new file must have to take an old one's place
--countries N      with --world: so many, and not 200
--alias            2002::/16 leads to IPv4, as in MaxMind's
--built SECONDS    when it says it was made
--lists            no MaxMind DB: OUT is a folder, and gets geoip and geoip6 as tor-geoipdb has them

The format: https://maxmind.github.io/MaxMind-DB/, with records of 24 bits.
"""
import argparse
import ipaddress
import struct

# where each is does not matter to sipmoat; that they differ does
PROBES = (
    ("8.8.8.0/24", "US", 15169), ("193.0.0.0/21", "NL", 3333),
    ("202.12.27.0/24", "JP", 7500), ("200.160.0.0/20", "BR", 22548),
    ("196.216.2.0/24", "ZA", 33764), ("77.88.8.0/24", "RU", 13238),
    ("114.114.112.0/21", "CN", 174), ("168.126.0.0/16", "KR", 4766),
    ("130.59.0.0/16", "CH", 559), ("194.146.106.0/24", "SE", 8674),
    ("194.0.25.0/24", "NL", 30132), ("203.119.1.0/24", "JP", 24151),
    ("2001:4860::/32", "US", 15169), ("2001:67c:2e8::/48", "NL", 3333),
    ("2001:dc3::/32", "JP", 7500), ("2001:12ff::/32", "BR", 22548),
    ("2a02:6b8::/29", "RU", 13238), ("2001:43f8:110::/48", "ZA", 33764),
    ("2001:620::/32", "CH", 559), ("2400:3200::/48", "CN", 37963),
    ("2620:fe::/48", "US", 19281), ("133.11.0.0/16", "JP", 2501),
    ("131.111.0.0/16", "GB", 786), ("141.20.0.0/16", "DE", 680), ("2001:638::/32", "DE", 680),
    ("2001:630::/32", "GB", 786), ("2001:200::/32", "JP", 2500),
    ("129.240.0.0/16", "NO", 224), ("2001:700::/32", "NO", 224),
)


class Typed:
    """A number with its type in the file: 5 uint16, 6 uint32, 9 uint64."""

    def __init__(self, kind, number):
        self.kind, self.number = kind, number


def control(kind, size):
    extended = bytes([kind - 7]) if kind > 7 else b""
    first = (kind << 5 if kind <= 7 else 0)
    if size < 29:
        return bytes([first | size]) + extended
    return bytes([first | 29]) + extended + bytes([size - 29])


def encode(value):
    if isinstance(value, bool):
        return control(14, int(value))
    if isinstance(value, str):
        raw = value.encode()
        return control(2, len(raw)) + raw
    if isinstance(value, Typed):
        raw = value.number.to_bytes((value.number.bit_length() + 7) // 8, "big")
        return control(value.kind, len(raw)) + raw
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(
            encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encode, value))
    raise TypeError(value)


def entry(schema, value):
    if schema == "asn":
        return {"autonomous_system_number": Typed(6, int(value)),
                "autonomous_system_organization": "Example"}
    if schema == "asn-text":
        return {"asn": "AS%s" % value, "name": "Example"}
    if value.startswith("registered:"):
        return {"registered_country": {"iso_code": value[11:]}}
    if schema == "maxmind":
        return {"country": {"iso_code": value, "geoname_id": Typed(6, 1)},
                "registered_country": {"iso_code": value}}
    if schema == "dbip":
        return {"continent": {"code": "EU"},
                "country": {"is_in_european_union": True, "iso_code": value}}
    if schema == "ip-location-db":
        return {"country_code": value}
    return {"country": value}


class Tree:
    def __init__(self, version):
        self.version, self.nodes, self.data, self.offsets = version, [[None, None]], b"", {}

    def bits(self, network):
        number, length = int(network.network_address), network.prefixlen
        width = 32 if network.version == 4 else 128
        if self.version == 6 and network.version == 4:
            number, length, width = number, length + 96, 128
        return [number >> (width - 1 - i) & 1 for i in range(length)]

    def offset(self, value):
        raw = encode(value)
        if raw not in self.offsets:
            self.offsets[raw] = len(self.data)
            self.data += raw
        return self.offsets[raw]

    def insert(self, network, value):
        """Longer prefixes must come after the shorter ones they lie in."""
        *path, last = self.bits(network)
        node = 0
        for bit in path:
            child = self.nodes[node][bit]
            if not isinstance(child, int):
                self.nodes.append([child, child])  # what covered it covers both halves
                child = self.nodes[node][bit] = len(self.nodes) - 1
            node = child
        self.nodes[node][last] = value if isinstance(value, int) else ("data", self.offset(value))

    def start_of_v4(self):
        node = 0
        for _ in range(96):
            node = self.nodes[node][0]
        return node

    def record(self, child):
        if child is None:
            return len(self.nodes)
        return child if isinstance(child, int) else len(self.nodes) + 16 + child[1]

    def file(self, kind, built):
        tree = b"".join(struct.pack(">I", self.record(c))[1:] for n in self.nodes for c in n)
        about = {
            "node_count": Typed(6, len(self.nodes)), "record_size": Typed(5, 24),
            "ip_version": Typed(5, self.version), "database_type": kind,
            "languages": ["en"], "binary_format_major_version": Typed(5, 2),
            "binary_format_minor_version": Typed(5, 0), "build_epoch": Typed(9, built),
            "description": {"en": "a test database"},
        }
        return tree + bytes(16) + self.data + b"\xab\xcd\xefMaxMind.com" + encode(about)


def rows_of(args):
    for prefix, country, asn in PROBES:
        version = 6 if ":" in prefix else 4
        if args.probes == "none" or args.probes in ("4", "6") and args.probes != str(version):
            continue
        if args.probes == "same":
            country, asn = "HK", 30
        yield prefix, str(asn) if args.schema.startswith("asn") else country
    for i in range(args.countries if args.world else 0):
        code = chr(65 + i // 26) + chr(65 + i % 26)
        value = str(64496 + i) if args.schema.startswith("asn") else code
        yield "20.0.%d.0/24" % i, value
        yield "2400:80%02x::/32" % i, value
    for row in args.rows:
        yield row.rsplit("=", 1)


def write_lists(folder, rows):
    for version, name in ((4, "geoip"), (6, "geoip6")):
        with open(folder + "/" + name, "w", encoding="ascii") as f:
            f.write("# a list\n# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n\n")
            for net, code in rows:
                ends = (net[0], net[-1]) if version == 6 else (int(net[0]), int(net[-1]))
                if net.version == version:
                    f.write("%s,%s,%s\n" % (*ends, code))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--ip-version", type=int, choices=(4, 6), default=6)
    p.add_argument("--probes", choices=("all", "4", "6", "none", "same"), default="all")
    p.add_argument("--lists", action="store_true")
    p.add_argument("--world", action="store_true")
    p.add_argument("--countries", type=int, default=200)
    p.add_argument("--alias", action="store_true")
    p.add_argument("--built", type=int, default=1700000000)
    p.add_argument("out")
    p.add_argument("schema", choices=("maxmind", "dbip", "ip-location-db", "ipinfo-old", "asn",
                                      "asn-text"))
    p.add_argument("rows", nargs="*")
    args = p.parse_args()
    rows = [(ipaddress.ip_network(prefix), value) for prefix, value in rows_of(args)]
    if args.lists:
        write_lists(args.out, rows)
        return
    tree = Tree(args.ip_version)
    for network, value in sorted(rows, key=lambda r: r[0].prefixlen + (r[0].version == 4) * 96):
        if network.version <= args.ip_version:
            tree.insert(network, entry(args.schema, value))
    if args.alias:
        tree.insert(ipaddress.ip_network("2002::/16"), tree.start_of_v4())
    with open(args.out, "wb") as f:
        f.write(tree.file("Test-" + args.schema, args.built))


if __name__ == "__main__":
    main()
