/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stage BEHAVIOUR takes for a message, names, all its checks and learning
 * included, parsing not.  First warm: a few phones, whose records stay in the caches;
 * then with tables that are empty, half full and full, phone after phone in random
 * order, so that nothing is warm; then with tables full of what strangers sent; then
 * while an attacker fills every table with Call-IDs and addresses of his own, and
 * 1,000 calls go on.  Medians of single messages.  Fails when one of those phones is
 * refused anything: `make bench-behaviour`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "answer.h"
#include "checks.h"
#include "engine.h"
#include "ruleset.h"
#include "running.h"
#include "sip/strict.h"
#include "state/legs.h"
#include "state/memory.h"
#include "state/state.h"
#include "state/store.h"
#include "talk.h"

#define LIVE 100000
#define TURNS 60000
#define CALLS 1000
#define WARM 64
#define APART 150000 /* ns between messages: a busy gateway has 6,700 a second */
#define ATTACK 4000000

struct bench {
	struct ruleset *rules;
	struct state *state;
	struct addr server;
	uint64_t now, clock;
	uint64_t refused;  /* messages that a check would have dropped */
	const char *why;
	struct sip_msg sip;
	char text[TALK_ROOM];
	struct strict *strict;
	struct account account;
	struct number number;
	struct call_draft draft;
	struct evidence ev;
	uint32_t took[KINDS][TURNS], all[TURNS + KINDS];
	unsigned n[KINDS];
};

static uint64_t random_next(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

/* A stage as rules/engine.c runs it; true: a check would drop the message. */
static bool run(struct bench *b, struct probe *p, enum stage stage)
{
	const struct lookers *l = &b->rules->lookers;
	uint32_t asked = p->zone->asked & l->way[p->pkt->dir == DIR_OUTBOUND][0];

	asked &= p->sip->kind == SIP_REQUEST ? l->request[p->sip->method] : l->response;
	for (unsigned i = 0; i < check_count; i++) {
		const struct check *c = checks[i];

		if (c->stage != stage || !(asked >> i & 1))
			continue;
		b->ev.reason[0] = b->ev.text[0] = 0;
		b->ev.no_ban = b->ev.alert = b->ev.gentle = b->ev.quiet = false;
		if (c->run(p, p->zone->conf[i], &b->ev) != HIT || b->ev.alert ||
		    c->way == WAY_OUT_TOLD)
			continue;
		b->why = c->name;
		return true;
	}
	return false;
}

static bool behave(struct bench *b, struct probe *p)
{
	struct call_facts facts;

	if (answer_acked(p) || legs_answer(b->state, p->pkt, p->sip, p->names, b->now))
		return true;
	memory_prefetch(b->state, p->sip, p->names, table_prefetch_value);
	if (p->draft)
		running_draft(p);
	if (run(b, p, STAGE_BEHAVIOUR)) {
		if (p->draft)
			calls_refused(b->state, p->draft, b->now);
		return true;
	}
	running_facts(p, &facts);
	memory_learn(b->state, &b->rules->settings, p->pkt, p->sip, p->names,
		     p->draft ? &facts : NULL, SHOWS_NOTHING, b->now);
	return false;
}

/* Who asks for what, as rules/engine.c reads it. */
static void read_asked(struct bench *b, struct probe *p)
{
	if (p->sip->method != METHOD_INVITE || p->sip->kind != SIP_REQUEST)
		return;
	account_read(p, &b->account);
	p->account = &b->account;
	if (p->names->to)
		return;
	number_of_uri(p->rules, p->sip->uri, &b->number);
	p->number = &b->number;
	p->draft = &b->draft;
}

/*
 * One message on its way through the engine; returns the ns that the stage takes.  What
 * the engine does between the prefetch and the stage is done here too, unmeasured.
 */
static uint64_t judge(struct bench *b, struct pkt *pkt)
{
	struct probe p = { .pkt = pkt, .sip = &b->sip, .rules = b->rules, .state = b->state,
			   .strict = b->strict, .now = b->now, .zone = &b->rules->zone[0] };
	bool out = pkt->dir == DIR_OUTBOUND;
	uint64_t start, took;
	struct source source;
	struct names names;

	p.site = addr_site(out ? &pkt->dst : &pkt->src);
	p.site_key = key_of_addr(b->state, &p.site);
	memory_begin(b->state, b->now);
	sip_parse(&b->sip, pkt->payload);
	if (!out) {
		p.proof = (uint8_t)source_prove(b->state, p.site_key, &b->sip, b->now);
		source_find(b->state, p.site_key, b->now, &source); /* as flood does */
	}
	start = now_ns();
	names_read(b->state, pkt, &b->sip, p.site_key, &names);
	memory_prefetch(b->state, &b->sip, &names, table_prefetch);
	p.names = &names;
	read_asked(b, &p);
	took = now_ns() - start;
	if (out)
		source_learn(b->state, pkt, &b->sip, b->now);
	else
		(void)run(b, &p, STAGE_MESSAGE);
	start = now_ns();
	b->refused += behave(b, &p);
	took += now_ns() - start;
	return took > 2 * b->clock ? took - 2 * b->clock : 0;
}

static uint64_t say(struct bench *b, const struct talker *p, enum talk k)
{
	bool out = talk_answers(k);
	struct pkt pkt = {
		.src = out ? b->server : p->addr, .dst = out ? p->addr : b->server,
		.sport = out ? 5060 : 40000, .dport = out ? 40000 : 5060, .version = 4,
		.proto = PROTO_UDP, .dir = out ? DIR_OUTBOUND : DIR_INBOUND,
	};

	b->now += APART;
	pkt.payload = talk_text(b->text, p, k, "2045");
	return judge(b, &pkt);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint32_t *v, unsigned n)
{
	qsort(v, n, sizeof(*v), compare);
	return n ? v[n / 2] : 0;
}

/* live phones register and call, and stay in the call. */
static void fill(struct bench *b, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		struct talker p = talker_of(i, 0);

		for (enum talk k = 0; k <= ACK; k++)
			say(b, &p, k);
	}
}

/* Nobody who says what phones and servers say may be refused. */
static void must_pass(struct bench *b, const char *when)
{
	if (!b->refused)
		return;
	printf("%s: %lu messages refused, by %s\n", when, (unsigned long)b->refused, b->why);
	exit(1);
}

/* live: phones that are in a call; 0: each has just come. */
static void measure(struct bench *b, unsigned live, const char *when)
{
	unsigned total = 0;

	memset(b->n, 0, sizeof(b->n));
	b->refused = 0;
	for (unsigned turn = 1; total < TURNS; turn++) {
		struct talker old = talker_of(live ? random_next() % live : LIVE + turn, 0);
		struct talker p = old;

		p.round = turn; /* the same phone, another call */
		for (enum talk k = 0; k < KINDS; k++, total++) {
			bool in_call = live && (k == INFO || k == INFO_OK);
			uint32_t t = (uint32_t)say(b, in_call ? &old : &p, k);

			b->took[k][b->n[k]++] = b->all[total] = t;
		}
	}
	printf("%s:", when);
	for (enum talk k = 0; k < KINDS; k++)
		printf("%s %s %lu", k ? "," : "", talk_name(k),
		       (unsigned long)median(b->took[k], b->n[k]));
	printf("\n  all of them %lu\n", (unsigned long)median(b->all, total));
	must_pass(b, when);
}

/* Requests of strangers with Call-IDs that never come again, from a /40 of IPv6. */
static void attack(struct bench *b, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		static const enum talk kinds_sent[] = { INVITE, REGISTER, INFO };
		uint64_t r = random_next();
		struct talker p = { .number = (unsigned long)(r >> 20), .round = 0 };
		uint8_t a[16] = { 0x20, 0x01, 0x0d, 0xb8, 0xff };
		enum talk k = kinds_sent[i % 3];

		memcpy(a + 5, &r, 8);
		p.addr = addr_v6(a);
		say(b, &p, k);
		if (k != INFO && i % 2)
			say(b, &p, k == INVITE ? RINGING : CHALLENGE);
	}
}

/* A word in each call, and its answer. */
static void talk(struct bench *b)
{
	b->refused = 0;
	for (unsigned i = 0; i < CALLS; i++) {
		struct talker p = talker_of(i, 0);

		say(b, &p, INFO);
		say(b, &p, INFO_OK);
	}
	must_pass(b, "live calls under attack");
}

static void under_attack(struct bench *b)
{
	for (unsigned i = 0; i < 10; i++) {
		attack(b, ATTACK / 10);
		talk(b);
	}
	printf("attack of %u messages: none of %u live calls was hurt\n", ATTACK, CALLS);
}

static struct bench *bench_new(unsigned live)
{
	static const uint8_t server[4] = { 192, 0, 2, 10 }, seed[16] = { 1 };
	struct bench *b = calloc(1, sizeof(*b));
	struct conf_report report = { 0 };
	struct prefix inside = { addr_v4(server), 128 };
	struct settings s;

	if (!b)
		abort();
	b->rules = ruleset_load(NULL, &report);
	if (!b->rules || ruleset_set_inside(b->rules, &inside, 1))
		abort();
	s = *ruleset_settings(b->rules);
#define X(name, records, least, help) s.name = s.name < live ? live : s.name;
	TABLES(X)
#undef X
	b->rules->settings.learning = 0;
	b->state = state_new(&s, seed);
	if (!b->state)
		abort();
	b->server = addr_v4(server);
	b->now = NS;
	conf_report_free(&report);
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t start = now_ns();

		b->took[0][i] = (uint32_t)(now_ns() - start);
	}
	b->clock = median(b->took[0], TURNS);
	b->strict = strict_new();
	if (!b->strict)
		abort();
	return b;
}

static void bench_free(struct bench *b)
{
	strict_free(b->strict);
	state_free(b->state);
	ruleset_free(b->rules);
	free(b);
}

int main(void)
{
	struct bench *b = bench_new(LIVE);

	fill(b, 0, WARM);
	measure(b, WARM, "64 phones, ns");
	measure(b, 0, "empty tables, ns");
	fill(b, WARM, LIVE / 2);
	measure(b, LIVE / 2, "50,000 calls and registrations, ns");
	fill(b, LIVE / 2, LIVE);
	measure(b, LIVE, "100,000 calls and registrations, ns");
	attack(b, LIVE);
	b->now += 3 * NS; /* the pace of registrations is theirs again */
	measure(b, LIVE, "tables full of strangers' records, ns");
	bench_free(b);
	b = bench_new(CALLS);
	fill(b, 0, CALLS);
	under_attack(b);
	bench_free(b);
	return 0;
}
