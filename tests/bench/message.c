/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "message.h"

enum kind { REGISTER, INVITE, ACK, BYE, OPTIONS, ANSWER, KEEPALIVE };

/* of 20 messages: what passes an office's border on a working day */
static const enum kind mix[] = {
	REGISTER, INVITE, REGISTER, OPTIONS, ACK, REGISTER, ANSWER, REGISTER, BYE, INVITE,
	REGISTER, OPTIONS, REGISTER, KEEPALIVE, REGISTER, INVITE, ACK, ANSWER, REGISTER, BYE,
};

static const char sdp[] = "v=0\r\no=- 20518 0 IN IP4 198.18.0.1\r\ns=call\r\n"
			  "c=IN IP4 198.18.0.1\r\nt=0 0\r\nm=audio 17000 RTP/AVP 9 8 0 101\r\n"
			  "a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
			  "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

static const char *const method[] = { "REGISTER", "INVITE", "ACK", "BYE", "OPTIONS" };

static const char *credentials(enum kind kind)
{
	if (kind == REGISTER)
		return "Authorization: Digest username=\"1001\", realm=\"example.net\", "
		       "nonce=\"a3c1f00b77d24e19\", uri=\"sip:example.net\", "
		       "response=\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\", algorithm=MD5, "
		       "cnonce=\"5d1a2c\", qop=auth, nc=00000001\r\nExpires: 600\r\n";
	if (kind == INVITE)
		return "Proxy-Authorization: Digest username=\"1001\", realm=\"example.net\", "
		       "nonce=\"a3c1f00b77d24e19\", uri=\"sip:2002@example.net\", "
		       "response=\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\", algorithm=MD5\r\n"
		       "Supported: replaces, timer, 100rel\r\nSession-Expires: 1800\r\n"
		       "Content-Type: application/sdp\r\n";
	return "";
}

static int request(char *out, size_t room, const struct phone *p, enum kind kind)
{
	const char *body = kind == INVITE ? sdp : "";

	return snprintf(out, room,
			"%s sip:2002@example.net SIP/2.0\r\n"
			"Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK%08x;rport\r\n"
			"Max-Forwards: 70\r\n"
			"From: \"Phone %u\" <sip:%u@example.net>;tag=%07x\r\n"
			"To: <sip:2002@example.net>%s\r\n"
			"Call-ID: %08x-%u@%s\r\n"
			"CSeq: %u %s\r\n"
			"Contact: <sip:%u@%s:%u>\r\n"
			"User-Agent: Acme Desk Phone 7.1\r\n"
			"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY\r\n"
			"%sContent-Length: %zu\r\n\r\n%s",
			method[kind], p->host, p->port, p->number * 40503u, p->number, p->number,
			p->number * 7919u & 0xfffffff,
			kind == ACK || kind == BYE ? ";tag=4c1d9a" : "", p->number * 2654435761u,
			p->number, p->host, p->number % 900 + 1, method[kind], p->number, p->host,
			p->port, credentials(kind), body == sdp ? sizeof(sdp) - 1 : 0, body);
}

static int answer(char *out, size_t room, const struct phone *p)
{
	return snprintf(out, room,
			"SIP/2.0 200 OK\r\n"
			"Via: SIP/2.0/UDP 192.0.2.130:5060;branch=z9hG4bK%08x\r\n"
			"From: <sip:pbx@example.net>;tag=%07x\r\n"
			"To: <sip:%u@example.net>;tag=77aa\r\n"
			"Call-ID: %08x@192.0.2.130\r\n"
			"CSeq: 102 OPTIONS\r\n"
			"Contact: <sip:%u@%s:%u>\r\n"
			"Content-Length: 0\r\n\r\n",
			p->number * 40503u, p->number, p->number, p->number * 2654435761u,
			p->number, p->host, p->port);
}

size_t message_build(char *out, size_t room, const struct phone *phone, unsigned which)
{
	enum kind kind = mix[which % (sizeof(mix) / sizeof(mix[0]))];
	int n;

	if (kind == KEEPALIVE)
		n = snprintf(out, room, "\r\n\r\n");
	else if (kind == ANSWER)
		n = answer(out, room, phone);
	else
		n = request(out, room, phone, kind);
	return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}
