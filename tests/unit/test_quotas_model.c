/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas against a model that remembers every single thing that was taken, over random
 * sequences: no window of any place in time ever holds more than the limit, and nobody is
 * refused for what is older than a window and a 24th.  And by several threads at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine.h"
#include "state/quotas.h"

#define START (100000 * NS)
#define TAKEN 4000

static uint64_t dice_seed;

static uint32_t dice(uint32_t n)
{
	dice_seed = dice_seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice_seed >> 33) % n;
}

static struct state *fresh(void)
{
	static const uint8_t seed[16] = { 7 };
	struct settings s = { .ban_max = 64, .stream_memory = 64 };
	struct state *st;

#define X(name, records, least, help) s.name = least;
	TABLES(X)
#undef X
	st = state_new(&s, seed);
	assert_non_null(st);
	return st;
}

struct once {
	uint64_t when;
	uint32_t amount, item;
};

struct model {
	struct once taken[TAKEN];
	unsigned n;
};

/* Amount within the time before `now`, which is a window or somewhat more. */
static uint32_t within(const struct model *m, uint64_t now, uint64_t ns)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < m->n; i++)
		if (m->taken[i].when + ns > now)
			sum += m->taken[i].amount;
	return sum;
}

static uint32_t within_distinct(const struct model *m, uint64_t now, uint64_t ns, uint32_t but)
{
	bool seen[128] = { false };
	uint32_t sum = 0;

	for (unsigned i = 0; i < m->n; i++) {
		const struct once *t = &m->taken[i];

		if (t->when + ns <= now || t->item == but || seen[t->item])
			continue;
		seen[t->item] = true;
		sum++;
	}
	return sum;
}

static void steps_of_time(uint64_t *now, uint32_t window)
{
	static const unsigned far[] = { 2, 20, 200, 2000 };

	*now += dice((uint32_t)(window * 1000ull / far[dice(4)] + 1)) * (NS / 1000);
}

static void counts(struct state *st, unsigned round)
{
	static const uint32_t windows[] = { 60, 3600, 86400 };
	struct quota q = { .key = round * 0x9e3779b97f4a7c15u, .window = windows[round % 3] };
	uint64_t now = START + dice(1000000) * NS, ns = q.window * NS;
	static struct model m;
	uint32_t used;

	q.act = 1 + dice(60);
	m.n = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t amount = 1 + dice(round % 4 ? 1 : 7);

		steps_of_time(&now, q.window);
		if (m.n && !dice(8)) { /* as calls are challenged, or refused later on */
			struct once *last = &m.taken[m.n - 1];

			quota_give(st, &q, last->amount, last->when, now);
			m.n--;
		} else if (quota_take(st, &q, amount, now, &used) == QUOTA_OVER) {
			assert_true(within(&m, now, ns + ns / 24 + 1) + amount > q.act);
		} else {
			m.taken[m.n++] = (struct once){ now, amount, 0 };
			assert_true(within(&m, now, ns) <= q.act);
		}
	}
}

static void distincts(struct state *st, unsigned round)
{
	struct quota q = { .key = round * 0x9e3779b97f4a7c15u, .window = 3600 };
	uint64_t now = START + dice(1000000) * NS, ns = q.window * NS;
	static struct model m;
	uint32_t used;
	bool is_fresh;

	q.act = 1 + dice(60);
	m.n = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t item = dice(2 * q.act);
		uint32_t hash = (uint32_t)((item + 1) * 0x9e3779b97f4a7c15u >> 20);

		steps_of_time(&now, q.window);
		if (quota_distinct(st, &q, hash, now, &used, &is_fresh) == QUOTA_OVER) {
			assert_true(within_distinct(&m, now, ns + ns / 24 + 1, item) + 1 > q.act);
			continue;
		}
		if (is_fresh && !dice(8)) {
			quota_give_distinct(st, &q, hash, now);
			continue;
		}
		m.taken[m.n++] = (struct once){ now, 1, item };
		assert_true(within_distinct(&m, now, ns, UINT32_MAX) <= q.act);
		assert_true(used <= within_distinct(&m, now, ns + ns / 24 + 1, UINT32_MAX));
	}
}

static void test_counts(void **arg)
{
	struct state *st = fresh();

	(void)arg;
	dice_seed = 1;
	for (unsigned round = 1; round < 200; round++)
		counts(st, round);
	state_free(st);
}

static void test_distincts(void **arg)
{
	struct state *st = fresh();

	(void)arg;
	dice_seed = 2;
	for (unsigned round = 1; round < 100; round++)
		distincts(st, round);
	state_free(st);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 200
#define EACH 64
#define LIMIT 10

struct hand {
	struct state *st;
	pthread_barrier_t *barrier;
	unsigned got[ROUNDS];
};

/* All ask at once; those who got something give it back when all have asked. */
static void *grab(void *arg)
{
	struct hand *h = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct quota q = { .key = 42, .window = round % 2 ? 60 : 0, .act = LIMIT };
		uint64_t now = START + round * NS;
		uint32_t used;

		pthread_barrier_wait(h->barrier);
		for (unsigned i = 0; i < EACH; i++)
			h->got[round] += quota_take(h->st, &q, 1, now, &used) != QUOTA_OVER;
		pthread_barrier_wait(h->barrier);
		quota_give(h->st, &q, h->got[round], now, now);
	}
	return NULL;
}

static void test_threads(void **arg)
{
	static struct hand hand[THREADS];
	pthread_t thread[THREADS];
	pthread_barrier_t barrier;
	struct state *st = fresh();

	(void)arg;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		hand[i] = (struct hand){ .st = st, .barrier = &barrier };
		assert_int_equal(pthread_create(&thread[i], NULL, grab, &hand[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned got = 0;

		for (unsigned i = 0; i < THREADS; i++)
			got += hand[i].got[round];
		assert_int_equal(got, LIMIT);
	}
	pthread_barrier_destroy(&barrier);
	state_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_distincts),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
