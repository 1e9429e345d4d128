/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long sip_parse takes: ns a message for ordinary messages, and ns a byte
 * for 64 KB of hostile ones beside the ordinary ns a byte.  Prints, judges
 * nothing: `make bench-parse`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sip.h"

#define HOSTILE 65000
#define ROUNDS 5

struct sample {
	const char *name;
	struct slice bytes;
};

#define VIA "Via: SIP/2.0/UDP 192.0.2.31:5060;branch=z9hG4bK7c1f90aa3e;rport\r\n"
#define ENDS \
	"Max-Forwards: 70\r\n" \
	"From: \"Desk 31\" <sip:2031@pbx.example.org>;tag=91aa23e0\r\n" \
	"To: <sip:2045@pbx.example.org>\r\n" \
	"Call-ID: 5b21c0de99aa4477@192.0.2.31\r\n"

static const char options[] =
	"OPTIONS sip:pbx.example.org SIP/2.0\r\n" VIA ENDS
	"CSeq: 11 OPTIONS\r\nUser-Agent: DeskPhone 4.2\r\nAccept: application/sdp\r\n"
	"Content-Length: 0\r\n\r\n";

static const char register_auth[] =
	"REGISTER sip:pbx.example.org SIP/2.0\r\n" VIA ENDS
	"CSeq: 12 REGISTER\r\n"
	"Contact: <sip:2031@192.0.2.31:5060>;expires=600\r\n"
	"Authorization: Digest username=\"2031\", realm=\"pbx.example.org\", "
	"nonce=\"aa5512fe77\", uri=\"sip:pbx.example.org\", "
	"response=\"00112233445566778899aabbccddeeff\", algorithm=MD5\r\n"
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n"
	"User-Agent: DeskPhone 4.2\r\nExpires: 600\r\nSupported: path\r\n"
	"Content-Length: 0\r\n\r\n";

static const char invite[] =
	"INVITE sip:2045@pbx.example.org SIP/2.0\r\n" VIA ENDS
	"CSeq: 13 INVITE\r\nContact: <sip:2031@192.0.2.31:5060>\r\n"
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n"
	"Supported: replaces, timer\r\nUser-Agent: DeskPhone 4.2\r\n"
	"Content-Type: application/sdp\r\nContent-Length: 165\r\n\r\n"
	"v=0\r\no=- 77 77 IN IP4 192.0.2.31\r\ns=-\r\nc=IN IP4 192.0.2.31\r\nt=0 0\r\n"
	"m=audio 16000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The best of some rounds: what disturbs a round only makes it longer. */
static double measure(struct slice bytes, unsigned turns)
{
	static struct sip_msg m;
	double best = 0;

	for (unsigned r = 0; r < ROUNDS; r++) {
		double start = now_ns(), took;

		for (unsigned i = 0; i < turns; i++) {
			sip_parse(&m, bytes);
			__asm__ volatile("" : : "r"(&m) : "memory");
		}
		took = (now_ns() - start) / turns;
		if (r == 0 || took < best)
			best = took;
	}
	return best;
}

/* An OPTIONS whose head is filled up with copies of piece. */
static struct slice hostile(const char *before, struct slice piece)
{
	char *p = malloc(HOSTILE);
	size_t n;

	if (!p)
		abort();
	n = (size_t)snprintf(p, HOSTILE, "OPTIONS sip:pbx.example.org SIP/2.0\r\n" ENDS "%s",
			     before);
	for (; n + piece.n < HOSTILE; n += piece.n)
		memcpy(p + n, piece.p, piece.n);
	return (struct slice){ p, (uint32_t)n };
}

int main(void)
{
	const struct sample normal[] = {
		{ "OPTIONS", { options, sizeof(options) - 1 } },
		{ "REGISTER with credentials", { register_auth, sizeof(register_auth) - 1 } },
		{ "INVITE with SDP", { invite, sizeof(invite) - 1 } },
	};
	const struct sample bad[] = {
		{ "empty headers", hostile("", SLICE("a:\r\n")) },
		{ "the same header", hostile("", SLICE("v:\r\n")) },
		{ "contacts", hostile("", SLICE("m:<\r\n")) },
		{ "commas", hostile("Contact: ", SLICE(",")) },
		{ "quotes", hostile("Contact: ", SLICE("\"")) },
		{ "escapes", hostile("Contact: \"", SLICE("\\\"")) },
		{ "brackets", hostile("Contact: \"\"", SLICE("<>")) },
		{ "open brackets", hostile("Contact: ", SLICE("<")) },
		{ "folds", hostile("Contact: ", SLICE("\r\n ")) },
		{ "lone CRs", hostile("Contact: ", SLICE("\r")) },
		{ "lone LFs", hostile("Contact: ", SLICE("x\n")) },
		{ "NULs", hostile("X: \"", SLICE("\\\0")) },
		{ "parameters", hostile("Via: ", SLICE(";a=\"b\"")) },
		{ "spaces", hostile("", SLICE(" ")) },
	};
	double per_byte = 0;

	for (unsigned i = 0; i < sizeof(normal) / sizeof(normal[0]); i++) {
		double ns = measure(normal[i].bytes, 200000);

		per_byte = ns / normal[i].bytes.n;
		printf("%-28s %4u bytes %8.0f ns %6.2f ns/byte\n", normal[i].name,
		       normal[i].bytes.n, ns, per_byte);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		double ns = measure(bad[i].bytes, 50);

		printf("64 KB of %-19s %6.2f ns/byte, %4.1f times the INVITE's\n", bad[i].name,
		       ns / bad[i].bytes.n, ns / bad[i].bytes.n / per_byte);
		free((void *)(uintptr_t)bad[i].bytes.p);
	}
	return 0;
}
