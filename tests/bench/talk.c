/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "talk.h"

#include <stdio.h>

static const struct {
	const char *name, *method;
	unsigned status; /* 0: a request of the phone */
	unsigned cseq;
} kinds[KINDS] = {
	{ "REGISTER", "REGISTER", 0, 1 },	{ "401", "REGISTER", 401, 1 },
	{ "REGISTER, login", "REGISTER", 0, 2 }, { "200 (REGISTER)", "REGISTER", 200, 2 },
	{ "INVITE", "INVITE", 0, 10 },		{ "100", "INVITE", 100, 10 },
	{ "180", "INVITE", 180, 10 },		{ "200 (INVITE)", "INVITE", 200, 10 },
	{ "ACK", "ACK", 0, 10 },		{ "INFO", "INFO", 0, 11 },
	{ "200 (INFO)", "INFO", 200, 11 },	{ "BYE", "BYE", 0, 12 },
	{ "200 (BYE)", "BYE", 200, 12 },
};

const char *talk_name(enum talk k)
{
	return kinds[k].name;
}

bool talk_answers(enum talk k)
{
	return kinds[k].status != 0;
}

struct talker talker_of(unsigned long number, unsigned round)
{
	uint8_t a[4] = { 203, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };

	return (struct talker){ addr_v4(a), number, round };
}

/* RFC 3261 20.10: who is asked names himself in answers that make a dialog only; the 200
 * to REGISTER lists what is bound. */
static void contact(char *room, size_t size, const struct talker *p, enum talk k)
{
	room[0] = '\0';
	if (k == RINGING || k == ANSWER)
		snprintf(room, size, "Contact: <sip:2045@192.0.2.10:5060>\r\n");
	else if (k == BOUND || (!kinds[k].status && k != BYE))
		snprintf(room, size, "Contact: <sip:u%lu@192.168.7.31:5060>%s\r\n", p->number,
			 k == BOUND ? ";expires=3600" : "");
}

struct slice talk_text(char room[TALK_ROOM], const struct talker *p, enum talk k,
		       const char *callee)
{
	bool reg = k <= BOUND, first = k == REGISTER || k == REGISTER_AUTH || k == INVITE;
	unsigned long id = (p->number << 20) + p->round;
	char line[128], login[256] = "", tag[32] = "", mine[128];
	int n;

	if (kinds[k].status)
		snprintf(line, sizeof(line), "SIP/2.0 %u Whatever", kinds[k].status);
	else
		snprintf(line, sizeof(line), "%s sip:%s%s192.0.2.10 SIP/2.0", kinds[k].method,
			 reg ? "" : callee, reg ? "" : "@");
	if (!first && k != TRYING)
		snprintf(tag, sizeof(tag), ";tag=as%08lx", id ^ 0x5a5a);
	if (k == REGISTER_AUTH)
		snprintf(login, sizeof(login),
			 "Authorization: Digest username=\"u%lu\", realm=\"pbx.example\", "
			 "nonce=\"n%lx\", uri=\"sip:pbx.example\", response=\"%032lx\"\r\n",
			 p->number, id, id);
	if (k == CHALLENGE)
		snprintf(login, sizeof(login),
			 "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n%lx\"\r\n", id);
	contact(mine, sizeof(mine), p, k);
	n = snprintf(room, TALK_ROOM,
		     "%s\r\nVia: SIP/2.0/UDP 192.168.7.31:5060;branch=z9hG4bK7c%lx.%u%s;rport\r\n"
		     "Max-Forwards: 70\r\nFrom: \"Desk\" <sip:u%lu@pbx.example>;tag=f%lx%s\r\n"
		     "To: <sip:%s%lu@pbx.example>%s\r\nCall-ID: 5b21c0de99aa%lx%s@192.168.7.31\r\n"
		     "CSeq: %u %s\r\n%s%s"
		     "Content-Length: 0\r\n\r\n", line, id, kinds[k].cseq,
		     k == ACK ? "a" : "", p->number, id, reg ? "r" : "c", reg ? "u" : "1",
		     p->number, tag, id, reg ? "r" : "c", kinds[k].cseq, kinds[k].method,
		     mine, login);
	return (struct slice){ room, (uint32_t)n };
}
