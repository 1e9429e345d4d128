/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two primitives: the table against its promises, the meter against an oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>

#include "engine.h"
#include "state/hash.h"
#include "state/meter.h"
#include "state/table.h"

/* Tables want keys whose bits all count, as a keyed hash makes them. */
static uint64_t spread(uint64_t key)
{
	const struct hash_key secret = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

	return hash_bytes(&secret, &key, sizeof(key));
}

/* Deterministic pseudo-random numbers (xorshift64). */
static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static bool put(struct table *t, uint64_t key, uint64_t value, uint64_t now, uint64_t expires,
		uint8_t rank)
{
	struct hold h = table_make(t, spread(key), now, rank);

	if (!h.value)
		return false;
	*(uint64_t *)h.value = value;
	table_keep(&h, now, expires, rank);
	table_release(&h);
	return true;
}

static uint64_t get(struct table *t, uint64_t key, uint64_t now)
{
	struct hold h = table_find(t, spread(key), now);
	uint64_t v = h.value ? *(uint64_t *)h.value : 0;

	table_release(&h);
	return v;
}

static void test_table_keeps_what_fits(void **arg)
{
	struct table *t = table_new(4096, sizeof(uint64_t));
	uint32_t fits = table_records(t) / 2;

	(void)arg;
	for (uint64_t k = 1; k <= fits; k++)
		assert_true(put(t, k, k * 3, NS, 9 * NS, 0));
	for (uint64_t k = 1; k <= fits; k++)
		assert_int_equal(get(t, k, 2 * NS), k * 3);
	assert_int_equal(table_used(t, 2 * NS), fits);
	assert_int_equal(get(t, fits + 1, 2 * NS), 0);
	assert_true(put(t, 1, 4, 2 * NS, 3 * NS, 0)); /* never shortened */
	assert_int_equal(get(t, 1, 5 * NS), 4);
	for (uint64_t k = 1; k <= fits; k++)
		assert_true(table_forget(t, spread(k)));
	assert_int_equal(table_used(t, 2 * NS), 0);
	table_free(t);
}

static void test_table_expires(void **arg)
{
	struct table *t = table_new(64, sizeof(uint64_t));
	struct hold h;
	uint64_t key = 7;

	(void)arg;
	put(t, key, 99, NS, 5 * NS, 0);
	assert_int_equal(get(t, key, 5 * NS - 1), 99);
	assert_int_equal(get(t, key, 5 * NS + TABLE_SLACK), 0);
	h = table_make(t, spread(key), 6 * NS, 0);
	assert_true(h.fresh);
	assert_int_equal(*(uint64_t *)h.value, 0);
	table_release(&h); /* not kept: gone */
	assert_int_equal(get(t, key, 6 * NS), 0);
	table_free(t);
}

/* What has ended: a shorter life and a lower rank than it had. */
static void test_table_sets(void **arg)
{
	struct table *t = table_new(512, sizeof(uint64_t));
	struct hold h;
	unsigned kept = 0;

	(void)arg;
	for (uint64_t k = 1; k <= 200; k++) {
		put(t, k, k, NS, 99 * NS, 3);
		h = table_find(t, spread(k), NS);
		table_set(&h, NS, 5 * NS, 0);
		table_release(&h);
	}
	assert_int_equal(get(t, 7, 4 * NS), 7);
	assert_int_equal(get(t, 7, 5 * NS + TABLE_SLACK), 0);
	for (uint64_t k = 1000; k < 6000; k++)
		put(t, k, k, 2 * NS, 99 * NS, 1);
	for (uint64_t k = 1; k <= 200; k++)
		kept += get(t, k, 3 * NS) == k;
	assert_int_equal(kept, 0);
	table_free(t);
}

/* Any clock will do: a capture's may be past 2^32 ticks, and lives may be endless. */
static void test_table_clock(void **arg)
{
	struct table *t = table_new(64, sizeof(uint64_t));
	uint64_t epoch = (uint64_t)INT32_MAX * TABLE_SLACK - NS;

	(void)arg;
	put(t, 7, 99, epoch, epoch + 3 * NS, 0); /* the sign of the ticks flips meanwhile */
	assert_int_equal(get(t, 7, epoch + 2 * NS), 99);
	assert_int_equal(get(t, 7, epoch + 4 * NS), 0);
	put(t, 8, 88, epoch, UINT64_MAX, 0);
	assert_int_equal(get(t, 8, epoch + 365 * 86400 * NS), 88);
	put(t, 9, 77, epoch, epoch - NS, 0); /* over before it began */
	assert_int_equal(get(t, 9, epoch), 0);
	table_free(t);
}

static void test_table_evicts_least_proven(void **arg)
{
	struct table *t = table_new(512, sizeof(uint64_t));
	unsigned kept = 0;

	(void)arg;
	for (uint64_t k = 1; k <= 200; k++)
		put(t, k, k, NS, 99 * NS, 2);
	for (uint64_t k = 1000; k < 101000; k++)
		put(t, k, k, 2 * NS, 99 * NS, 1);
	for (uint64_t k = 1; k <= 200; k++)
		kept += get(t, k, 3 * NS) == k;
	assert_int_equal(kept, 200);
	table_free(t);
}

static void test_table_refuses_below_rank(void **arg)
{
	struct table *t = table_new(512, sizeof(uint64_t));
	unsigned refused = 0;

	(void)arg;
	for (uint64_t k = 1; k <= 5000; k++)
		put(t, k, k, NS, 99 * NS, 1);
	for (uint64_t k = 6000; k < 7000; k++)
		refused += !put(t, k, k, 2 * NS, 99 * NS, 0);
	assert_int_equal(refused, 1000);
	table_free(t);
}

/* Of n keys that all stay alive, those that are not there were pushed out or refused. */
static void test_table_counts_what_it_pushes_out(void **arg)
{
	struct table *t = table_new(512, sizeof(uint64_t));
	uint64_t evicted, refused, made = 0;

	(void)arg;
	for (uint64_t k = 1; k <= 200; k++)
		put(t, k, k, NS, 2 * NS, 1);
	table_pushed(t, &evicted, &refused);
	assert_int_equal(evicted + refused, 0);
	for (uint64_t k = 1000; k < 6000; k++) /* first those that are over, then the living */
		made += put(t, k, k, 3 * NS, 99 * NS, k % 2);
	table_pushed(t, &evicted, &refused);
	assert_int_equal(table_used(t, 3 * NS), table_records(t));
	assert_int_equal(evicted, made - table_records(t));
	assert_int_equal(refused, 5000 - made);
	assert_true(refused > 100);
	table_free(t);
}

/* Large enough for its shards to be counted in parts. */
static void test_table_counts_all(void **arg)
{
	struct table *t = table_new(1 << 18, 1);

	(void)arg;
	for (uint64_t k = 0; k < 50000; k++) {
		struct hold h = table_make(t, spread(k), NS, 0);

		table_keep(&h, NS, (k % 2 ? 3 : 9) * NS, 0);
		table_release(&h);
	}
	assert_int_equal(table_used(t, 2 * NS), 50000);
	assert_int_equal(table_used(t, 5 * NS), 25000);
	table_free(t);
}

/* The oracle: every event's time, counted by hand. */
struct oracle {
	uint64_t t[4096];
	unsigned n;
};

static unsigned oracle_count(const struct oracle *o, uint64_t now, uint64_t window)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n; i++)
		n += now - o->t[i] < window;
	return n;
}

static void test_meter_is_exact(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(1);
	/* a window of whole units, so that the oracle needs no rounding */
	struct meter_limit l = { 16, 16, 32768ull * 10000 };
	struct oracle o = { .n = 0 };
	uint64_t rng = 42, now = NS;

	(void)arg;
	for (unsigned i = 0; i < 4000; i++) {
		unsigned want;
		uint32_t count;
		bool over;

		/* from bursts to pauses longer than the window */
		now += 10000 * (next(&rng) % (i % 500 < 250 ? 1500 : 6000));
		want = oracle_count(&o, now, l.window) + 1;
		count = meter_add(m, key, &l, now, &over);
		assert_int_equal(count, want);
		assert_int_equal(over, want > 16);
		if (!over)
			o.t[o.n++] = now;
	}
	meter_free(m);
}

static void test_meter_large_budget(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(2);
	struct meter_limit l = { 400, 400, 2 * NS };
	struct oracle o = { .n = 0 };
	uint64_t rng = 7, now = NS;
	bool over;

	(void)arg;
	for (unsigned i = 1; i <= 401; i++) {
		assert_int_equal(meter_add(m, key, &l, now, &over), i);
		assert_int_equal(over, i == 401);
	}
	/* never refuses what an exact count would allow; never allows a group too many */
	now += 10 * NS;
	for (unsigned i = 0; i < 4000; i++) {
		unsigned exact;

		now += next(&rng) % (NS / 100);
		exact = oracle_count(&o, now, l.window) + 1;
		meter_add(m, key, &l, now, &over);
		if (over)
			assert_true(exact > 400);
		else
			assert_true(exact <= 400 + 2 * 14);
		if (!over)
			o.t[o.n++] = now;
	}
	meter_free(m);
}

static void test_meter_refund(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(3);
	struct meter_limit l = { 16, 16, 2 * NS };
	bool over;

	(void)arg;
	meter_refund(m, key, &l, NS); /* of nothing: no harm */
	for (unsigned i = 0; i < 1000; i++) {
		meter_add(m, key, &l, NS + i, &over);
		assert_false(over);
		meter_refund(m, key, &l, NS + i);
	}
	assert_int_equal(meter_add(m, key, &l, NS + 2000, &over), 1);
	meter_free(m);
}

static void test_meter_budget_change(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(4);
	struct meter_limit small = { 16, 16, 2 * NS }, large = { 3200, 3200, 2 * NS };
	bool over;

	(void)arg;
	for (unsigned i = 0; i < 16; i++)
		meter_add(m, key, &small, NS, &over);
	/* 16 groups of 100 must not be made of 16 single events */
	assert_int_equal(meter_add(m, key, &large, NS, &over), 1);
	assert_false(over);
	meter_free(m);
}

/*
 * Stamps are 16 bits and wrap after two windows; a record outlives its last event
 * by up to TABLE_SLACK.  What is older than two windows must not come back.
 */
static void test_meter_never_wraps(void **arg)
{
	const struct meter_limit limits[] = { { 16, 16, NS }, { 400, 400, NS } };

	(void)arg;
	for (unsigned i = 0; i < 2; i++) {
		const struct meter_limit *l = &limits[i];

		for (uint64_t late = 0; late < 2 * TABLE_SLACK; late += TABLE_SLACK / 16) {
			struct meter *m = meter_new(64);
			uint64_t key = spread(6), gap = NS - NS / 1000;
			bool over;

			meter_add(m, key, l, NS, &over);
			for (unsigned n = 1; n < 16; n++)
				meter_add(m, key, l, NS + gap, &over);
			/* a whole window after the last: nothing is left to count */
			assert_int_equal(meter_add(m, key, l, NS + 2 * NS + late, &over), 1);
			assert_false(over);
			meter_free(m);
		}
	}
}

/* Each worker reads the clock once a batch: one may be a little behind another. */
static void test_meter_clock_behind(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(7);
	struct meter_limit l = { 16, 16, 2 * NS };
	unsigned passed = 0;
	bool over;

	(void)arg;
	for (unsigned i = 0; i < 100; i++) {
		meter_add(m, key, &l, i % 2 ? 9 * NS : 9 * NS + 300000, &over);
		passed += !over;
	}
	assert_int_equal(passed, 16);
	meter_free(m);
}

/* Zones may give one key several budgets and windows in turn: none may reset or
 * misread what another has counted. */
static void test_meter_limits_in_turn(void **arg)
{
	struct meter *m = meter_new(64);
	uint64_t key = spread(8);
	struct meter_limit l[3] = { { 16, 16, 2 * NS }, { 64, 64, 2 * NS }, { 16, 16, 60 * NS } };
	unsigned passed[3] = { 0 };
	bool over;

	(void)arg;
	for (unsigned i = 0; i < 300; i++) {
		meter_add(m, key, &l[i % 3], 9 * NS, &over);
		passed[i % 3] += !over;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(passed[i], l[i].budget);
	meter_free(m);
}

struct hammer {
	struct meter *m;
	unsigned passed;
};

static void *hammer(void *arg)
{
	struct hammer *h = arg;
	uint64_t key = spread(5);
	struct meter_limit l = { 1000, 1000, 2 * NS };
	bool over;

	for (unsigned i = 0; i < 2000; i++) {
		meter_add(h->m, key, &l, NS, &over);
		h->passed += !over;
	}
	return NULL;
}

static void test_meter_threads(void **arg)
{
	struct hammer h[4] = { 0 };
	pthread_t t[4];
	unsigned passed = 0;

	(void)arg;
	h[0].m = meter_new(64);
	for (unsigned i = 0; i < 4; i++) {
		h[i].m = h[0].m;
		pthread_create(&t[i], NULL, hammer, &h[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		passed += h[i].passed;
	}
	assert_int_equal(passed, 1000);
	meter_free(h[0].m);
}

/* Every byte, the length and every bit of the key must count. */
static void test_hash(void **arg)
{
	struct hash_key k = { 1, 2 }, other = { 1, 3 };
	uint8_t data[64] = { 0 };
	uint64_t seen[65];

	(void)arg;
	for (unsigned n = 0; n <= 64; n++) {
		seen[n] = hash_bytes(&k, data, n);
		for (unsigned i = 0; i < n; i++)
			assert_true(seen[i] != seen[n]);
		assert_true(hash_bytes(&other, data, n) != seen[n]);
	}
	for (unsigned i = 0; i < 64; i++) {
		data[i] = 1;
		assert_true(hash_bytes(&k, data, 64) != seen[64]);
		data[i] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_keeps_what_fits),
		cmocka_unit_test(test_table_expires),
		cmocka_unit_test(test_table_sets),
		cmocka_unit_test(test_table_clock),
		cmocka_unit_test(test_table_evicts_least_proven),
		cmocka_unit_test(test_table_refuses_below_rank),
		cmocka_unit_test(test_table_counts_what_it_pushes_out),
		cmocka_unit_test(test_table_counts_all),
		cmocka_unit_test(test_meter_is_exact),
		cmocka_unit_test(test_meter_large_budget),
		cmocka_unit_test(test_meter_refund),
		cmocka_unit_test(test_meter_budget_change),
		cmocka_unit_test(test_meter_never_wraps),
		cmocka_unit_test(test_meter_clock_behind),
		cmocka_unit_test(test_meter_limits_in_turn),
		cmocka_unit_test(test_meter_threads),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
