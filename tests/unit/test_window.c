/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes that are kept of a connection, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>

#include "guard.h"
#include "state/window.h"

#define SPAN 5000

static uint32_t dice(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void test_pool_gives_each_chunk_once(void **arg)
{
	struct pool *p = pool_new(64);
	uint32_t n = pool_chunks(p), *got = calloc(n, sizeof(*got));

	(void)arg;
	assert_int_equal(pool_left(p), n);
	for (uint32_t i = 0; i < n; i++) {
		got[i] = pool_take(p);
		assert_in_range(got[i], 1, n);
		assert_int_equal(pool_chunk(p, got[i])->seq, 0);
		pool_chunk(p, got[i])->seq = 7; /* nobody had this one yet */
	}
	assert_int_equal(pool_take(p), 0);
	assert_int_equal(pool_refused(p), 1);
	assert_int_equal(pool_left(p), 0);
	pool_give(p, got[3]);
	assert_int_equal(pool_take(p), got[3]);
	pool_free(p);
	free(got);
}

static void *take_and_give(void *arg)
{
	struct pool *p = arg;

	for (unsigned i = 0; i < 20000; i++) {
		uint32_t a = pool_take(p), b = pool_take(p);

		/* whoever else had it at the same time would write here too */
		if (a)
			memset(pool_chunk(p, a)->bytes, (int)i, CHUNK_BYTES);
		if (b)
			pool_give(p, b);
		if (a)
			pool_give(p, a);
	}
	return NULL;
}

static void test_pool_of_many_threads(void **arg)
{
	struct pool *p = pool_new(2);
	uint32_t n = pool_chunks(p);
	pthread_t t[3];

	(void)arg;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, take_and_give, p), 0);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(pool_left(p), n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_not_equal(pool_take(p), 0);
	assert_int_equal(pool_take(p), 0);
	pool_free(p);
}

/* What an array of bytes says about the same deeds. */
struct model {
	uint32_t base;
	bool here[SPAN];
	char byte[SPAN];
};

static bool model_differs(const struct model *m, uint32_t at, struct slice b)
{
	for (uint32_t i = 0; i < b.n; i++)
		if (m->here[at + i] && m->byte[at + i] != b.p[i])
			return true;
	return false;
}

static uint32_t model_reach(const struct model *m, uint32_t at)
{
	while (at < SPAN && m->here[at])
		at++;
	return at;
}

static void model_put(struct model *m, uint32_t at, struct slice b)
{
	for (uint32_t i = 0; i < b.n; i++) {
		m->here[at + i] = true;
		m->byte[at + i] = b.p[i];
	}
}

static void play(uint32_t base, uint32_t seed)
{
	struct pool *p = pool_new(64);
	struct window w = { 0 };
	struct model m = { .base = base };
	char text[SPAN], copy[SPAN];
	uint32_t low = 0, left = pool_left(p);

	for (uint32_t i = 0; i < SPAN; i++)
		text[i] = (char)dice(&seed);
	for (unsigned turn = 0; turn < 300; turn++) {
		uint32_t from = low + dice(&seed) % (SPAN - low);
		uint32_t n = dice(&seed) % 700 % (SPAN - from) + 1, reach;
		struct guard g = guard_new((struct slice){ text + from, n });
		char *bytes = (char *)(uintptr_t)g.bytes.p;
		bool differs;

		if (dice(&seed) % 8 == 0)
			bytes[dice(&seed) % n] ^= 1;
		differs = model_differs(&m, from, g.bytes);
		assert_int_equal(window_put(&w, p, base + from, g.bytes, 64),
				 differs ? WINDOW_DIFFERS : WINDOW_KEPT);
		if (!differs)
			model_put(&m, from, g.bytes);
		guard_free(&g);
		reach = model_reach(&m, low);
		assert_int_equal(window_reach(&w, p, base + low), base + reach);
		window_copy(&w, p, base + low, reach - low, copy);
		assert_memory_equal(copy, m.byte + low, reach - low);
		if (dice(&seed) % 40 == 0 && reach > low) {
			low += dice(&seed) % (reach - low);
			window_forget(&w, p, base + low);
		}
		if (low == SPAN)
			break;
	}
	window_remove(&w, p, base + low, 100);
	assert_int_equal(window_reach(&w, p, base + low), base + low);
	window_clear(&w, p);
	assert_int_equal(pool_left(p), left);
	pool_free(p);
}

static void test_window_is_an_array(void **arg)
{
	(void)arg;
	for (uint32_t i = 1; i <= 200; i++)
		play(i % 2 ? 1000 + i : 0u - 2500 + i, i * 2654435761u);
}

static void test_full_keeps_nothing(void **arg)
{
	static char text[4 * CHUNK_BYTES];
	struct pool *p = pool_new(2); /* three chunks */
	struct window w = { 0 };
	uint32_t n = pool_chunks(p);

	(void)arg;
	assert_int_equal(n, 3);
	assert_int_equal(window_put(&w, p, 0, (struct slice){ text, sizeof(text) }, 99),
			 WINDOW_FULL);
	assert_int_equal(window_reach(&w, p, 0), 0);
	assert_int_equal(window_put(&w, p, 0, (struct slice){ text, 3 * CHUNK_BYTES }, 99),
			 WINDOW_KEPT);
	window_forget(&w, p, CHUNK_BYTES);
	assert_int_equal(pool_left(p), 1);
	assert_int_equal(window_put(&w, p, 3 * CHUNK_BYTES, (struct slice){ text, 1 }, 2),
			 WINDOW_FULL); /* one is left, but not for this window */
	assert_int_equal(window_put(&w, p, 3 * CHUNK_BYTES, (struct slice){ text, 1 }, 3),
			 WINDOW_KEPT);
	window_clear(&w, p);
	assert_int_equal(pool_left(p), 3);
	pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_gives_each_chunk_once),
		cmocka_unit_test(test_pool_of_many_threads),
		cmocka_unit_test(test_window_is_an_array),
		cmocka_unit_test(test_full_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
