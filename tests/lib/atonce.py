# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that all begin at the same moment, each from a port of its own, and a server that
answers all it hears.

  atonce.py serve ADDRESS          until it is killed
  atonce.py call TARGET PORTS ROUNDS SOURCE...

Each round: an INVITE from every port, and behind it an OPTIONS, whose answer says that the
INVITE was judged as well: it went the same way, before it.  Prints how many INVITEs the
server has answered, a line each round; then those calls end with a BYE."""
import re
import select
import socket
import sys
import time


def header(data, name):
    found = re.search(rb"^%s: ([^\r]*)\r$" % name, data, re.M | re.I)
    return found.group(1) if found else b""


def serve(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((address, 5060))
    while True:
        data, peer = sock.recvfrom(65535)
        if data.startswith(b"ACK "):
            continue
        to = header(data, b"To")
        if b";tag=" not in to:
            to += b";tag=s" + header(data, b"Call-ID")
        sock.sendto(b"SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
                    b"Contact: <sip:%s:5060>\r\nContent-Length: 0\r\n\r\n"
                    % (header(data, b"Via"), header(data, b"From"), to, header(data, b"Call-ID"),
                       header(data, b"CSeq"), address.encode()), peer)


class Phone:
    def __init__(self, source, target, number):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((source, 0))
        self.sock.connect((target, 5060))
        self.target, self.number, self.to = target, number, ""

    def text(self, method, call, cseq, to=""):
        host, port = self.sock.getsockname()
        return (f"{method} sip:200@{self.target} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{call}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{1000 + self.number}@{self.target}>;tag=f{call}\r\n"
                f"To: {to or f'<sip:200@{self.target}>'}\r\nCall-ID: {call}\r\n"
                f"CSeq: {cseq} {method}\r\nContact: <sip:{1000 + self.number}@{host}:{port}>\r\n"
                "Content-Length: 0\r\n\r\n").encode()

    def send(self, *what):
        self.sock.send(self.text(*what))


def hear(phones, what, count, seconds=15):
    """Answers to `what`, until there are so many; those to INVITEs are noted as well."""
    end, got = time.monotonic() + seconds, 0
    while got < count and time.monotonic() < end:
        for sock in select.select([p.sock for p in phones], [], [], 0.2)[0]:
            data = sock.recv(65535)
            phone = next(p for p in phones if p.sock is sock)
            method = header(data, b"CSeq").split()[1]
            if method == b"INVITE" and data.startswith(b"SIP/2.0 200"):
                phone.to = header(data, b"To").decode()
            got += method == what
    if got < count:
        sys.exit("only %d of %d answers to %s" % (got, count, what.decode()))


def call(target, ports, rounds, sources):
    phones = [Phone(s, target, i * ports + k) for i, s in enumerate(sources) for k in range(ports)]
    run = "%x" % time.monotonic_ns()
    for turn in range(rounds):
        for p in phones:
            p.to = ""
        for method in "INVITE", "OPTIONS":
            for p in phones:
                p.send(method, "%s-%d-%d%s" % (run, turn, p.number, method[0]), 1)
        hear(phones, b"OPTIONS", len(phones))
        calls = [p for p in phones if p.to]
        print(len(calls), flush=True)
        for p in calls:
            name = "%s-%d-%dI" % (run, turn, p.number)
            p.send("ACK", name, 1, p.to)
            p.send("BYE", name, 2, p.to)
        hear(calls, b"BYE", len(calls))


if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    call(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
