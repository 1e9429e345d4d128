/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: packets, "%%" between them.  The first four bytes of one say how it comes:
 *   1st  bits: 1 TCP, 2 from the server, 4 IPv6, 8 from another host
 *   2nd  the outside port
 *   3rd  bits 0-3: the time since the packet before, 4 ms << n
 *   4th  bits: TCP flags 1 FIN, 2 SYN, 4 RST (ACK is set but with SYN from outside);
 *        8 repeat the sequence number, 16 leave a gap before, 32 damage flags
 * The rest is the payload.  What is judged twice from the start must be judged alike.
 */
#include "decided.h"
#include "fuzzrules.h"

#define PACKETS 64
#define FLOWS 64

struct sequence {
	uint16_t port;
	uint8_t how; /* family and host */
	uint32_t next[2];
};

struct judged {
	struct decision d[PACKETS];
	unsigned n;
};

/* One run over an input: its own memory, its own clock. */
struct run {
	struct state *state;
	struct scratch *scratch;
	uint64_t now;
	struct sequence seq[FLOWS];
	unsigned n_seq;
};

static struct ruleset *rules;
static struct scratch *scratch[2]; /* two, as two workers would */

static const char conf[] = "inside = [ \"192.0.2.10\", \"2001:db8::10\" ];\n"
			   "method = { mode = \"observe\"; };\n"
			   "agent = { deny = [ \"scanner\", \"/^x{2,5}$/\" ]; };\n"
			   "zones = ( { name = \"carrier\";\n"
			   "	addresses = [ \"203.0.113.8\" ]; } );\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rules = fuzz_rules(conf, 64);
	for (unsigned i = 0; i < 2; i++) {
		scratch[i] = scratch_new();
		must(scratch[i]);
	}
	return 0;
}

static struct addr end_of(bool server, bool v6, bool other)
{
	static const uint8_t six[3][16] = {
		{ 0x20, 1, 0xd, 0xb8, [15] = 0x10 },
		{ 0x20, 1, 0xd, 0xb8, 0, 9, [15] = 7 },
		{ 0x20, 1, 0xd, 0xb8, 0, 9, [15] = 8 },
	};
	static const uint8_t four[3][4] = { { 192, 0, 2, 10 }, { 203, 0, 113, 7 },
					    { 203, 0, 113, 8 } };
	unsigned which = server ? 0 : other ? 2 : 1;

	return v6 ? addr_v6(six[which]) : addr_v4(four[which]);
}

static struct sequence *sequence_of(struct run *r, uint8_t how, uint16_t port)
{
	unsigned i = 0;

	how &= 12;
	while (i < r->n_seq && (r->seq[i].how != how || r->seq[i].port != port))
		i++;
	if (i == r->n_seq)
		r->seq[r->n_seq++] = (struct sequence){ port, how, { 1000, 0xfffffff0u } };
	return &r->seq[i];
}

static void tcp_fill(struct run *r, struct pkt *pkt, uint8_t how, uint8_t flags)
{
	bool server = how & 2;
	struct sequence *s = sequence_of(r, how, server ? pkt->dport : pkt->sport);
	uint32_t size = pkt->payload.n + !!(flags & 2) + (flags & 1);

	if (flags & 16)
		s->next[server] += 5;
	pkt->tcp_flags = (flags & 7) | (flags & 2 && !server ? 0 : 16);
	pkt->tcp_seq = s->next[server] - (flags & 8 ? size : 0);
	pkt->tcp_ack = s->next[!server];
	if (!(flags & 8))
		s->next[server] += size;
}

static struct pkt packet(struct run *r, struct slice section, struct slice payload)
{
	uint8_t how = (uint8_t)section.p[0], flags = (uint8_t)section.p[3];
	bool server = how & 2;
	uint16_t out = (uint16_t)(5000 + (uint8_t)section.p[1]);
	struct pkt pkt = { .version = how & 4 ? 6 : 4, .proto = how & 1 ? PROTO_TCP : PROTO_UDP,
			   .sport = server ? 5060 : out, .dport = server ? out : 5060,
			   .payload = payload };

	pkt.src = end_of(server, how & 4, how & 8);
	pkt.dst = end_of(!server, how & 4, how & 8);
	if (flags & 32)
		pkt.flags = (uint16_t)(1u << (section.p[2] >> 4 & 7));
	if (how & 1)
		tcp_fill(r, &pkt, how, flags);
	r->now += 4000000ull << (section.p[2] & 15);
	return pkt;
}

static void judge(struct slice input, struct scratch *s, struct judged *out)
{
	static const uint8_t seed[16] = { 7 };
	struct run r = { .state = state_new(ruleset_settings(rules), seed),
			 .scratch = s, .now = NS };
	struct slice section;

	must(r.state);
	memset(out, 0xee, sizeof(*out));
	for (out->n = 0; out->n < PACKETS && section_next(&input, &section);) {
		struct slice payload;
		struct pkt pkt;

		if (section.n < 4)
			continue;
		payload = piece_new((struct slice){ section.p + 4, section.n - 4 });
		pkt = packet(&r, section, payload);
		engine_run(rules, r.state, r.scratch, &pkt, r.now, &out->d[out->n]);
		sane(&out->d[out->n++], &pkt);
		piece_free(payload);
	}
	state_free(r.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct judged once, again;

	judge(slice_data(data, size), scratch[0], &once);
	judge(slice_data(data, size), scratch[1], &again);
	must(once.n == again.n);
	for (unsigned i = 0; i < once.n; i++)
		same(&once.d[i], &again.d[i]);
	return 0;
}
