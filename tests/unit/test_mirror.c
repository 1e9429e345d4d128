/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mirror of a kernel set against a plain array: puts, removals, sweeps, fullness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "mirror.h"

#define KEYS 300
#define MAX 200
#define STEPS 200000

static struct addr key(unsigned i)
{
	if (i % 2)
		return addr_v4((const uint8_t[4]){ 198, 18, (uint8_t)(i >> 8), (uint8_t)i });
	return addr_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i });
}

static void compare(struct mirror *m, const uint64_t until[KEYS])
{
	uint32_t at = 0, v4 = 0, v6 = 0, walked = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		struct addr a = key(i);
		struct mirror_entry *e = mirror_find(m, &a);

		assert_int_equal(e ? e->until : 0, until[i]);
		v4 += i % 2 && until[i];
		v6 += i % 2 == 0 && until[i];
	}
	while (mirror_next(m, &at))
		walked++;
	assert_int_equal(mirror_count(m, true), v4);
	assert_int_equal(mirror_count(m, false), v6);
	assert_int_equal(walked, v4 + v6);
}

static unsigned step(struct mirror *m, uint64_t until[KEYS], unsigned live)
{
	unsigned i = (unsigned)(rand() % KEYS);
	struct addr a = key(i);
	struct mirror_entry *e;

	if (rand() % 3 == 0) {
		mirror_remove(m, &a);
		live -= until[i] != 0;
		until[i] = 0;
		return live;
	}
	e = mirror_put(m, &a);
	assert_int_equal(e == NULL, until[i] == 0 && live == MAX);
	if (!e)
		return live;
	live += until[i] == 0;
	e->until = until[i] = 1 + (uint64_t)(rand() % 1000);
	return live;
}

static unsigned sweep(struct mirror *m, uint64_t until[KEYS])
{
	uint64_t then = (uint64_t)(rand() % 500);
	unsigned live = 0;

	mirror_sweep(m, then);
	for (unsigned i = 0; i < KEYS; i++) {
		if (until[i] <= then)
			until[i] = 0;
		live += until[i] != 0;
	}
	return live;
}

static void against_an_array(void **unused)
{
	struct mirror *m = mirror_new(MAX);
	uint64_t until[KEYS] = { 0 };
	unsigned live = 0;

	(void)unused;
	assert_non_null(m);
	srand(1);
	for (unsigned i = 0; i < STEPS; i++) {
		live = i % 997 ? step(m, until, live) : sweep(m, until);
		if (i % 101 == 0)
			compare(m, until);
	}
	mirror_clear(m);
	for (unsigned i = 0; i < KEYS; i++)
		until[i] = 0;
	compare(m, until);
	mirror_free(m);
	mirror_free(NULL);
}

/* Whoever yields is found, each in his turn, and nobody else. */
static void those_that_yield(void **unused)
{
	struct mirror *m = mirror_new(MAX);
	unsigned yield = 0, seen[KEYS] = { 0 };
	struct mirror_entry *e;

	(void)unused;
	assert_null(mirror_yielding(m));
	for (unsigned i = 0; i < MAX; i++) {
		struct addr a = key(i);

		e = mirror_put(m, &a);
		e->until = 1 + i;
		mirror_yield(m, e, i % 3 == 0);
		yield += e->yields;
	}
	for (unsigned i = 0; i < yield; i++) {
		e = mirror_yielding(m);
		assert_non_null(e);
		assert_int_equal((e->until - 1) % 3, 0);
		assert_int_equal(seen[e->until - 1]++, 0);
	}
	while ((e = mirror_yielding(m))) {
		struct addr a = e->site;

		mirror_remove(m, &a);
		yield--;
	}
	assert_int_equal(yield, 0);
	mirror_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(against_an_array),
					    cmocka_unit_test(those_that_yield) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
