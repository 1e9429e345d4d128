# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that answers 200 to every request, over UDP and TCP, where no real one is
needed: echo.py ADDRESS..."""
import selectors
import socket
import sys

SO_RCVBUFFORCE = 33  # not in the socket module
COPIED = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq")


def answer(data):
    lines = data.split(b"\r\n\r\n")[0].split(b"\r\n")
    if not lines[0].endswith(b"SIP/2.0") or lines[0].startswith(b"ACK "):
        return b""
    copied = [x for x in lines[1:] if x.split(b":")[0].strip().lower() in COPIED]
    return b"\r\n".join([b"SIP/2.0 200 OK"] + copied + [b"Content-Length: 0", b"", b""])


def on_datagram(sock):
    data, peer = sock.recvfrom(65535)
    out = answer(data)
    if out:
        sock.sendto(out, peer)


def on_stream(sock):
    try:
        data = sock.recv(65535)
    except OSError:
        data = b""
    if data:
        sock.send(answer(data))
    else:
        loop.unregister(sock)
        sock.close()


def on_connect(sock):
    conn = sock.accept()[0]
    loop.register(conn, selectors.EVENT_READ, on_stream)


loop = selectors.DefaultSelector()
for address in sys.argv[1:]:
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
