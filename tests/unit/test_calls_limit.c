/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 64 calls at the same moment, and room for 10: exactly 10 pass, through one worker, two
 * and four, again and again, as those before them end.  Each from another source, behind a
 * limit of the whole zone; wrong locking is for the thread sanitizer to find.  And what
 * is in use outlasts a restart as long as its calls do.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check.h"
#include "rules.h"
#include "state/state.h"

#define PHONES 64
#define LIMIT 10
#define ROUNDS 40
#define THREADS_MOST 4
#define START (1000 * NS)

static const char config[] =
	"memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
	"calls = { limits = ( { name = \"ten\"; per = \"zone\"; count = \"now\"; act = 10; }"
	" ); };\n";

struct hand {
	const struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	pthread_barrier_t *barrier;
	unsigned number, threads;
	bool passed[ROUNDS][PHONES];
};

static struct addr addr(unsigned phone, bool inside)
{
	const uint8_t in[4] = { 192, 0, 2, 10 }, out[4] = { 203, 0, 113, (uint8_t)(phone + 1) };

	return addr_v4(inside ? in : out);
}

static bool send(struct hand *h, const char *first, unsigned round, unsigned phone, uint64_t now)
{
	bool out = first[0] == 'S';
	struct pkt pkt = { .src = addr(phone, out), .dst = addr(phone, !out), .sport = 5060,
			   .dport = 5060, .proto = PROTO_UDP, .version = 4 };
	struct decision d;
	char text[1024];

	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 203.0.113.%u:5060;branch=z9hG4bK%u-%u\r\n"
		 "From: <sip:%u@pbx.example>;tag=f%u\r\nTo: <sip:200@pbx.example>%s\r\n"
		 "Call-ID: c%u-%u\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:%u@203.0.113.%u>\r\nContent-Length: 0\r\n\r\n",
		 first, phone + 1, round, phone, 1000 + phone, round, out ? ";tag=t" : "", round,
		 phone, 1000 + phone, phone + 1);
	pkt.payload = slice_of(text);
	engine_run(h->rs, h->st, h->s, &pkt, now, &d);
	return d.verdict == VERDICT_ACCEPT;
}

static bool invite(struct hand *h, unsigned round, unsigned phone, uint64_t now)
{
	return send(h, "INVITE sip:200@pbx.example SIP/2.0", round, phone, now);
}

static void *work(void *arg)
{
	struct hand *h = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t now = START + round * 60 * NS;

		pthread_barrier_wait(h->barrier);
		for (unsigned i = h->number; i < PHONES; i += h->threads)
			h->passed[round][i] = invite(h, round, i, now);
		pthread_barrier_wait(h->barrier);
		for (unsigned i = h->number; i < PHONES; i += h->threads)
			if (h->passed[round][i])
				send(h, "SIP/2.0 486 Busy Here", round, i, now + NS);
	}
	return NULL;
}

static struct ruleset *rules(void)
{
	const struct prefix inside = { addr(0, true), 128 };
	struct ruleset *rs = rules_load(config);

	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	return rs;
}

static void at_once(unsigned threads)
{
	static const uint8_t seed[16] = { 7 };
	static struct hand hand[THREADS_MOST];
	pthread_t thread[THREADS_MOST];
	pthread_barrier_t barrier;
	struct ruleset *rs = rules();
	struct state *st = state_new(ruleset_settings(rs), seed);

	pthread_barrier_init(&barrier, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		hand[i] = (struct hand){ rs, st, scratch_new(), &barrier, i, threads };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &hand[i]), 0);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		scratch_free(hand[i].s);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned passed = 0;

		for (unsigned i = 0; i < PHONES; i++)
			passed += hand[i % threads].passed[round][i];
		assert_int_equal(passed, LIMIT);
	}
	pthread_barrier_destroy(&barrier);
	state_free(st);
	ruleset_free(rs);
}

static void test_one(void **arg)
{
	(void)arg;
	at_once(1);
}

static void test_two(void **arg)
{
	(void)arg;
	at_once(2);
}

static void test_four(void **arg)
{
	(void)arg;
	at_once(4);
}

/* ---- a restart ---- */

struct bytes {
	unsigned char *p;
	size_t n;
};

static int put(void *arg, const struct state_part *part)
{
	struct bytes *b = arg;

	b->p = realloc(b->p, b->n + part->n);
	assert_non_null(b->p);
	memcpy(b->p + b->n, part->bytes, part->n);
	b->n += part->n;
	return 0;
}

static unsigned room(struct hand *h, unsigned round, uint64_t now)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < PHONES; i++)
		passed += invite(h, round, i, now);
	return passed;
}

/* Of eight calls three ring on and on; five are over before the daemon is back, and nobody
 * has said so: what they held is free again, without a sweep. */
static void test_restart(void **arg)
{
	static const uint8_t seed[16] = { 7 };
	struct ruleset *rs = rules();
	struct hand h = { rs, state_new(ruleset_settings(rs), seed), scratch_new(), NULL, 0, 1 };
	struct bytes b = { NULL, 0 };
	struct state_saved about;
	const uint64_t later = START + 400 * NS;

	(void)arg;
	for (unsigned i = 0; i < 8; i++)
		assert_true(invite(&h, 1, i, START));
	for (unsigned i = 0; i < 3; i++)
		send(&h, "SIP/2.0 180 Ringing", 1, i, START + 200 * NS);
	assert_int_equal(state_save(h.st, START + 201 * NS, 1, put, &b), 0);
	state_free(h.st);
	h.st = state_new(ruleset_settings(rs), seed);
	assert_true(state_restore(h.st, b.p, b.n, later, true, &about));
	assert_int_equal(room(&h, 2, later), LIMIT - 3);
	free(b.p);
	scratch_free(h.s);
	state_free(h.st);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_four),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
