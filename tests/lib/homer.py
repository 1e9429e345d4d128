# SPDX-License-Identifier: GPL-2.0-or-later
"""A collector of HEP version 3: homer.py ADDRESS PORT

Reads back what comes over UDP, chunk by chunk and strictly, and prints a line of JSON for each
packet; one that cannot be read is a line with "broken"."""
import ipaddress
import json
import socket
import struct
import sys

NUMBERS = {1: ("family", 1), 2: ("protocol", 1), 7: ("sport", 2), 8: ("dport", 2),
           9: ("seconds", 4), 10: ("microseconds", 4), 11: ("type", 1), 12: ("id", 4)}
ADDRESSES = {3: ("src", 4), 4: ("dst", 4), 5: ("src", 16), 6: ("dst", 16)}
TEXTS = {14: "password", 15: "payload", 17: "correlation", 19: "node"}


def decode(data):
    magic, total = struct.unpack_from("!4sH", data)
    assert magic == b"HEP3" and total == len(data), "head"
    out, at = {}, 6
    while at < total:
        vendor, kind, n = struct.unpack_from("!HHH", data, at)
        body = data[at + 6:at + n]
        assert vendor == 0 and n > 6 and at + n <= total, "chunk"
        at += n
        if kind in NUMBERS:
            name, size = NUMBERS[kind]
            value = int.from_bytes(body, "big")
        elif kind in ADDRESSES:
            name, size = ADDRESSES[kind]
            value = str(ipaddress.ip_address(body))
        else:
            name, size = TEXTS[kind], len(body)
            value = body.decode("latin-1")
        assert len(body) == size and name not in out, name
        out[name] = value
    if out["type"] == 100:
        out["finding"] = json.loads(out.pop("payload"))
    return out


family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
sock.bind((sys.argv[1], int(sys.argv[2])))
while True:
    packet = sock.recv(65535)
    try:
        line = decode(packet)
    except Exception as e:
        line = {"broken": repr(e), "bytes": packet.hex()}
    print(json.dumps(line), flush=True)
