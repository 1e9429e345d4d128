/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a byte that decides about segments, and what a client sends over TCP.
 *
 * The bytes are judged in one segment, and then in others: cut anywhere, out of
 * order, repeated, in parts and after a loss.  The first message that is refused must
 * be the same one for the same reason, and no byte may ever pass with another value
 * than the one that passed before at its place.
 */
#include "check.h"
#include "fuzzrules.h"

#define FIRST 0xfffffff0u /* sequence number of the client's first byte: they wrap */
#define SERVER 77000u
#define MOST 2048         /* bytes of an input that are used */

enum { FIN = 1, SYN = 2, ACK = 16 };

/* What became of the client's bytes. */
struct fate {
	bool refused;
	unsigned messages; /* judged, the refused one included */
	struct decision last;
};

struct run {
	struct state *state;
	struct slice bytes;
	uint32_t dice;
	bool passed[MOST];
	uint32_t acked;
	struct fate fate;
};

static struct ruleset *rules;
static struct scratch *scratch;

static const char conf[] = "inside = [ \"192.0.2.10\" ];\n"
			   "flood = { mode = \"off\"; };\n"
			   "agent = { deny = [ \"scanner\" ]; };\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rules = fuzz_rules(conf, 512);
	scratch = scratch_new();
	must(scratch);
	return 0;
}

static uint32_t dice(struct run *r, uint32_t sides)
{
	r->dice = r->dice * 1664525u + 1013904223u;
	return (r->dice >> 16) % sides;
}

/* A packet of one side; offset counts the client's bytes. */
static void send(struct run *r, bool client, uint8_t flags, uint32_t offset, struct slice payload,
		 struct decision *d)
{
	static const uint8_t outside[4] = { 203, 0, 113, 7 }, inside[4] = { 192, 0, 2, 10 };
	struct pkt pkt = { .src = addr_v4(client ? outside : inside),
			   .dst = addr_v4(client ? inside : outside),
			   .sport = client ? 40000 : 5060, .dport = client ? 5060 : 40000,
			   .version = 4, .proto = PROTO_TCP, .tcp_flags = flags,
			   .payload = payload };

	pkt.tcp_seq = client ? FIRST + offset : SERVER;
	pkt.tcp_ack = client ? SERVER : FIRST + offset;
	if (flags & SYN) { /* takes a place of its own, before the bytes */
		pkt.tcp_seq--;
		pkt.tcp_ack = client ? 0 : FIRST;
	}
	engine_run(rules, r->state, scratch, &pkt, NS, d);
}

static struct run run_new(struct slice bytes, uint32_t seed)
{
	static const uint8_t key[16] = { 7 };
	struct run r = { .state = state_new(ruleset_settings(rules), key),
			 .bytes = bytes, .dice = seed };
	struct decision d;

	must(r.state);
	send(&r, true, SYN, 0, SLICE_NONE, &d);
	must(d.verdict == VERDICT_ACCEPT);
	send(&r, false, SYN | ACK, 0, SLICE_NONE, &d);
	must(d.verdict == VERDICT_ACCEPT);
	send(&r, true, ACK, 0, SLICE_NONE, &d);
	must(d.verdict == VERDICT_ACCEPT);
	return r;
}

/* Sends some of the bytes, as they are; false once the connection was ended. */
static bool tell(struct run *r, uint32_t at, uint32_t n)
{
	struct slice piece = piece_new((struct slice){ r->bytes.p + at, n });
	struct decision d;

	send(r, true, ACK, at, piece, &d);
	piece_free(piece);
	r->fate.messages += d.messages;
	if (d.verdict == VERDICT_DROP && d.reset) {
		r->fate.refused = true;
		r->fate.last = d;
	} else if (d.verdict == VERDICT_ACCEPT) {
		memset(r->passed + at, 1, n);
	}
	return !r->fate.refused;
}

/* Says that bytes which passed, and were not acknowledged, are others. */
static bool lie(struct run *r, uint32_t at, uint32_t n)
{
	struct slice piece;
	struct decision d;

	if (at < r->acked || !n || !r->passed[at])
		return true;
	piece = piece_new((struct slice){ r->bytes.p + at, n });
	((char *)(uintptr_t)piece.p)[0] ^= 1;
	send(r, true, ACK, at, piece, &d);
	piece_free(piece);
	must(d.verdict == VERDICT_DROP);
	return !d.reset;
}

/* The server acknowledges what it has, or some of it. */
static void acknowledge(struct run *r)
{
	uint32_t n = r->acked, all;
	struct decision d;

	while (n < r->bytes.n && r->passed[n])
		n++;
	all = n - r->acked;
	r->acked += all ? dice(r, all + 1) : 0;
	send(r, false, ACK, r->acked, SLICE_NONE, &d);
	must(d.verdict == VERDICT_ACCEPT);
}

/* All bytes once more, in order, as long as some of them did not pass. */
static void finish(struct run *r, uint32_t step)
{
	for (unsigned round = 0; round < 3; round++)
		for (uint32_t at = 0; at < r->bytes.n; at += step) {
			uint32_t n = r->bytes.n - at < step ? r->bytes.n - at : step;

			if (!memchr(r->passed + at, 0, n))
				continue;
			if (!tell(r, at, n))
				return;
		}
}

static struct fate in_order(struct slice bytes, uint32_t step)
{
	struct run r = run_new(bytes, 1);

	finish(&r, step);
	must(r.fate.refused || !memchr(r.passed, 0, bytes.n));
	state_free(r.state);
	return r.fate;
}

/* lies: the connection may end because of one, and then nothing can be compared. */
static struct fate in_disorder(struct slice bytes, uint32_t seed, bool lies, bool *over)
{
	struct run r = run_new(bytes, seed);

	*over = false;
	for (unsigned i = 0; i < 40 && !r.fate.refused && !*over; i++) {
		uint32_t at = dice(&r, bytes.n), n = dice(&r, 1 + (i % 4 ? 50 : 600));

		if (n > bytes.n - at)
			n = bytes.n - at;
		if (dice(&r, 5) == 0)
			acknowledge(&r);
		if (lies && dice(&r, 3) == 0)
			*over = !lie(&r, at, n);
		else
			(void)tell(&r, at, n);
	}
	if (!*over && !r.fate.refused) {
		finish(&r, 1 + dice(&r, 200));
		must(r.fate.refused || !memchr(r.passed, 0, bytes.n));
	}
	state_free(r.state);
	return r.fate;
}

static bool broken(const struct fate *f)
{
	return f->refused && !strcmp(check_name(f->last.check), "stream");
}

/* Bytes that are not SIP are named by what of them is there. */
static bool alien(const struct fate *f)
{
	return f->last.defect >= DEFECT_RTP && f->last.defect < DEFECT_COUNT;
}

/* What breaks the framing is told before what stands in the same segment before it. */
static void same(const struct fate *a, const struct fate *b)
{
	must(a->refused == b->refused);
	if (broken(a) || broken(b))
		return;
	must(a->messages == b->messages);
	must(!a->refused || a->last.check == b->last.check);
	if (!a->refused || alien(a) || alien(b))
		return;
	must(a->last.defect == b->last.defect);
	must(!strcmp(a->last.reason, b->last.reason));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fate whole, other;
	struct slice bytes;
	bool over;

	if (size < 2)
		return 0;
	bytes = slice_data(data + 1, size - 1 < MOST ? size - 1 : MOST);
	whole = in_order(bytes, bytes.n);
	other = in_order(bytes, 1 + data[0] % 64);
	same(&whole, &other);
	other = in_disorder(bytes, data[0], false, &over);
	same(&whole, &other);
	other = in_disorder(bytes, data[0] + 1u, true, &over);
	if (!over)
		same(&whole, &other);
	return 0;
}
