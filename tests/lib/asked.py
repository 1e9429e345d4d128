# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that reads what it is answered, byte for byte: asked.py SOURCE TARGET [nat]

It sends what a firewall refuses from SOURCE:5060, which is registered, and says what is wrong
with the answers (RFC 3261 8.2.6, 18.2.2, RFC 3581), a line each; exit status 1 then.  Sent are
only requests that must not reach the server.  nat: the server is behind NAT, whose kernel knows
the way back to the port that asked only, as for the server's own answers."""
import re
import select
import socket
import sys
import time

source, target = sys.argv[1:3]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
here, there = ("[%s]" % x if ":" in x else x for x in (source, target))
run = "%x" % (time.monotonic_ns() & 0xffffffff)
wrong = []


def bound(port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((source, port))
    return s


main, other = bound(5060), bound(5071)


def request(method, call, agent="Acme Desk Phone 7.1", via=";rport", port="", to="", expires="", more=""):
    return (f"{method} sip:200@{there} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here}{port};branch=z9hG4bK{run}{call}{via}\r\n"
            f"Via: SIP/2.0/UDP 10.9.8.7:5099;branch=z9hG4bKlower{call}\r\nRecord-Route: <sip:10.9.8.7;lr>\r\n"
            f"Timestamp: 54\r\nMax-Forwards: 70\r\nFrom: \"A, B\" <sip:1004@{there}>;tag={run}\r\n"
            f"To: <sip:200@{there}>{to}\r\nCall-ID: {run}-{call}\r\nCSeq: 7 {method}\r\n"
            f"Contact: <sip:1004@{here}>\r\n{expires}User-Agent: {agent}\r\n{more}Content-Length: 0\r\n\r\n").encode()


def heard(sock, seconds):
    """What comes, and from where; None when nothing does."""
    if not select.select([sock], [], [], seconds)[0]:
        return None, None
    data, end = sock.recvfrom(65535)
    return data, end[:2]


def ask(what, sent, status, sock=main, has=(), hasnt=(), tries=4):
    """Sends until it is answered, as a client does."""
    data = None
    for _ in range(tries):
        main.sendto(sent, (target, 5060))
        data, end = heard(sock, 1)
        if data:
            break
    if not data:
        wrong.append("%s: no answer" % what)
        return b"", {}
    judge(what, sent.decode(), data.decode(), status, end, has, hasnt, len(data) <= len(sent))
    return data


def lines(text, name):
    return re.findall("^%s: (.*)\r$" % name, text, re.M)


def judge(what, sent, got, status, end, has, hasnt, fits):
    vias, asked = lines(got, "Via"), lines(sent, "Via")
    top, was = vias[0] if vias else "", re.sub(";(rport|received=[^;]*)(?=;|$)", "", asked[0])
    rules = [
        ("the status line", got.startswith("SIP/2.0 %s\r\n" % status)),
        ("where it comes from", end == (target, 5060)),
        ("the lower Via", vias[1:] == asked[1:]),
        ("the top Via", top.startswith(was + ";received=" + source)),
        ("rport", top.endswith(";rport=5060" if "rport" in asked[0] else ";received=" + source)),
        ("From", lines(got, "From") == lines(sent, "From")),
        ("Call-ID", lines(got, "Call-ID") == lines(sent, "Call-ID")),
        ("CSeq", lines(got, "CSeq") == lines(sent, "CSeq")),
        ("To", re.fullmatch(re.escape(lines(sent, "To")[0]) +
                            ("" if "tag=" in lines(sent, "To")[0] else ";tag=[0-9a-f]{16}"),
                            "".join(lines(got, "To")))),
        ("a header that it must not have", not re.search("^(Record-Route|Timestamp|Contact|Max-Forwards):", got, re.M)),
        ("its end", got.endswith("\r\nContent-Length: 0\r\n\r\n")),
        ("its size", fits)]
    rules += [("no %s" % h, re.search(h, got)) for h in has]
    rules += [("a %s" % h, not re.search(h, got)) for h in hasnt]
    wrong.extend("%s: %s: %r" % (what, name, got) for name, good in rules if not good)


def silent(what, sent):
    main.sendto(sent, (target, 5060))
    data, _ = heard(main, 0.5)
    if data:
        wrong.append("%s was answered: %r" % (what, data))


def ack(call, answer):
    silent("an ACK", request("ACK", call, to=re.search(rb"(?m)^To: <[^>]*>(.*)\r$", answer)[1].decode()))


TOOL = "friendly-scanner"
retry = ["Retry-After: (100|1[0-9][0-9]|200)\r"]
invite = request("INVITE", "c1", TOOL)
first = ask("INVITE", invite, "503 Later", has=retry + ["Reason: Q.850;cause=41\r"])
if ask("INVITE again", invite, "503 Later") != first:
    wrong.append("the repetition got another answer")
ack("c1", first)
if sys.argv[3:] != ["nat"]:
    ask("without rport", request("INVITE", "c2", TOOL, via="", port=":5071"), "503 Later", sock=other)
ask("another sent-by", request("OPTIONS", "c3", TOOL, port=":9"), "503 Later", has=retry, hasnt=["Reason"])
ask("maddr", request("OPTIONS", "c4", TOOL, via=";rport;maddr=198.51.100.99"), "503 Later")
ask("received", request("OPTIONS", "c5", TOOL, via=";rport").replace(b";rport", b";received=192.0.2.1;rport", 1), "503 Later")
gone = ask("re-INVITE", request("INVITE", "c6", to=";tag=gone"), "481 Call/Transaction Does Not Exist",
           has=["cause=41"], hasnt=["Retry-After"])
ack("c6", gone)
ask("REGISTER", request("REGISTER", "c7", expires="Expires: 30\r\n"), "423 Interval Too Brief",
    has=["Min-Expires: 60\r"], hasnt=["Reason", "Retry-After"])
ask("PUBLISH", request("PUBLISH", "c8", more="Subject: %s\r\n" % ("long " * 20)), "405 Method Not Allowed",
    has=["Allow: ACK, BYE, .*, UPDATE\r"])
silent("a CANCEL", request("CANCEL", "c9", TOOL))
silent("an ACK of nothing", request("ACK", "c10", TOOL))
print("\n".join(wrong) or "all answers are right")
sys.exit(bool(wrong))
