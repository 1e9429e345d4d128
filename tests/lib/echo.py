# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that answers 200 to every request, over UDP and TCP, where no real one is
needed: echo.py [--heard FILE] [--tag TAG] ADDRESS...

FILE gets a line for each request that arrived whole, and for each end of a connection, with
what was left of a message:
  udp 203.0.113.11 OPTIONS Acme Desk Phone 7.1
  tcp 203.0.113.11 OPTIONS Acme Desk Phone 7.1
  tcp 203.0.113.11 reset b'OPTIONS sip:'"""
import selectors
import socket
import sys

SO_RCVBUFFORCE = 33  # not in the socket module
COPIED = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq")


def value(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, rest = line.partition(b":")
        if key.strip().lower() == name:
            return rest.strip()
    return b""


def answer(data):
    lines = data.split(b"\r\n\r\n")[0].split(b"\r\n")
    if not lines[0].endswith(b"SIP/2.0") or lines[0].startswith(b"ACK "):
        return b""
    copied = [x for x in lines[1:] if x.split(b":")[0].strip().lower() in COPIED]
    if tag:
        copied = [x + b";tag=" + tag if x[:3] == b"To:" and b";tag=" not in x else x for x in copied]
    return b"\r\n".join([b"SIP/2.0 200 OK"] + copied + [b"Content-Length: 0", b"", b""])


def note(proto, peer, what):
    if heard:
        heard.write("%s %s %s\n" % (proto, peer[0], what))


def note_request(proto, peer, data):
    method = data.split(b" ")[0][:20].decode("latin-1")
    note(proto, peer, method + " " + value(data, b"user-agent").decode("latin-1"))


def on_datagram(sock):
    data, peer = sock.recvfrom(65535)
    note_request("udp", peer, data)
    out = answer(data)
    if out:
        sock.sendto(out, peer)


class Stream:
    """Cuts messages as RFC 3261 18.3 says: by Content-Length."""

    def __init__(self, peer):
        self.peer = peer
        self.left = b""

    def next(self):
        self.left = self.left.lstrip(b"\r\n")
        head, end, _ = self.left.partition(b"\r\n\r\n")
        if not end:
            return None
        n = len(head) + 4 + int(value(head, b"content-length") or 0)
        if len(self.left) < n:
            return None
        data, self.left = self.left[:n], self.left[n:]
        return data

    def take(self, sock):
        end = "closed"
        try:
            data = sock.recv(65535)
        except OSError:
            data, end = b"", "reset"
        self.left += data
        out = b""
        while (message := self.next()) is not None:
            note_request("tcp", self.peer, message)
            out += answer(message)
        try:
            sock.sendall(out)
        except OSError:
            data, end = b"", "reset"
        if not data:
            note("tcp", self.peer, "%s %s" % (end, self.left))
            loop.unregister(sock)
            sock.close()


def on_connect(sock):
    conn, peer = sock.accept()
    loop.register(conn, selectors.EVENT_READ, Stream(peer).take)


loop = selectors.DefaultSelector()
addresses, heard, tag = sys.argv[1:], None, b""
if addresses[0] == "--heard":
    heard = open(addresses[1], "w", buffering=1)
    addresses = addresses[2:]
if addresses[0] == "--tag":
    tag = addresses[1].encode()
    addresses = addresses[2:]
for address in addresses:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    udp.bind((address, 5060))
    loop.register(udp, selectors.EVENT_READ, on_datagram)
    tcp = socket.socket(family, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address, 5060))
    tcp.listen(16)
    loop.register(tcp, selectors.EVENT_READ, on_connect)
while True:
    for key, _ in loop.select():
        key.data(key.fileobj)
