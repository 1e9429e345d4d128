/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that are ended, whatever was said in them and whatever became of what is remembered.
 * Input, in sections between "%%":
 *   1 three bytes each: what happens (a step of time, a message, or a byte of a record that
 *     is damaged), where, and to what
 *   2 to 5 headers: of INVITE, of its answer, of what follows from outside, and from inside
 * What is sent must be a BYE of this call, with no header that we do not write, and what is
 * told must be printable.
 */
#include "checks.h"
#include "decided.h"
#include "fuzzrules.h"
#include "scratch.h"
#include "state/calls.h"
#include "state/quotas.h"
#include "state/store.h"

#define TEXT 6000
#define STEPS 40
#define PHONE "203.0.113.7"
#define SERVER "192.0.2.10"
#define CALL "c1@x.example"

static struct ruleset *rules[2]; /* the second one after a reload */
static struct scratch *scratch;

static const char conf[] =
	"inside = [ \"192.0.2.10\" ];\n"
	"memory = { learning = \"0s\"; };\n"
	"malformed = { mode = \"off\"; }; strict = { mode = \"off\"; };\n"
	"flood = { mode = \"off\"; };\n"
	"dialog = { mode = \"off\"; }; stray = { mode = \"off\"; };\n"
	"destination = { deny = [ \"^9\" ]; action = \"approve\"; };\n"
	"duration = { warn = \"2s\"; cut = \"5s\"; };\n"
	"calls = { limits = (\n"
	"	{ name = \"now\"; per = \"zone\"; count = \"now\"; warn = 1; act = 5; },\n"
	"	{ name = \"minutes\"; per = \"zone\"; count = \"minutes-day\";\n"
	"	  warn = 1; act = 2; }\n"
	"); };\n"
	"zones = ( { name = \"z\"; addresses = [ \"203.0.113.7\" ]; } );\n";

static const char fewer[] =
	"inside = [ \"192.0.2.10\" ];\n"
	"malformed = { mode = \"off\"; }; duration = { mode = \"off\"; };\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rules[0] = fuzz_rules(conf, 64);
	rules[1] = fuzz_rules(fewer, 64);
	scratch = scratch_new();
	must(scratch);
	return 0;
}

struct run {
	struct state *state;
	struct slice more[4];
	uint64_t now, key;
	unsigned generation, branch;
};

enum { INVITE, ANSWER, FROM_OUTSIDE, FROM_INSIDE };

/* start: a request's line or a status; more: index into run.more. */
struct says {
	const char *start, *to, *cseq, *branch;
	unsigned more;
	bool server;
};

static struct slice text_of(const struct run *r, const struct says *s)
{
	char text[TEXT];
	struct slice more = r->more[s->more];
	int n = snprintf(text, sizeof(text),
			 "%s\r\nVia: SIP/2.0/UDP x.example;branch=z9hG4bK%s%u;rport\r\n"
			 "Max-Forwards: 70\r\n%.*s%s"
			 "From: <sip:u1@x.example>;tag=t1\r\nTo: <sip:u2@x.example>%s\r\n"
			 "Call-ID: " CALL "\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
			 s->start, s->branch, r->branch, (int)(more.n < 4000 ? more.n : 4000),
			 more.n ? more.p : "", more.n ? "\r\n" : "", s->to, s->cseq);

	must(n > 0 && n < TEXT);
	return piece_new((struct slice){ text, (uint32_t)n });
}

static void pass(struct run *r, const struct says *s)
{
	struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .sport = 5060, .dport = 5060,
			   .payload = text_of(r, s) };
	struct decision d;

	must(addr_parse(SLICE(PHONE), s->server ? &pkt.dst : &pkt.src) == 0);
	must(addr_parse(SLICE(SERVER), s->server ? &pkt.src : &pkt.dst) == 0);
	engine_run(rules[r->generation], r->state, scratch, &pkt, r->now, &d);
	sane(&d, &pkt);
	if (decision_answers(&d))
		must(engine_answer(scratch)->n <= PARCEL_BYTES);
	piece_free(pkt.payload);
	r->now += NS / 100;
}

static const struct says said[] = {
	{ "INVITE sip:u2@x.example SIP/2.0", "", "1 INVITE", "a", INVITE, false },
	{ "SIP/2.0 200 OK", ";tag=t2", "1 INVITE", "a", ANSWER, true },
	{ "ACK sip:u2@x.example SIP/2.0", ";tag=t2", "1 ACK", "b", FROM_OUTSIDE, false },
	{ "SIP/2.0 183 Soon", ";tag=t2", "1 INVITE", "a", ANSWER, true },
	{ "INVITE sip:u2@x.example SIP/2.0", ";tag=t2", "2 INVITE", "c", FROM_OUTSIDE, false },
	{ "SIP/2.0 200 OK", ";tag=t2", "2 INVITE", "c", FROM_INSIDE, true },
	{ "INVITE sip:9@x.example SIP/2.0", "", "3 INVITE", "d", INVITE, false },
	{ "BYE sip:u2@x.example SIP/2.0", ";tag=t2", "4 BYE", "e", FROM_OUTSIDE, false },
	{ "SIP/2.0 481 None", ";tag=t2", "4 BYE", "e", FROM_INSIDE, true },
	{ "SIP/2.0 401 Who", "", "1 INVITE", "a", ANSWER, true },
};

#define SAID (sizeof(said) / sizeof(*said))

static void header_known(struct slice line)
{
	static const char *const known[] = { "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ",
					     "Route: ", "Max-Forwards: ", "Reason: ",
					     "Content-Length: " };
	bool is = false;

	for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++)
		is |= slice_istarts(line, slice_of(known[i]));
	must(is);
}

static void parcel_sane(const struct parcel *p)
{
	struct slice bytes = { p->bytes, p->n }, rest = bytes;
	struct sip_msg sip;
	const char *end;

	must(p->n <= PARCEL_BYTES);
	sip_parse(&sip, bytes);
	must(sip.kind == SIP_REQUEST && sip.method == METHOD_BYE && !sip.defects);
	for (unsigned i = 0; (end = memmem(rest.p, rest.n, "\r\n", 2)) && end != rest.p; i++) {
		struct slice line = slice_between(rest.p, end);

		for (uint32_t k = 0; k < line.n; k++)
			must((uint8_t)line.p[k] >= ' ' && line.p[k] != 127);
		if (i)
			header_known(line);
		rest = slice_between(end + 2, bytes.p + bytes.n);
	}
	must(rest.n == 2);
}

static void due(struct run *r)
{
	struct call_notice out[4];
	size_t n;

	do {
		n = engine_calls(rules[r->generation], r->state, scratch, r->now, out, 4);
		must(n <= 4);
		for (size_t i = 0; i < n; i++) {
			const struct decision *d = &out[i].d;

			for (unsigned k = 0; out[i].cut && k < 2; k++)
				if (out[i].parcel[k].n)
					parcel_sane(&out[i].parcel[k]);
			must(!d->notify || d->check < check_count);
			printable(d->reason, sizeof(d->reason));
			printable(d->evidence, sizeof(d->evidence));
			must(strnlen(out[i].user, sizeof(out[i].user)) < sizeof(out[i].user));
			must(strnlen(out[i].number, sizeof(out[i].number)) <
			     sizeof(out[i].number));
		}
	} while (n);
}

/* The name of the call. */
static uint64_t key_of(const struct run *r)
{
	struct says s = said[0];
	struct pkt pkt = { .dir = DIR_INBOUND };
	struct slice text = text_of(r, &s);
	struct sip_msg sip;
	struct names n;

	sip_parse(&sip, text);
	names_read(r->state, &pkt, &sip, 0, &n);
	piece_free(text);
	return n.from;
}

struct damage {
	size_t at;
	uint8_t to;
};

static bool spoil(void *value, void *arg)
{
	const struct damage *d = arg;

	((uint8_t *)value)[d->at] = d->to;
	return false;
}

static void damage(struct run *r, unsigned which, unsigned at, uint8_t to)
{
	struct table *const table[4] = { r->state->calls, r->state->legs, r->state->quotas,
					 r->state->approvals };
	struct table *t = table[which];
	struct damage d = { at % table_shape(t).value_size, to };
	struct hold h;

	if (which >= 2) {
		for (unsigned i = 0; i < table_shards(t); i++)
			table_sweep_shard(t, i, spoil, &d);
		return;
	}
	if (d.at < 8) /* under another key nobody would find it */
		return;
	h = table_find(t, r->key, r->now);
	if (h.value)
		spoil(h.value, &d);
	table_release(&h);
}

static void list(struct run *r)
{
	struct approval out[8];
	size_t n = state_approvals(r->state, r->now, out, 8);

	for (size_t i = 0; i < n && i < 8; i++) {
		printable(out[i].user, sizeof(out[i].user));
		printable(out[i].number, sizeof(out[i].number));
		printable(out[i].label, sizeof(out[i].label));
		printable(out[i].token, sizeof(out[i].token));
		(void)state_approve(r->state, out[i].token, 0, r->now, &out[i]);
	}
}

static void step(struct run *r, const uint8_t b[3])
{
	switch (b[0] & 15) {
	case 0:
		r->now += (uint64_t)b[1] * NS / 4;
		due(r);
		break;
	case 1:
		r->branch += b[2] & 1;
		pass(r, &said[b[1] % SAID]);
		break;
	case 2:
		r->generation = b[1] & 1;
		break;
	case 3:
		list(r);
		break;
	default:
		damage(r, b[0] & 3, (b[0] >> 4) << 8 | b[1], b[2]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[16] = { 9 };
	struct run r = { .now = 1000 * NS };
	struct slice rest = slice_data(data, size), steps = SLICE_NONE;

	(void)section_next(&rest, &steps);
	for (unsigned i = 0; i < 4; i++)
		(void)section_next(&rest, &r.more[i]);
	r.state = state_new(ruleset_settings(rules[0]), seed);
	must(r.state);
	scratch->dues = scratch->due_at = 0;
	r.key = key_of(&r);
	for (unsigned i = 0; i < 3; i++)
		pass(&r, &said[i]);
	for (unsigned i = 0; i < STEPS && (i + 1) * 3 <= steps.n; i++)
		step(&r, (const uint8_t *)steps.p + i * 3);
	r.now += 6 * NS;
	due(&r);
	r.now += NS;
	due(&r);
	state_free(r.state);
	return 0;
}
