/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What engine_run takes for the same message as a datagram and as a TCP segment that
 * continues its connection, and for the segment that acknowledges it; warm (the same
 * phone each time) and cold (another one of many each time).  Medians of single
 * calls, taken in turns: what disturbs the machine disturbs few of them, and all
 * kinds alike.  Prints, judges nothing: `make bench-tcp`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine.h"

#define TURNS 40000
#define PHONES 4000

enum { SYN = 2, ACK = 16 };
enum kind { DATAGRAM, SEGMENT, ITS_ACK, KINDS };
static const char *const names[KINDS] = { "datagram", "TCP segment", "its ACK" };

struct phone {
	struct addr addr;
	uint32_t seq, ack;
};

struct bench {
	struct ruleset *rules;
	struct state *state;
	struct scratch *scratch;
	struct addr server;
	uint64_t now;
	double clock; /* ns that reading the clock takes */
	double took[KINDS][TURNS];
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, TURNS, sizeof(*values), compare);
	return values[TURNS / 2];
}

static double judge(struct bench *b, struct pkt *pkt)
{
	struct decision d;
	double start = now_ns();

	engine_run(b->rules, b->state, b->scratch, pkt, b->now, &d);
	start = now_ns() - start;
	if (d.verdict != VERDICT_ACCEPT) {
		fprintf(stderr, "dropped: %s\n", d.reason);
		abort();
	}
	return start;
}

static struct pkt from_phone(const struct bench *b, const struct phone *p, unsigned flags,
			     struct slice text)
{
	return (struct pkt){ .src = p->addr, .dst = b->server, .sport = 40000, .dport = 5060,
			     .version = 4, .proto = flags ? PROTO_TCP : PROTO_UDP,
			     .tcp_flags = (uint8_t)flags, .tcp_seq = p->seq, .tcp_ack = p->ack,
			     .payload = text };
}

static struct pkt from_server(const struct bench *b, const struct phone *p, unsigned flags)
{
	return (struct pkt){ .src = b->server, .dst = p->addr, .sport = 5060, .dport = 40000,
			     .version = 4, .proto = PROTO_TCP, .tcp_flags = (uint8_t)flags,
			     .tcp_seq = p->ack, .tcp_ack = p->seq };
}

static void connect_phone(struct bench *b, struct phone *p, uint32_t number)
{
	uint8_t a[4] = { 203, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };
	struct pkt pkt;

	*p = (struct phone){ addr_v4(a), 1000, 5000 };
	b->now += NS / 20;
	pkt = from_phone(b, p, SYN, SLICE_NONE);
	judge(b, &pkt);
	p->seq++;
	pkt = from_server(b, p, SYN | ACK);
	judge(b, &pkt);
	p->ack++;
	pkt = from_phone(b, p, ACK, SLICE_NONE);
	judge(b, &pkt);
}

static void measure(struct bench *b, struct phone *phone, unsigned n, struct slice text)
{
	for (unsigned i = 0; i < TURNS; i++) {
		struct phone *p = &phone[i % n];
		struct pkt pkt = from_phone(b, p, 0, text);

		b->now += NS / (n > 1 ? 50 : 1);
		b->took[DATAGRAM][i] = judge(b, &pkt);
		if (n > 1)
			p = &phone[(i + n / 2) % n]; /* its lines are not warm from the datagram */
		pkt = from_phone(b, p, ACK, text);
		b->took[SEGMENT][i] = judge(b, &pkt);
		p->seq += text.n;
		pkt = from_server(b, p, ACK);
		b->took[ITS_ACK][i] = judge(b, &pkt);
	}
	for (enum kind k = 0; k < KINDS; k++)
		printf("%4u bytes, %s: %-12s %6.0f ns\n", text.n, n > 1 ? "cold" : "warm", names[k],
		       median(b->took[k]) - b->clock);
}

#define HEAD(method) \
	method " sip:2045@192.0.2.10 SIP/2.0\r\n" \
	"Via: SIP/2.0/TCP 203.0.113.9:40000;branch=z9hG4bK7c1f90aa3e;rport\r\n" \
	"Max-Forwards: 70\r\n" \
	"From: \"Desk 31\" <sip:2031@pbx.example.org>;tag=91aa23e0\r\n" \
	"To: <sip:2045@pbx.example.org>\r\n" \
	"Call-ID: 5b21c0de99aa4477@192.0.2.31\r\n" \
	"CSeq: 13 " method "\r\n" \
	"Contact: <sip:2031@192.0.2.31:5060>\r\n" \
	"User-Agent: DeskPhone 4.2\r\n"

static const char options[] = HEAD("OPTIONS") "Content-Length: 0\r\n\r\n";
static const char invite[] = HEAD("INVITE")
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n"
	"Supported: replaces, timer\r\n"
	"Content-Type: application/sdp\r\nContent-Length: 165\r\n\r\n"
	"v=0\r\no=- 77 77 IN IP4 192.0.2.31\r\ns=-\r\nc=IN IP4 192.0.2.31\r\nt=0 0\r\n"
	"m=audio 16000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

int main(void)
{
	static const uint8_t server[4] = { 192, 0, 2, 10 }, seed[16] = { 1 };
	static struct phone phone[PHONES];
	static struct bench b;
	struct conf_report report = { 0 };
	struct prefix inside = { addr_v4(server), 128 };

	b.rules = ruleset_load(NULL, &report);
	if (!b.rules || ruleset_set_inside(b.rules, &inside, 1))
		abort();
	b.state = state_new(ruleset_settings(b.rules), seed);
	b.scratch = scratch_new();
	if (!b.state || !b.scratch)
		abort();
	b.server = addr_v4(server);
	b.now = NS;
	for (unsigned i = 0; i < TURNS; i++) {
		double start = now_ns();

		b.took[0][i] = now_ns() - start;
	}
	b.clock = median(b.took[0]);
	for (unsigned i = 0; i < PHONES; i++)
		connect_phone(&b, &phone[i], i);
	measure(&b, phone, 1, (struct slice){ options, sizeof(options) - 1 });
	measure(&b, phone, 1, (struct slice){ invite, sizeof(invite) - 1 });
	measure(&b, phone, PHONES, (struct slice){ options, sizeof(options) - 1 });
	measure(&b, phone, PHONES, (struct slice){ invite, sizeof(invite) - 1 });
	scratch_free(b.scratch);
	state_free(b.state);
	ruleset_free(b.rules);
	conf_report_free(&report);
	return 0;
}
