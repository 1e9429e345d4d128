# SPDX-License-Identifier: GPL-2.0-or-later
"""SIP over TLS, a server and clients that do it well or badly.

  tls.py serve CERTIFICATE HEARD ADDRESS...   answers 200 on port 5061; the certificate's file
                                              holds the key as well
  tls.py SOURCE TARGET [options]              IPv6 addresses without brackets

HEARD gets a line for what a connection brought: "203.0.113.11 TLSv1.3 OPTIONS", or
"203.0.113.11 failed".

A client makes --count connections, --rate a second, and on each does --what:
  call     handshake and OPTIONS, twice
  distrust handshake, but it does not know who signed the certificate
  old      it has no cipher that the server has
  hello    it ends the connection when the server has answered its first message
  syn      it connects, sends nothing, and stays until all have
Prints one line of JSON: how many of the connections were made ("connected"), the answers to
requests, and how the connections ended: "closed" and "reset" by the other side, "failed"
handshakes, "open": they did not end, "refused": they were never made."""
import argparse
import json
import socket
import ssl
import sys
import threading
import time

REQUEST = ("OPTIONS sip:1001@pbx.example SIP/2.0\r\n"
           "Via: SIP/2.0/TLS {s}:5061;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n"
           "From: <sip:1001@pbx.example>;tag=a\r\nTo: <sip:1001@pbx.example>\r\n"
           "Call-ID: {n}\r\nCSeq: {n} OPTIONS\r\n"
           # no User-Agent may matter: nobody reads this
           "User-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n")


def serve_one(context, sock, peer, heard):
    try:
        with context.wrap_socket(sock, server_side=True) as tls:
            while data := tls.recv(65535):
                heard.write("%s %s %s\n" % (peer[0], tls.version(), data.split()[0].decode()))
                tls.sendall(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    except OSError:
        heard.write("%s failed\n" % peer[0])


def serve(certificate, heard, *addresses):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    out = open(heard, "w", buffering=1)

    def accept(listener):
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=serve_one, args=(context, sock, peer, out)).start()
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, 5061), family=family, backlog=64)
        threading.Thread(target=accept, args=(listener,)).start()


def context_of():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if a.what != "distrust":
        context.verify_mode = ssl.CERT_NONE
    if a.what == "old":  # needs a certificate of another kind than the server's
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    if a.version or a.what == "old":
        version = ssl.TLSVersion[a.version or "TLSv1_2"]
        context.minimum_version = context.maximum_version = version
    return context


def hello(sock):
    """The first message of a handshake that is never finished."""
    out = ssl.MemoryBIO()
    tls = context_of().wrap_bio(ssl.MemoryBIO(), out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        sock.sendall(out.read())
    return sock.recv(65535)


def call(sock):
    with context_of().wrap_socket(sock) as tls:
        for n in (1, 2):
            tls.sendall(REQUEST.format(s=a.source, n=n).encode())
            data = tls.recv(65535)
            if not data:
                return "closed"
            result["answers"] += data.startswith(b"SIP/2.0 200")
    return "open"


def one():
    sock = socket.socket(socket.AF_INET6 if ":" in a.target else socket.AF_INET)
    sock.settimeout(a.wait)
    sock.bind((a.source, 0))
    try:
        sock.connect((a.target, a.port))
    except OSError:
        return "refused"
    result["connected"] += 1
    if a.what == "syn":
        held.append(sock)
        return "open"
    try:
        if a.what == "hello":
            return "open" if hello(sock) else "closed"
        return call(sock)
    except ssl.SSLError:
        return "failed"
    except (TimeoutError, socket.timeout):
        return "open"
    except OSError:
        return "reset"
    finally:
        sock.close()


def client():
    start = time.monotonic()
    for n in range(a.count):
        time.sleep(max(0, start + n / a.rate - time.monotonic()))
        how = one()
        result["ends"][how] = result["ends"].get(how, 0) + 1
    print(json.dumps(result))


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("source")
    ap.add_argument("target")
    ap.add_argument("--what", default="call")
    ap.add_argument("-n", "--count", type=int, default=1)
    ap.add_argument("-r", "--rate", type=float, default=50, help="connections a second")
    ap.add_argument("-p", "--port", type=int, default=5061)
    ap.add_argument("-w", "--wait", type=float, default=3)
    ap.add_argument("--version", help="TLSv1_2 or TLSv1_3")
    a = ap.parse_args()
    result, held = {"connected": 0, "answers": 0, "ends": {}}, []
    client()
