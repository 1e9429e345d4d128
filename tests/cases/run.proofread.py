#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The proof-reader of cases finds what is wrong: every message of some cases, spoilt in each
of these ways, one at a time, must bring a complaint."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import mkpcap  # noqa: E402
import proofread  # noqa: E402

CASES = ("rfc3665-3-7", "flow-prack", "flow-presence", "flow-two-typos", "flow-fork-upstream",
         "flow-dialog-event")
# name, in which messages, what, by what
SPOILT = (
    ("From tag", rb"", rb"(\r\nFrom: [^\r]*;tag=).", rb"\1Q"),
    ("To tag of a request", rb"^(?!SIP)", rb"(\r\nTo: [^\r]*;tag=).", rb"\1Q"),
    ("To tag missing", rb"^(?!SIP/2.0 100|INVITE|SUBSCRIBE|REFER)",
     rb"(\r\nTo: [^\r]*);tag=[^\r]*", rb"\1"),
    ("Call-ID", rb"", rb"(\r\nCall-ID: ).", rb"\1Q"),
    ("CSeq", rb"", rb"(\r\nCSeq: )\d+", rb"\g<1>70"),
    ("branch of an answer", rb"^SIP", rb"(branch=z9hG4bK).", rb"\1Q"),
    ("no cookie", rb"", rb"z9hG4bK", rb"z9hG4b-"),
    ("lower Via of an answer", rb"^SIP", rb"(\r\nVia: [^\r]*\r\nVia: [^\r]*z9hG4bK).", rb"\1Q"),
    ("no Route", rb"^(?!CANCEL)(?!.*\r\nVia: [^\r]*\r\nVia: )", rb"\r\nRoute: [^\r]*", rb""),
    ("target", rb"^(ACK|BYE|PRACK|UPDATE|INFO)", rb"^([A-Z]+ sip:)", rb"\1q"),
    ("nonce", rb"", rb'(uthorization: .* nonce=")[^"]', rb"\1Q"),
    ("length", rb"", rb"(\r\nContent-Length: )", rb"\g<1>1"),
)


def main():
    found, missed = 0, []
    for name in CASES:
        case = mkpcap.Case(os.path.join(HERE, name, "case.txt"))
        missed += ["%s: %s" % (name, text) for text in proofread.proofread(case)]
        for n, p in enumerate(case.packets, 1):
            whole = p.payload
            for what, where, old, new in SPOILT:
                p.payload = re.sub(old, new, whole, count=1)
                if p.payload == whole or not re.match(where, whole, re.S):
                    continue
                if proofread.proofread(case):
                    found += 1
                else:
                    missed.append("%s: message %d: %s: not seen: %s" % (
                        name, n, what, whole.split(b"\r\n")[0].decode()))
            p.payload = whole
    print("".join("FAIL %s\n" % text for text in missed), end="")
    print("%d spoilt messages found, %d missed" % (found, len(missed)))
    sys.exit(bool(missed) or found < 1000)


if __name__ == "__main__":
    main()
