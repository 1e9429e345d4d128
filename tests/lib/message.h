/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of ordinary messages, and a parse that may not look behind its bytes. */
#ifndef SIPMOAT_MESSAGE_H
#define SIPMOAT_MESSAGE_H

#include "guard.h"
#include "sip.h"

#define LINE "OPTIONS sip:2045@pbx.example.org SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.31;branch=z9hG4bKa1\r\n"
#define FROM "From: \"Desk\" <sip:2031@pbx.example.org>;tag=91aa\r\n"
#define TO "To: <sip:2045@pbx.example.org>\r\n"
#define ID "Call-ID: 5b21c0de@192.0.2.31\r\n"
#define CSEQ "CSeq: 7 OPTIONS\r\n"
#define FORWARDS "Max-Forwards: 70\r\n"
#define HEAD VIA FROM TO ID CSEQ FORWARDS
#define RING "SIP/2.0 180 Ringing\r\n"

/* Parses a copy that ends at an unreadable page; the copy must be freed. */
static inline struct guard parse(struct sip_msg *m, struct slice text)
{
	struct guard g = guard_new(text);

	memset(m, 0xee, sizeof(*m));
	sip_parse(m, g.bytes);
	return g;
}

#endif
