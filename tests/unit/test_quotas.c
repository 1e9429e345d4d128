/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotas: each kind of count, edges of windows, clocks that jump, full and damaged tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine.h"
#include "state/quotas.h"
#include "state/store.h"

#define START (100000 * NS)
#define HOUR 3600
#define DAY 86400

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

static uint64_t spread(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15u;
	return (n ^ n >> 32) * 0xd6e8feb86659fd93u;
}

static struct quota quota(uint64_t key, uint32_t window, uint32_t warn, uint32_t act)
{
	return (struct quota){ .key = spread(key), .window = window, .warn = warn, .act = act };
}

static void test_now(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(1, 0, 2, 3);
	uint64_t t = START;
	uint32_t used;

	(void)arg;
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_WARN);
	assert_int_equal(used, 3);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_OVER);
	assert_int_equal(used, 4);
	assert_int_equal(quota_used(st, &q, t), 3);
	/* days later it is still in use */
	t += 3 * DAY * NS;
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_OVER);
	quota_give(st, &q, 1, START, t);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_FREE); /* warned already */
	quota_give(st, &q, 1, START, t);
	quota_give(st, &q, 1, START, t);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_WARN); /* was down at one */
	quota_give(st, &q, 9, START, t);
	assert_int_equal(quota_used(st, &q, t), 0);
	state_free(st);
}

static void test_window_edges(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(2, HOUR, 0, 10);
	uint64_t part = HOUR * NS / 24, t = START - START % part; /* a part begins */
	uint32_t used;

	(void)arg;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(quota_take(st, &q, 1, t + part - 1, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, 1, t + part, &used), QUOTA_OVER);
	/* a whole window later, and to the last moment of the part that they leave with */
	assert_int_equal(quota_take(st, &q, 1, t + part - 1 + HOUR * NS, &used), QUOTA_OVER);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(quota_take(st, &q, 1, t + part + HOUR * NS, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, 1, t + part + HOUR * NS, &used), QUOTA_OVER);
	state_free(st);
}

/* Ten at 23:59 and ten at 0:01 would be twenty within two minutes. */
static void test_no_second_quota_at_midnight(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(3, DAY, 0, 10);
	uint64_t midnight = 20 * (uint64_t)DAY * NS, t = midnight - 60 * NS;
	uint32_t used, passed = 0;

	(void)arg;
	for (; t < midnight + 60 * NS; t += 5 * NS)
		passed += quota_take(st, &q, 1, t, &used) == QUOTA_FREE;
	assert_int_equal(passed, 10);
	state_free(st);
}

static void test_large_amounts(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(4, DAY, 0, 1000);
	uint32_t used;

	(void)arg;
	assert_int_equal(quota_take(st, &q, 1001, START, &used), QUOTA_OVER);
	assert_int_equal(quota_take(st, &q, 1000, START, &used), QUOTA_FREE);
	assert_int_equal(quota_take(st, &q, UINT32_MAX, START, &used), QUOTA_OVER);
	assert_int_equal(quota_add(st, &q, UINT32_MAX, START, &used), QUOTA_OVER);
	assert_int_equal(used, UINT32_MAX);
	assert_int_equal(quota_add(st, &q, 5, START + 12 * HOUR * NS, &used), QUOTA_OVER);
	assert_int_equal(used, UINT32_MAX);
	state_free(st);
}

static void test_give_goes_where_it_was_taken(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(5, HOUR, 0, 10);
	uint64_t half = HOUR * NS / 2;
	uint32_t used;

	(void)arg;
	for (unsigned i = 0; i < 5; i++)
		quota_take(st, &q, 1, START, &used);
	for (unsigned i = 0; i < 5; i++)
		quota_take(st, &q, 1, START + half, &used);
	quota_give(st, &q, 3, START + half, START + half);
	assert_int_equal(quota_used(st, &q, START + half), 7);
	/* when the first five have gone by themselves, two are left */
	assert_int_equal(quota_used(st, &q, START + 3 * half - half / 4), 2);
	/* nor can they be given back any more, for what came later */
	quota_give(st, &q, 5, START, START + 3 * half - half / 4);
	assert_int_equal(quota_used(st, &q, START + 3 * half - half / 4), 2);
	state_free(st);
}

static void test_clocks(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(6, 60, 0, 10);
	uint32_t used;

	(void)arg;
	for (unsigned i = 0; i < 10; i++)
		quota_take(st, &q, 1, START, &used);
	/* somewhat late: another worker's clock */
	assert_int_equal(quota_take(st, &q, 1, START - 8 * NS, &used), QUOTA_OVER);
	quota_give(st, &q, 1, START - 8 * NS, START - 8 * NS);
	assert_int_equal(quota_used(st, &q, START), 9);
	/* a month of sleep */
	assert_int_equal(quota_used(st, &q, START + 30 * (uint64_t)DAY * NS), 0);
	/* far back: no clock of ours does that, and nobody is refused for it */
	quota_add(st, &q, 10, START + 500 * NS, &used);
	assert_int_equal(quota_take(st, &q, 1, START, &used), QUOTA_FREE);
	assert_int_equal(used, 1);
	state_free(st);
}

static void test_distinct(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(7, HOUR, 3, 5);
	uint32_t used;
	bool fresh_one;

	(void)arg;
	for (uint32_t i = 0; i < 5; i++)
		for (unsigned times = 0; times < 3; times++) {
			enum quota_said said = quota_distinct(st, &q, (uint32_t)spread(i), START,
							      &used, &fresh_one);

			assert_int_equal(said, i == 3 && !times ? QUOTA_WARN : QUOTA_FREE);
			assert_int_equal(used, i + 1);
			assert_int_equal(fresh_one, !times);
		}
	assert_int_equal(quota_distinct(st, &q, 99, START, &used, &fresh_one), QUOTA_OVER);
	assert_int_equal(used, 6);
	quota_give_distinct(st, &q, (uint32_t)spread(4), START);
	assert_int_equal(quota_distinct(st, &q, 99, START, &used, &fresh_one), QUOTA_FREE);
	assert_int_equal(quota_distinct(st, &q, 98, START, &used, &fresh_one), QUOTA_OVER);
	/* those that are known may go on */
	assert_int_equal(quota_distinct(st, &q, (uint32_t)spread(2), START + HOUR * NS / 2, &used,
					&fresh_one), QUOTA_FREE);
	/* only what was seen again half an hour later is left */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(quota_distinct(st, &q, (uint32_t)spread(50 + i),
						START + HOUR * NS * 5 / 4, &used, &fresh_one),
				 i == 2 ? QUOTA_WARN : QUOTA_FREE);
	assert_int_equal(used, 5);
	assert_int_equal(quota_distinct(st, &q, 98, START + HOUR * NS * 5 / 4, &used, &fresh_one),
			 QUOTA_OVER);
	state_free(st);
}

/* Beyond 64 it is an estimate: never too high, and it grows. */
static void test_distinct_many(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(8, HOUR, 0, 200);
	uint32_t used = 0, passed = 0;
	bool fresh_one;

	(void)arg;
	for (uint32_t i = 0; i < 400; i++) {
		uint64_t t = START + i * NS;

		if (quota_distinct(st, &q, (uint32_t)spread(i), t, &used, &fresh_one) !=
		    QUOTA_OVER)
			passed++;
		assert_true(used <= i + 1);
		assert_true(i >= 64 || used == i + 1);
	}
	assert_true(passed >= 200 && passed < 330);
	/* and it is exact again when the window was empty */
	quota_distinct(st, &q, 1, START + 3 * HOUR * NS, &used, &fresh_one);
	assert_int_equal(used, 1);
	state_free(st);
}

static void test_same(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(9, HOUR, 0, 3);
	uint64_t t = START;
	uint32_t used;

	(void)arg;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_FREE);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_OVER);
	assert_int_equal(used, 4);
	/* another call that comes to nothing does not end the row */
	assert_int_equal(quota_same(st, &q, 6, t, &used), QUOTA_FREE);
	quota_give_same(st, &q, 6, t, t);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_OVER);
	assert_int_equal(quota_same(st, &q, 6, t, &used), QUOTA_FREE);
	assert_int_equal(quota_same(st, &q, 6, t, &used), QUOTA_FREE);
	assert_int_equal(used, 2);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_FREE);
	assert_int_equal(used, 1);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_FREE);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_FREE);
	quota_give_same(st, &q, 5, t, t);
	assert_int_equal(quota_same(st, &q, 5, t, &used), QUOTA_FREE);
	assert_int_equal(used, 3);
	assert_int_equal(quota_same(st, &q, 5, t + 2 * HOUR * NS, &used), QUOTA_FREE);
	assert_int_equal(used, 1);
	state_free(st);
}

static void test_share(void **arg)
{
	struct state *st = fresh();
	struct quota q = quota(10, HOUR, 50, 75);
	uint32_t used;

	(void)arg;
	assert_int_equal(quota_share(st, &q, 4, START, &used), QUOTA_FREE);
	for (unsigned i = 0; i < 3; i++)
		quota_ended(st, &q, true, START);
	assert_int_equal(quota_share(st, &q, 4, START, &used), QUOTA_FREE); /* too few */
	assert_int_equal(used, 0);
	quota_ended(st, &q, false, START);
	assert_int_equal(quota_share(st, &q, 4, START, &used), QUOTA_WARN);
	assert_int_equal(used, 75);
	assert_int_equal(quota_share(st, &q, 4, START, &used), QUOTA_FREE); /* told */
	quota_ended(st, &q, true, START);
	assert_int_equal(quota_share(st, &q, 4, START, &used), QUOTA_OVER);
	assert_int_equal(used, 80);
	assert_int_equal(quota_share(st, &q, 4, START + 2 * HOUR * NS, &used), QUOTA_FREE);
	for (unsigned i = 0; i < 200000; i++)
		quota_ended(st, &q, i % 10 == 0, START + 3 * HOUR * NS);
	quota_share(st, &q, 4, START + 3 * HOUR * NS, &used);
	assert_in_range(used, 9, 10);
	state_free(st);
}

/* The same key counts each kind and each window by itself. */
static void test_apart(void **arg)
{
	struct state *st = fresh();
	struct quota now = quota(11, 0, 0, 9), hour = quota(11, HOUR, 0, 9),
		     day = quota(11, DAY, 0, 9);
	uint32_t used;
	bool fresh_one;

	(void)arg;
	quota_take(st, &hour, 4, START, &used);
	quota_take(st, &now, 1, START, &used);
	assert_int_equal(used, 1);
	quota_take(st, &day, 2, START, &used);
	assert_int_equal(used, 2);
	quota_distinct(st, &hour, 1, START, &used, &fresh_one);
	assert_int_equal(used, 1);
	quota_same(st, &hour, 1, START, &used);
	assert_int_equal(used, 1);
	assert_int_equal(quota_used(st, &hour, START), 4);
	quotas_restored(st);
	assert_int_equal(quota_used(st, &now, START), 0);
	assert_int_equal(quota_used(st, &hour, START), 4);
	assert_int_equal(quota_used(st, &day, START), 2);
	state_free(st);
}

/* Strangers fill the table: whoever has proven something keeps what is counted of him. */
static void test_full(void **arg)
{
	struct state *st = fresh();
	unsigned kept = 0, idle = 0;
	uint32_t used;

	(void)arg;
	for (uint64_t k = 1; k <= 200; k++) {
		struct quota q = quota(k, DAY, 0, 9);

		q.proven = 1;
		quota_take(st, &q, 5, START, &used);
		q.key = spread(k + 1000000);
		quota_take(st, &q, 5, START, &used);
		quota_give(st, &q, 5, START, START);
	}
	for (uint64_t k = 1000; k < 101000; k++) {
		struct quota q = quota(k, DAY, 0, 9);

		quota_take(st, &q, 1, START + NS, &used);
	}
	for (uint64_t k = 1; k <= 200; k++) {
		struct quota q = quota(k, DAY, 0, 9);

		kept += quota_used(st, &q, START + 2 * NS) == 5;
	}
	assert_int_equal(kept, 200);
	/* and when there is nothing but those, a stranger is not counted, nor refused */
	for (uint64_t k = 1000; k < 101000; k++) {
		struct quota q = quota(k, DAY, 0, 9);

		q.proven = 2;
		quota_take(st, &q, 1, START + NS, &used);
	}
	for (uint64_t k = 200000; k < 201000; k++) {
		struct quota q = quota(k, DAY, 0, 1);

		idle += quota_take(st, &q, 2, START + NS, &used) == QUOTA_FREE;
	}
	assert_int_equal(idle, 1000);
	state_free(st);
}

struct noise {
	uint64_t seed;
	size_t bytes;
};

static bool scribble(void *value, void *arg)
{
	struct noise *n = arg;
	unsigned char *p = value;

	for (size_t i = 0; i < n->bytes; i++) {
		n->seed = spread(n->seed + 1);
		if (n->seed >> 60 < 6)
			p[i] = (unsigned char)(n->seed >> 8);
	}
	return false;
}

/* A record from a state file may hold anything: nothing breaks, and once its window has
 * passed it is as good as new. */
static void test_damaged(void **arg)
{
	struct noise noise = { 1, quotas_size() };
	uint64_t t = START;
	bool fresh_one;
	uint32_t used;

	(void)arg;
	for (unsigned round = 0; round < 3000; round++, t += 3 * NS) {
		static struct state *st;
		struct quota q = quota(1, 60, 5, 9), now = quota(1, 0, 5, 9);

		if (!st)
			st = fresh();
		quota_take(st, &q, 1, t, &used);
		quota_take(st, &now, 1, t, &used);
		quota_same(st, &q, (uint32_t)spread(round / 3), t, &used);
		quota_ended(st, &q, round % 3, t);
		quota_share(st, &q, 3, t, &used);
		quota_distinct(st, &q, (uint32_t)spread(round % 80), t, &used, &fresh_one);
		if (round % 2)
			quota_give_distinct(st, &q, (uint32_t)spread(round % 80), t);
		if (round % 3)
			quota_give_same(st, &q, (uint32_t)spread(round / 3), t, t);
		quota_give(st, &q, 1, t - 9 * NS, t);
		if (round % 5 == 0)
			for (unsigned i = 0; i < table_shards(st->quotas); i++)
				table_sweep_shard(st->quotas, i, scribble, &noise);
		if (round == 2999) {
			t += 600 * NS;
			assert_int_equal(quota_take(st, &q, 1, t, &used), QUOTA_FREE);
			assert_int_equal(used, 1);
			state_free(st);
			st = NULL;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_window_edges),
		cmocka_unit_test(test_no_second_quota_at_midnight),
		cmocka_unit_test(test_large_amounts),
		cmocka_unit_test(test_give_goes_where_it_was_taken),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_distinct_many),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
