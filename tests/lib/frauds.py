# SPDX-License-Identifier: GPL-2.0-or-later
"""Toll fraud in the office of office.py: what thieves of accounts are known to do.

Each takes an office and adds its calls; every INVITE that would cost money has a mark
(time in us, user, name of the fraud).  As in the captures that are left afterwards, the
PBX plays its part to the end: a test counts the marked INVITEs that got through.
"""
from office import CARRIER, DOMAIN, Element, Leg, PBX, md5

PREMIUM = "004490987900%02d"   # kept for fiction in the United Kingdom
SATELLITE = "00881655500%02d"
ABROAD = "004420794600%02d"
THIEF = "198.51.100.77"


def stolen(office, when, registers=True):
    """300 premium numbers in ten minutes, with the password of user 117."""
    thief = Element("117", (THIEF, 5071), (THIEF, 5071), "ExampleDialer/1.0")
    if registers:
        office.register(thief, when - 60, when + 1200)
    for i in range(300):
        office.out(thief, PREMIUM % (i % 100), when + 2 * i, office.random.uniform(60, 400),
                   "stolen")


def night(office, when):
    """From a phone of the office: a call of five minutes every ten, seven nights long."""
    phone = office.phones[8]
    for day in range(7):
        at = when + day * 86400
        for i in range(28):
            office.out(phone, SATELLITE % office.random.randrange(100),
                       at + 600 * i + office.random.uniform(0, 60), 300, "night")


def day(office, when):
    """By day, among the others: three hours, a call to a satellite every ten minutes."""
    for i in range(18):
        office.out(office.phones[7], SATELLITE % i, when + 600 * i, 240, "day")


def pumping(office, when):
    """Calls of ten seconds to one number abroad, twenty a minute, for half an hour."""
    phone = office.phones[9]
    for i in range(600):
        office.out(phone, ABROAD % 7, when + 3 * i, 10, "pumping")


def sequential(office, when):
    """One number after the other abroad, a call every four seconds, most not answered."""
    phone = office.phones[10]
    for i in range(300):
        office.out(phone, "0044207946%04d" % i, when + 4 * i, 404 if i % 3 else 20, "sequential")


def hacked(office, when):
    """The PBX itself calls: nobody outside asked for it."""
    for i in range(200):
        office.leave("100", PREMIUM % (i % 100), when + 3 * i, 200, 2, "hacked")


def refer(office, when):
    """A thief calls a colleague and transfers him to premium numbers, again and again."""
    phone, other = office.phones[11], office.phones[12]
    for i in range(60):
        at = when + 20 * i
        uri = "sip:%s@%s" % (other.user, DOMAIN)
        leg = Leg(office, phone, office.pbx, "sip:%s@%s" % (phone.user, DOMAIN), uri, uri)
        began, *invite = leg.invite(at)
        up = office.finish(leg, began, invite, 12, 2)
        office.marks.append((round((up + 2) * 1000000), phone.user, "refer"))
        cseq, branch = leg.request(up + 2, phone, "REFER", extra="Refer-To: <sip:%s@%s>\r\n" % (
            PREMIUM % (i % 100), DOMAIN))
        leg.answer(up + 2.02, office.pbx, 202, "REFER", cseq, branch)
        office.hang_up(leg, phone, up + 3)


def redirect(office, when):
    """A phone that answers calls with 302 and a premium number: forwarding as a cash cow."""
    phone = office.phones[13]
    for i in range(60):
        at = when + 15 * i
        uri = "sip:%s@%s:%d" % (phone.user, *phone.own)
        leg = Leg(office, office.pbx, phone, "sip:+4930231250%02d@%s" % (i % 100, DOMAIN),
                  "sip:%s@%s" % (phone.user, DOMAIN), uri)
        began, cseq, branch = leg.invite(at, challenged=False)
        office.marks.append((round((began + .5) * 1000000), phone.user, "redirect"))
        leg.answer(began + .5, phone, 302, "INVITE", cseq, branch, extra=
                   "Contact: <sip:%s@%s>\r\n" % (PREMIUM % (i % 100), DOMAIN))
        leg.request(began + .53, office.pbx, "ACK", cseq=cseq, branch=branch)


FRAUDS = {f.__name__: f for f in (stolen, night, day, pumping, sequential, hacked, refer, redirect)}
