/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long sip_parse takes: ns a message for ordinary messages, and ns a byte
 * for 64 KB of hostile ones beside the ordinary ns a byte.  Beside it what the
 * malformed check adds, what libosip2 takes for the same message as other
 * programs use it (with malloc), and what the strict check does (libosip2 in an
 * arena, and the comparison).  In CPU time, for machines that are not idle.
 * Prints, judges nothing: `make bench-parse`.
 */
#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "checks.h"
#include "rules.h"
#include "sip.h"
#include "sip/strict.h"

#define HOSTILE 65000
#define ROUNDS 25

struct sample {
	const char *name;
	struct slice bytes;
};

#define TOP_VIA "Via: SIP/2.0/UDP 192.0.2.31:5060;branch=z9hG4bK7c1f90aa3e;rport\r\n"
#define ENDS \
	"Max-Forwards: 70\r\n" \
	"From: \"Desk 31\" <sip:2031@pbx.example.org>;tag=91aa23e0\r\n" \
	"To: <sip:2045@pbx.example.org>\r\n" \
	"Call-ID: 5b21c0de99aa4477@192.0.2.31\r\n"

static const char options[] =
	"OPTIONS sip:pbx.example.org SIP/2.0\r\n" TOP_VIA ENDS
	"CSeq: 11 OPTIONS\r\nUser-Agent: DeskPhone 4.2\r\nAccept: application/sdp\r\n"
	"Content-Length: 0\r\n\r\n";

static const char register_auth[] =
	"REGISTER sip:pbx.example.org SIP/2.0\r\n" TOP_VIA ENDS
	"CSeq: 12 REGISTER\r\n"
	"Contact: <sip:2031@192.0.2.31:5060>;expires=600\r\n"
	"Authorization: Digest username=\"2031\", realm=\"pbx.example.org\", "
	"nonce=\"aa5512fe77\", uri=\"sip:pbx.example.org\", "
	"response=\"00112233445566778899aabbccddeeff\", algorithm=MD5\r\n"
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n"
	"User-Agent: DeskPhone 4.2\r\nExpires: 600\r\nSupported: path\r\n"
	"Content-Length: 0\r\n\r\n";

static const char invite[] =
	"INVITE sip:2045@pbx.example.org SIP/2.0\r\n" TOP_VIA ENDS
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

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

struct bench {
	struct ruleset *rules;
	struct strict *strict;
	struct sip_msg m;
};

static void read_view(struct bench *b, struct slice bytes)
{
	sip_parse(&b->m, bytes);
	__asm__ volatile("" : : "r"(&b->m) : "memory");
}

static void read_malformed(struct bench *b, struct slice bytes)
{
	struct pkt pkt = { .payload = bytes, .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .sip = &b->m, .rules = b->rules };
	struct evidence ev = { 0 };

	sip_parse(&b->m, bytes);
	if (check_malformed.run(&p, rules_conf(b->rules, &check_malformed), &ev) != CLEAR)
		abort();
}

static void read_osip(struct bench *b, struct slice bytes)
{
	osip_message_t *message;

	(void)b;
	if (osip_message_init(&message) != 0 || osip_message_parse(message, bytes.p, bytes.n) != 0)
		abort();
	osip_message_free(message);
}

static void compare_both(struct bench *b, struct slice bytes)
{
	struct strict_difference d;

	(void)bytes; /* the view has read them */
	if (strict_compare(b->strict, &b->m, &d) != STRICT_SAME)
		abort();
}

static void compare_again(struct bench *b, struct slice bytes)
{
	struct strict_difference d;

	(void)bytes;
	(void)strict_compare(b->strict, &b->m, &d);
}

/* The best of some rounds: what disturbs a round only makes it longer. */
static void round_once(struct bench *b, void (*run)(struct bench *, struct slice),
		       struct slice bytes, unsigned turns, double *best)
{
	double start = now_ns(), took;

	for (unsigned i = 0; i < turns; i++)
		run(b, bytes);
	took = (now_ns() - start) / turns;
	if (*best == 0 || took < *best)
		*best = took;
}

static double measure(struct bench *b, void (*run)(struct bench *, struct slice),
		      struct slice bytes, unsigned turns)
{
	double best = 0;

	for (unsigned r = 0; r < ROUNDS; r++)
		round_once(b, run, bytes, turns, &best);
	return best;
}

/* What is worst for libosip2 within the limits of the strict check, as we know it. */
static void compare_hostile(struct bench *b, double ordinary)
{
	static const struct {
		const char *name, *before, *piece, *after;
		unsigned times; /* the rest up to 4 KB is filled with blanks */
	} row[] = {
		{ "blanks in a Via", "Via: SIP/2.0/", "", "UDP a", 0 },
		{ "credentials", "Authorization: Digest ", "a=b, ", "c=d", 55 },
		{ "a challenge", "WWW-Authenticate: Digest ", "a=b,", "c=d", 55 },
		{ "parameters", "Contact: <sip:a@b", ";a", ">", 55 },
		{ "contacts", "Contact: ", "<sip:a@b>,", "<sip:a@b>", 55 },
	};
	static char text[4096];

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct strict_difference d;
		size_t n = (size_t)snprintf(text, sizeof(text), "INVITE sip:a SIP/2.0\r\n" TOP_VIA
					    ENDS "CSeq: 1 INVITE\r\n%s", row[i].before);
		size_t end = sizeof(text) - strlen(row[i].after) - 4;
		double ns;

		for (unsigned k = 0; k < row[i].times; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", row[i].piece);
		memset(text + n, ' ', end - n);
		memcpy(text + end, row[i].after, strlen(row[i].after));
		memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
		sip_parse(&b->m, (struct slice){ text, sizeof(text) });
		if (strict_compare(b->strict, &b->m, &d) == STRICT_SKIPPED)
			abort();
		ns = measure(b, compare_again, SLICE_NONE, 400);
		printf("strict, 4 KB with %-15s %8.0f ns, %4.1f times\n", row[i].name, ns,
		       ns / ordinary);
	}
}

/* The two that are compared take turns, so that the same disturbs both.  Strict comes
 * last: strict_new takes malloc away from libosip2. */
static void compare_readers(struct bench *b, const struct sample *sample, unsigned n)
{
	double osip[8] = { 0 }, judged[8] = { 0 }, both = 0;

	parser_init();
	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned i = 0; i < n; i++) {
			round_once(b, read_osip, sample[i].bytes, 2000, &osip[i]);
			round_once(b, read_malformed, sample[i].bytes, 10000, &judged[i]);
		}
	}
	b->strict = strict_new();
	if (!b->strict)
		abort();
	for (unsigned i = 0; i < n; i++) {
		sip_parse(&b->m, sample[i].bytes);
		both = measure(b, compare_both, sample[i].bytes, 4000);
		printf("%-28s view and malformed %5.0f ns, libosip2 %6.0f ns, %4.1f times; "
		       "strict %6.0f ns\n", sample[i].name, judged[i], osip[i],
		       osip[i] / judged[i], both);
	}
	compare_hostile(b, both);
	strict_free(b->strict);
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
	static struct bench b;
	double per_byte = 0;

	for (unsigned i = 0; i < sizeof(normal) / sizeof(normal[0]); i++) {
		double ns = measure(&b, read_view, normal[i].bytes, 40000);

		per_byte = ns / normal[i].bytes.n;
		printf("%-28s %4u bytes %8.0f ns %6.2f ns/byte\n", normal[i].name,
		       normal[i].bytes.n, ns, per_byte);
	}
	b.rules = rules_load("");
	compare_readers(&b, normal, sizeof(normal) / sizeof(normal[0]));
	ruleset_free(b.rules);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		double ns = measure(&b, read_view, bad[i].bytes, 10);

		printf("64 KB of %-19s %6.2f ns/byte, %4.1f times the INVITE's\n", bad[i].name,
		       ns / bad[i].bytes.n, ns / bad[i].bytes.n / per_byte);
		free((void *)(uintptr_t)bad[i].bytes.p);
	}
	return 0;
}
