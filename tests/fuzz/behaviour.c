/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory across messages: input is ten bytes for each, which choose among few users,
 * calls, tags, branches, nonces, hosts, so that most messages belong to others.
 *   1 bits 0-3 method, 4 a response, 5 from the server, 6-7 host of the outside end
 *   2 Call-ID, number of CSeq, Max-Forwards or not
 *   3 branch, From tag
 *   4 To tag, status
 *   5 user of From, of To, of the Request-URI
 *   6 credentials or challenge, and their nonce
 *   7 Contact, Expires
 *   8 the time since the message before, 2 ms << n
 *   9, 10 where a byte is changed, and to what; 0: none
 * What is judged twice from the start must be judged alike, and what answers the request
 * of a server just before it is never stray.  No more is in use of any limit than calls
 * live, and nothing once all have ended or expired.
 */
#include <stdarg.h>

#include "checks.h"
#include "decided.h"
#include "fuzzrules.h"
#include "state/calls.h"
#include "state/quotas.h"
#include "state/store.h"

#define BYTES 10
#define MESSAGES 200
#define TEXT 2048
#define SLICE_SERVER slice_of("192.0.2.10")

static struct ruleset *rules;
static struct scratch *scratch[2]; /* two, as two workers would */

static const char conf[] =
	"inside = [ \"192.0.2.10\" ];\n"
	"memory = { learning = \"0s\"; };\n"
	"auth = { failures = 2; ban = 0; };\n"
	"scan = { ban = 0; targets = 3; };\n"
	"flood = { mode = \"observe\"; };\n"
	"malformed = { ban = 0; };\n" /* who is banned is not judged any more */
	"zones = ( { name = \"carrier\"; addresses = [ \"203.0.113.8\" ];\n"
	"	dialog = { sides = \"strict\"; }; },\n"
	"	{ name = \"vouched\"; addresses = [ \"198.51.100.9\" ]; trust = true; } );\n"
	"trunks = ( { name = \"line\"; addresses = [ \"203.0.113.8\", \"198.51.100.9\" ]; } );\n"
	"dialplan = { country = \"49\"; };\n"
	"calls = { limits = (\n"
	"	{ name = \"un\"; per = \"user\"; count = \"now\"; act = 2; },\n"
	"	{ name = \"sn\"; per = \"source\"; count = \"now\"; warn = 1; },\n"
	"	{ name = \"zn\"; per = \"zone\"; count = \"now\"; act = 4; },\n"
	"	{ name = \"tn\"; per = \"trunk\"; count = \"now\"; act = 3; },\n"
	"	{ name = \"um\"; per = \"user\"; count = \"minute\"; act = 9; },\n"
	"	{ name = \"us\"; per = \"user\"; count = \"same-number\"; act = 7; },\n"
	"	{ name = \"ud\"; per = \"user\"; count = \"distinct\"; act = 5; },\n"
	"	{ name = \"ut\"; per = \"user\"; count = \"minutes-day\"; act = 60; } ); };\n"
	"duration = { warn = \"60s\"; cut = \"1h\"; };\n"
	"destination = { deny = [ \"u7\" ]; };\n"
	"transfer = { strangers = \"drop\"; loops = \"drop\"; replaces = \"drop\"; };\n"
	"pattern = { rules = ( { name = \"one\"; method = [ \"MESSAGE\" ]; users = [ \"u3\" ];\n"
	"	action = \"drop\"; } ); };\n";

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

struct text {
	char p[TEXT];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->n += (size_t)vsnprintf(t->p + t->n, TEXT - t->n, fmt, args);
	va_end(args);
	must(t->n < TEXT);
}

static const char *const hosts[4] = { "203.0.113.7", "203.0.113.8", "198.51.100.9", "10.0.0.3" };

struct spoken {
	const char *method;
	bool response, server;
	unsigned host, status;
};

static struct spoken spoken_of(const uint8_t *b)
{
	static const unsigned status[16] = { 100, 180, 183, 200, 200, 202, 302, 401,
					     403, 404, 407, 408, 481, 486, 487, 603 };

	return (struct spoken){
		.method = sip_method_name((enum sip_method)(b[0] % 15 ? b[0] % 15 : 5)),
		.response = b[0] >> 4 & 1, .server = b[0] >> 5 & 1, .host = b[0] >> 6,
		.status = status[b[3] >> 4],
	};
}

static void add_ids(struct text *t, const uint8_t *b, const struct spoken *s)
{
	static const char *const branch[8] = { ";branch=z9hG4bKa", ";branch=z9hG4bKb",
					       ";branch=z9hG4bKc", ";branch=z9hG4bK", ";branch=0",
					       "", ";maddr=192.0.2.10", ";branch=z9hG4bKa;rport" };
	bool ours = s->server != s->response;
	const char *via = ours ? "192.0.2.10" : hosts[s->host];

	add(t, "Via: SIP/2.0/UDP %s%s\r\n", via, branch[b[2] & 7]);
	if (b[1] & 0x80)
		add(t, "Via: SIP/2.0/UDP 192.0.2.10%s\r\n", branch[b[2] >> 5]);
	add(t, "From: <sip:u%u@x.example>", b[4] & 7);
	if (b[2] >> 3 & 3)
		add(t, ";tag=t%u", b[2] >> 3 & 3);
	add(t, "\r\nTo: <sip:u%u@x.example>", b[4] >> 3 & 7);
	if (b[3] & 3)
		add(t, ";tag=t%u", b[3] & 3);
	add(t, "\r\nCall-ID: c%u\r\nCSeq: %u %s\r\n", b[1] & 7, (b[1] >> 3 & 3) + 1, s->method);
}

static void add_rest(struct text *t, const uint8_t *b, const struct spoken *s)
{
	static const char *const contact[8] = {
		"<sip:u1@203.0.113.7>", "<sip:u2@203.0.113.8:5070>", "*", "<sip:u1@192.0.2.10>",
		"<sip:u3@10.0.0.3>;expires=0", "<sip:u1@203.0.113.7>, <sip:u2@198.51.100.9>;q=0.1",
		"<sip:u4@pbx.example;maddr=203.0.113.7>", "tel:+4930",
	};
	unsigned nonce = b[5] >> 2 & 7;

	if (b[6] & 8)
		add(t, "Contact: %s\r\n", contact[b[6] & 7]);
	if (b[6] & 16)
		add(t, "Expires: %u\r\n", b[6] >> 5 ? 60u << (b[6] >> 5) : 0);
	if (b[5] & 1 && s->response)
		add(t, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n%u\"%s\r\n", nonce,
		    b[5] & 2 ? ", stale=true" : "");
	if (b[5] & 1 && !s->response)
		add(t, "Authorization: Digest username=\"u%u\", nonce=\"n%u\", response=\"%u\""
		    ", qop=auth, nc=0000000%u\r\n", b[5] >> 5, nonce, b[5] >> 1 & 1, b[5] >> 6);
	if (b[1] & 0x40)
		add(t, "Session-Expires: 90\r\nRecord-Route: <sip:192.0.2.10;lr>\r\n");
	add(t, "Subscription-State: active\r\nContent-Length: 0\r\n\r\n");
}

static struct slice message(const uint8_t *b, const struct spoken *s)
{
	struct text t = { .n = 0 };
	struct slice all;

	if (s->response)
		add(&t, "SIP/2.0 %u Text\r\n", s->status);
	else
		add(&t, "%s sip:u%u@x.example SIP/2.0\r\n", s->method, b[4] >> 6);
	if (!s->response && !(b[1] & 0x20))
		add(&t, "Max-Forwards: 70\r\n");
	add_ids(&t, b, s);
	add_rest(&t, b, s);
	all = piece_new((struct slice){ t.p, (uint32_t)t.n });
	if (b[8])
		((char *)(uintptr_t)all.p)[b[8] * 4u % all.n] = (char)b[9];
	return all;
}

/* Does b answer a, which went out just before it? */
static bool answers(const uint8_t *a, const uint8_t *b)
{
	struct spoken q = spoken_of(a), r = spoken_of(b);

	return q.server && !q.response && !r.server && r.response && !a[8] && !b[8] &&
	       q.method == r.method && strcmp(q.method, "ACK") != 0 && (a[2] & 31) == (b[2] & 31) &&
	       (a[1] & 31) == (b[1] & 31) && (a[4] & 63) == (b[4] & 63) && b[7] % 16 < 12;
}

/* ---- what is in use ---- */

#define HELD 512

struct held {
	struct {
		struct quota quota;
		unsigned calls; /* that hold it */
	} of[HELD];
	unsigned n, live;
};

static bool hold(void *value, bool lives, void *arg)
{
	const struct call *c = value;
	struct held *h = arg;

	(void)lives; /* until it is swept it holds what it held */
	must(c->slots <= CALL_SLOTS && c->state <= CALL_FAILED);
	h->live += !call_over(c);
	for (unsigned i = 0; i < c->slots; i++) {
		const struct call_slot *s = &c->slot[i];
		unsigned k = 0;

		must(s->check < check_count && s->kind <= SLOT_SAME && s->key);
		if (s->kind != SLOT_NOW)
			continue;
		while (k < h->n && h->of[k].quota.key != s->key)
			k++;
		if (k == HELD)
			continue;
		if (k == h->n) {
			h->n++;
			h->of[k].quota = (struct quota){ .key = s->key, .window = s->window };
			h->of[k].calls = 0;
		}
		h->of[k].calls += !call_over(c);
	}
	return false;
}

/* h: of all that was ever held. */
static void count(struct state *st, uint64_t now, struct held *h)
{
	uint32_t end = table_shape(st->calls).buckets;

	h->live = 0;
	for (unsigned i = 0; i < h->n; i++)
		h->of[i].calls = 0;
	for (unsigned shard = 0; shard < table_shards(st->calls); shard++)
		for (uint32_t at = 0; at < end;)
			table_visit(st->calls, shard, &at, end, now, hold, h);
	for (unsigned i = 0; i < h->n; i++) {
		must(h->of[i].calls <= h->live);
		must(quota_used(st, &h->of[i].quota, now) <= h->of[i].calls);
	}
}

static void tick(struct state *st, struct scratch *s, uint64_t now)
{
	static struct call_notice notice[8];

	for (size_t n = 8; n == 8;) {
		n = engine_calls(rules, st, s, now, notice, 8);
		must(n <= 8);
		for (size_t i = 0; i < n; i++) {
			must(notice[i].cut || notice[i].d.notify);
			must(!notice[i].d.notify || notice[i].d.check < check_count);
			must(notice[i].parcel[0].n <= PARCEL_BYTES);
		}
	}
}

/* Nobody says a word any more. */
static void expire(struct state *st, struct scratch *s, uint64_t now, struct held *h)
{
	for (unsigned i = 0; i < 3; i++) {
		now += 15000 * NS;
		tick(st, s, now);
		count(st, now, h);
	}
	must(!h->live);
	for (unsigned i = 0; i < h->n; i++)
		must(!h->of[i].calls && !quota_used(st, &h->of[i].quota, now));
	tick(st, s, now + NS); /* a whole round that finds nothing */
	must(!engine_calls_run(st));
}

static unsigned judge(const uint8_t *data, size_t size, struct scratch *s, struct decision *out)
{
	static const uint8_t seed[16] = { 7 };
	struct state *state = state_new(ruleset_settings(rules), seed);
	static struct held held;
	uint64_t now = NS;
	unsigned n = 0;

	must(state);
	held.n = 0;
	for (; n < MESSAGES && (n + 1) * BYTES <= size; n++) {
		const uint8_t *b = data + n * BYTES;
		struct spoken is = spoken_of(b);
		struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .sport = 5060, .dport = 5060,
				   .payload = message(b, &is) };

		must(addr_parse(slice_of(hosts[is.host]), is.server ? &pkt.dst : &pkt.src) == 0);
		must(addr_parse(SLICE_SERVER, is.server ? &pkt.src : &pkt.dst) == 0);
		now += 2000000ull << (b[7] % 16);
		memset(&out[n], 0xee, sizeof(out[n]));
		engine_run(rules, state, s, &pkt, now, &out[n]);
		sane(&out[n], &pkt);
		if (n && answers(b - BYTES, b) && out[n].check != CHECK_NONE)
			must(checks[out[n].check] != &check_stray);
		piece_free(pkt.payload);
		if (n % 16 == 0)
			count(state, now, &held);
		if (b[7] % 16 > 8)
			tick(state, s, now);
	}
	expire(state, s, now, &held);
	state_free(state);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decision once[MESSAGES], again[MESSAGES];
	unsigned n = judge(data, size, scratch[0], once);

	must(n == judge(data, size, scratch[1], again));
	for (unsigned i = 0; i < n; i++)
		same(&once[i], &again[i]);
	return 0;
}
