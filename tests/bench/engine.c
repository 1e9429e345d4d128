/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the whole engine takes for a message over UDP, parsing and all checks included:
 * first of a few phones whose records stay in the caches, then of many in random order.
 * Medians of single messages, in ns.
 *
 *   engine [CONFIG [CALLEE]]: make bench-engine
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine.h"
#include "talk.h"

#define TURNS 200000 /* messages of a measurement */
#define WARM 64
#define MANY 20000
#define APART 150000 /* ns between messages: a busy gateway has 6,700 a second */

struct bench {
	struct ruleset *rules;
	struct state *state;
	struct scratch *scratch;
	struct addr server;
	const char *callee;
	uint64_t now, clock, refused;
	unsigned round; /* of calls: none comes twice */
	char text[TALK_ROOM];
	uint32_t took[KINDS][TURNS / KINDS + 1], all[TURNS + KINDS];
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

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t median(uint32_t *v, unsigned n)
{
	qsort(v, n, sizeof(*v), compare);
	return n ? v[n / 2] : 0;
}

static uint32_t say(struct bench *b, const struct talker *t, enum talk k)
{
	bool out = talk_answers(k);
	struct pkt pkt = {
		.src = out ? b->server : t->addr, .dst = out ? t->addr : b->server,
		.sport = out ? 5060 : 40000, .dport = out ? 40000 : 5060, .version = 4,
		.proto = PROTO_UDP,
	};
	struct decision d;
	uint64_t start;

	b->now += APART;
	pkt.payload = talk_text(b->text, t, k, b->callee);
	start = now_ns();
	engine_run(b->rules, b->state, b->scratch, &pkt, b->now, &d);
	start = now_ns() - start;
	if (d.verdict != VERDICT_ACCEPT && !b->refused++)
		printf("%s refused: %s\n", talk_name(k), d.reason);
	return (uint32_t)(start > b->clock ? start - b->clock : 0);
}

static void fill(struct bench *b, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		struct talker t = talker_of(i, 0);

		for (enum talk k = 0; k <= ACK; k++)
			say(b, &t, k);
	}
}

static void measure(struct bench *b, unsigned live, const char *when)
{
	unsigned total = 0, n = 0;

	for (unsigned turn = 1; total < TURNS; turn++, n++) {
		struct talker t = talker_of(random_next() % live, ++b->round);

		for (enum talk k = 0; k < KINDS; k++, total++)
			b->took[k][n] = b->all[total] = say(b, &t, k);
	}
	printf("%s:", when);
	for (enum talk k = 0; k < KINDS; k++)
		printf("%s %s %u", k ? "," : "", talk_name(k), median(b->took[k], n));
	printf("\n  all of them %u\n", median(b->all, total));
}

static void clock_measure(struct bench *b)
{
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t start = now_ns();

		b->all[i] = (uint32_t)(now_ns() - start);
	}
	b->clock = median(b->all, TURNS);
}

int main(int argc, char **argv)
{
	static const uint8_t server[4] = { 192, 0, 2, 10 }, seed[16] = { 1 };
	struct prefix inside = { addr_v4(server), 128 };
	struct conf_report report = { 0 };
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->rules = ruleset_load(argc > 1 ? argv[1] : NULL, &report);
	for (unsigned i = 0; i < report.n; i++)
		printf("%s\n", report.note[i].text);
	conf_report_free(&report);
	if (!b->rules || ruleset_set_inside(b->rules, &inside, 1))
		return 1;
	b->state = state_new(ruleset_settings(b->rules), seed);
	b->scratch = scratch_new();
	if (!b->state || !b->scratch)
		abort();
	b->server = addr_v4(server);
	b->callee = argc > 2 ? argv[2] : "2045";
	b->now = NS;
	clock_measure(b);
	fill(b, 0, WARM);
	measure(b, WARM, "64 phones, ns");
	fill(b, WARM, MANY);
	measure(b, MANY, "20,000 phones, ns");
	scratch_free(b->scratch);
	state_free(b->state);
	ruleset_free(b->rules);
	free(b);
	return 0;
}
