/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of sites: how many there may be, who goes first, how scores fade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>

#include "engine.h"
#include "state/hash.h"
#include "state/sites.h"

static const uint8_t seed[16] = { 9 };
static const struct settings sizes = { .meters = 1024, .sources = 1024, .registrants = 1024,
				       .tokens = 1024, .ban_max = 64 };

/* Keys whose bits all count, as those of addresses. */
static uint64_t spread(uint64_t n)
{
	const struct hash_key secret = { 3, 4 };

	return hash_bytes(&secret, &n, sizeof(n));
}

static struct table_fill fill(struct state *st, const char *table, uint64_t now)
{
	struct table_fill all[TABLE_COUNT];

	state_fill(st, now, all);
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if (!strcmp(all[i].name, table))
			return all[i];
	fail_msg("no table %s", table);
	return all[0];
}

static struct source find_key(struct state *st, uint64_t key, uint64_t now)
{
	struct source s;

	source_find(st, key, now, &s);
	return s;
}

/* The promise: a million sources in 64 MB.  A table that is full to the last records
 * loses some; one of twice the size, which still fits, next to none. */
static void test_a_million(void **arg)
{
	struct settings million = sizes;
	struct state *st;
	unsigned known = 0;

	(void)arg;
	million.sources = 1000000;
	st = state_new(&million, seed);
	assert_in_range(fill(st, "sources", NS).bytes, 1, 64000000);
	state_free(st);
	million.sources = 1500000;
	st = state_new(&million, seed);
	assert_in_range(fill(st, "sources", NS).bytes, 1, 64000000);
	for (uint64_t i = 0; i < 1000000; i++)
		source_returned(st, spread(i), NS);
	for (uint64_t i = 0; i < 1000000; i++)
		known += find_key(st, spread(i), 2 * NS).standing == RETURNED;
	assert_in_range(known, 999500, 1000000);
	assert_in_range(fill(st, "sources", 2 * NS).live, known, 1000000);
	state_free(st);
}

/* Two phones at each of n sites from `first` on. */
static void register_sites(struct state *st, uint64_t first, unsigned n, uint32_t seconds,
			   uint64_t now)
{
	for (uint64_t i = first; i < first + n; i++) {
		site_registered(st, spread(i), 1, seconds, now);
		site_registered(st, spread(i), 2, seconds, now);
	}
}

/* Sites of which as many phones are known; all of them must be known as registered. */
static unsigned sites_with(struct state *st, uint64_t first, unsigned n, unsigned phones,
			   uint64_t now)
{
	unsigned found = 0;

	for (uint64_t i = first; i < first + n; i++) {
		struct source s = find_key(st, spread(i), now);

		assert_int_equal(s.standing, REGISTERED);
		found += s.registrations == phones;
	}
	return found;
}

static void test_registrants_go_in_order(void **arg)
{
	struct settings some = sizes;
	struct state *st;
	uint64_t evicted;

	(void)arg;
	some.sources = 65536; /* and 1024 registrants */
	st = state_new(&some, seed);
	register_sites(st, 0, 250, 3600, NS);
	register_sites(st, 1000, 3000, 60, NS);
	assert_in_range(sites_with(st, 0, 250, 2, 2 * NS), 245, 250); /* the soonest go first */
	assert_in_range(sites_with(st, 1000, 3000, 2, 2 * NS), 700, 774);
	evicted = fill(st, "registrants", 2 * NS).evicted;
	assert_in_range(evicted, 2226, 2300);
	/* a hundred come when the short ones are over: no one alive has to go */
	register_sites(st, 5000, 100, 3600, 100 * NS);
	assert_in_range(sites_with(st, 0, 250, 2, 101 * NS), 245, 250);
	assert_int_equal(sites_with(st, 5000, 100, 2, 101 * NS), 100);
	assert_int_equal(fill(st, "registrants", 101 * NS).evicted, evicted);
	state_free(st);
}

/* One phone of a site that was pushed out comes and goes: the others are still there. */
static void test_pushed_out_but_registered(void **arg)
{
	struct settings some = sizes;
	struct state *st;
	uint64_t i = 0;

	(void)arg;
	some.sources = 65536;
	st = state_new(&some, seed);
	register_sites(st, 0, 10, 3600, NS);
	register_sites(st, 1000, 5000, 3700, NS);
	while (i < 10 && find_key(st, spread(i), 2 * NS).registrations != 1)
		i++;
	assert_true(i < 10);
	site_registered(st, spread(i), 2, 60, 3 * NS);
	assert_int_equal(find_key(st, spread(i), 4 * NS).registrations, 1);
	site_unregistered(st, spread(i), 2, 5 * NS);
	assert_int_equal(find_key(st, spread(i), 6 * NS).standing, REGISTERED);
	assert_int_equal(find_key(st, spread(i), 3630 * NS).standing, REGISTERED);
	assert_int_equal(find_key(st, spread(i), 3640 * NS).standing, STRANGER);
	state_free(st);
}

/* Against the formula, for each step of some half-lives. */
static void test_score_fades(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	uint64_t step = SOURCE_HALF_LIFE * NS / 64, start = 1000 * step;
	double want = 60001;

	(void)arg;
	assert_int_equal(source_score_add(st, 7, 60001, start), 60001);
	for (unsigned i = 0; i < 64 * 17; i++) {
		unsigned got = source_score(st, 7, start + i * step);

		assert_int_equal(got, (unsigned)(want + 1 / 128.));
		assert_int_equal(source_score(st, 7, start + (i + 1) * step - 1), got);
		if (i % 64 == 0)
			assert_int_equal(got, 60001 >> i / 64);
		want *= 0.98922801319397548; /* 2^-(1/64) */
	}
	assert_int_equal(source_score(st, 7, start + 17 * SOURCE_HALF_LIFE * NS), 0);
	assert_int_equal(source_score(st, 8, start), 0);
	state_free(st);
}

/* To 2/10,000 of a point, where that shows: just below and above a whole one. */
static void test_score_is_exact(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	uint64_t step = SOURCE_HALF_LIFE * NS / 64;

	(void)arg;
	for (unsigned points = 65000; points < 65500; points++) {
		double want = points + 1 / 128.;

		source_score_add(st, spread(points), points, NS);
		for (unsigned i = 0; i < 64; i++) {
			unsigned got = source_score(st, spread(points), NS + i * step);

			if ((unsigned)(want - 2e-4) == (unsigned)(want + 2e-4))
				assert_int_equal(got, (unsigned)want);
			want = (want - 1 / 128.) * 0.98922801319397548 + 1 / 128.;
		}
	}
	state_free(st);
}

/* Roundings do not sum up to a point, however often a score was written meanwhile. */
static void test_score_written_often(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	uint64_t step = SOURCE_HALF_LIFE * NS / 64;

	(void)arg;
	for (unsigned points = 2; points < 60000; points = points * 5 / 2) {
		for (unsigned i = 0; i <= 64; i++)
			source_score_add(st, points, i ? 0 : points, NS + i * step);
		assert_int_equal(source_score(st, points, NS + 64 * step), points / 2);
	}
	state_free(st);
}

/* However often somebody adds: a point each step sums up to 1 / (1 - 2^-(1/64)). */
static void test_score_sums_up(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	uint64_t step = SOURCE_HALF_LIFE * NS / 64, now = NS;
	unsigned sum = 0;

	(void)arg;
	for (unsigned i = 0; i < 64 * 40; i++, now += step)
		sum = source_score_add(st, 7, 100, now);
	assert_in_range(sum, 9283, 9284); /* 9283.29, within a hundredth of a point each */
	now -= step;
	assert_int_equal(source_score_add(st, 7, 0, now), sum);
	assert_int_equal(source_score(st, 7, now - 5 * NS), sum); /* a clock behind */
	assert_int_equal(source_score_add(st, 7, 4000000000u, now), SOURCE_SCORE_MOST);
	assert_int_equal(source_score_add(st, 7, 1, now), SOURCE_SCORE_MOST);
	assert_int_equal(source_score(st, 7, now + SOURCE_HALF_LIFE * NS), SOURCE_SCORE_MOST / 2);
	assert_int_equal(find_key(st, 7, now).standing, STRANGER);
	source_returned(st, 7, now);
	assert_int_equal(source_score(st, 7, now), SOURCE_SCORE_MOST);
	state_free(st);
}

/* Points alone push out nobody who has proven something. */
static void test_score_evicts_nobody(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	unsigned known = 0;

	(void)arg;
	for (uint64_t i = 0; i < 300; i++)
		source_returned(st, spread(i), NS);
	for (uint64_t i = 1000; i < 20000; i++)
		source_score_add(st, spread(i), 9, NS);
	for (uint64_t i = 0; i < 300; i++)
		known += find_key(st, spread(i), NS).standing == RETURNED;
	assert_int_equal(known, 300);
	state_free(st);
}

#define ROUNDS 20000

/* Phones of one site come and go, and points are given, all at once. */
struct phone {
	struct state *st;
	uint16_t who;
};

static void *one_phone(void *arg)
{
	const struct phone *phone = arg;
	struct state *st = phone->st;
	uint16_t who = phone->who;
	struct source s;

	for (unsigned i = 0; i < ROUNDS; i++) {
		site_registered(st, 7, who, 60, NS);
		source_score_add(st, 7, 1, NS);
		source_find(st, 7, NS, &s);
		if (s.standing != REGISTERED || !s.registrations || s.registrations > 4)
			return st;
		if (i + 1 < ROUNDS)
			site_unregistered(st, 7, who, NS);
	}
	return NULL;
}

static void test_threads(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct phone each[4] = { { st, 1 }, { st, 2 }, { st, 3 }, { st, 4 } };
	pthread_t t[4];
	void *bad;

	(void)arg;
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, one_phone, &each[i]);
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(find_key(st, 7, NS).registrations, 4);
	assert_int_equal(source_score(st, 7, NS), SOURCE_SCORE_MOST);
	state_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_million),
		cmocka_unit_test(test_registrants_go_in_order),
		cmocka_unit_test(test_pushed_out_but_registered),
		cmocka_unit_test(test_score_fades),
		cmocka_unit_test(test_score_is_exact),
		cmocka_unit_test(test_score_written_often),
		cmocka_unit_test(test_score_sums_up),
		cmocka_unit_test(test_score_evicts_nobody),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("sites", tests, NULL, NULL);
}
