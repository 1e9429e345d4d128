/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of number prefixes, against asking every prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "number/numberset.h"

#define MOST 3000

struct text {
	char digits[20];
};

static uint64_t random_next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static void digits_make(struct text *t, uint64_t *seed, unsigned least, unsigned most)
{
	unsigned n = least + (unsigned)(random_next(seed) % (most - least + 1));
	unsigned kinds = 2 + (unsigned)(random_next(seed) % 9); /* few: many nest */

	for (unsigned i = 0; i < n; i++)
		t->digits[i] = (char)('9' - random_next(seed) % kinds);
	t->digits[n] = '\0';
}

static uint32_t asked(const struct number_prefix *p, size_t n, struct slice digits,
		      unsigned *length)
{
	uint32_t best = NUMBERSET_NONE;

	*length = 0;
	for (size_t i = 0; i < n; i++) {
		struct slice d = p[i].digits;

		if (d.n < *length || d.n > digits.n || memcmp(d.p, digits.p, d.n) != 0)
			continue;
		best = p[i].value;
		*length = d.n;
	}
	return best;
}

static void test_model(void **state)
{
	static struct text text[MOST];
	static struct number_prefix prefix[MOST];
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		size_t n = random_next(&seed) % (round % 2 ? MOST : 20);
		struct numberset *s;

		for (size_t i = 0; i < n; i++) {
			digits_make(&text[i], &seed, 1, round % 3 ? 6 : NUMBERSET_DIGITS);
			prefix[i] = (struct number_prefix){ slice_of(text[i].digits), (uint32_t)i };
		}
		s = numberset_build(prefix, n);
		assert_non_null(s);
		for (unsigned i = 0; i < 500; i++) {
			unsigned length, wanted_length;
			struct text t;
			uint32_t wanted;

			digits_make(&t, &seed, 1, NUMBERSET_DIGITS + 2);
			if (i % 2 && n && text[i % n].digits[0])
				t.digits[0] = text[i % n].digits[0];
			wanted = asked(prefix, n, slice_of(t.digits), &wanted_length);
			assert_int_equal(numberset_find(s, slice_of(t.digits), &length), wanted);
			assert_int_equal(length, wanted_length);
		}
		numberset_free(s);
	}
}

static void test_edges(void **state)
{
	struct number_prefix p[] = { { SLICE("44"), 1 }, { SLICE("4420"), 2 }, { SLICE("44"), 3 },
				     { SLICE("9999999999999999"), 4 } };
	struct numberset *s = numberset_build(p, 4), *none = numberset_build(NULL, 0);

	(void)state;
	assert_int_equal(numberset_find(s, SLICE("441632960123"), NULL), 3); /* the last one */
	assert_int_equal(numberset_find(s, SLICE("442079460123"), NULL), 2);
	assert_int_equal(numberset_find(s, SLICE("442"), NULL), 3);
	assert_int_equal(numberset_find(s, SLICE("4"), NULL), NUMBERSET_NONE);
	assert_int_equal(numberset_find(s, SLICE("45"), NULL), NUMBERSET_NONE);
	assert_int_equal(numberset_find(s, SLICE("43"), NULL), NUMBERSET_NONE);
	assert_int_equal(numberset_find(s, SLICE_NONE, NULL), NUMBERSET_NONE);
	assert_int_equal(numberset_find(s, SLICE("99999999999999990"), NULL), 4);
	assert_int_equal(numberset_find(s, SLICE("44*20"), NULL), 3);
	assert_int_equal(numberset_find(none, SLICE("44"), NULL), NUMBERSET_NONE);
	assert_int_equal(numberset_find(NULL, SLICE("44"), NULL), NUMBERSET_NONE);
	assert_true(numberset_bytes(s) > 0);
	assert_int_equal(numberset_bytes(NULL), 0);
	numberset_free(s);
	numberset_free(none);
	numberset_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_model),
					    cmocka_unit_test(test_edges) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
