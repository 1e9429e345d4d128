/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes cut into pieces, compared address by address with the prefixes themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "pieces.h"

#define MOST 40

static int by_order(const void *a, const void *b)
{
	return pieces_order(&((const struct piece_of *)a)->who,
			    &((const struct piece_of *)b)->who);
}

static struct addr address(bool v4, unsigned last)
{
	struct addr a = { { 0 } };

	if (v4)
		return addr_v4((const uint8_t[4]){ 255, 255, 255, (uint8_t)last });
	memset(a.b, 0xff, 15);
	a.b[15] = (uint8_t)last;
	return a;
}

/* Of all that hold the address and have not ended: the one that lasts longest. */
static const struct piece_of *longest(const struct piece_of *list, size_t n,
				      const struct addr *a, uint64_t now)
{
	const struct piece_of *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (list[i].until > now && prefix_has(&list[i].who, a) &&
		    addr_is_v4(&list[i].who.addr) == addr_is_v4(a) &&
		    (!best || list[i].until > best->until))
			best = &list[i];
	return best;
}

static void compare(const struct piece_of *list, size_t n, const struct piece *out, size_t m,
		    const struct addr *a)
{
	const struct piece_of *want = longest(list, n, a, 10);
	const struct piece *got = NULL;

	for (size_t i = 0; i < m; i++)
		if (addr_is_v4(&out[i].at.lo) == addr_is_v4(a) &&
		    memcmp(a->b, out[i].at.lo.b, 16) >= 0 &&
		    memcmp(a->b, out[i].at.hi.b, 16) <= 0) {
			assert_null(got); /* apart from each other */
			got = &out[i];
		}
	assert_true(!got == !want);
	if (got)
		assert_int_equal(got->until, want->until);
}

/* The end of the address space, where a step further is none. */
static size_t random_list(struct piece_of *list)
{
	size_t n = (size_t)(rand() % MOST), kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct addr a = address(rand() % 2, (unsigned)rand() % 256);
		unsigned len = 118 + (unsigned)rand() % 11;
		bool again = false;

		list[kept] = (struct piece_of){ .who = { addr_masked(&a, len), (uint8_t)len },
						.until = (uint64_t)(8 + rand() % 5) };
		snprintf(list[kept].text, NFTSET_COMMENT, "%d", rand() % 2);
		for (size_t k = 0; k < kept; k++)
			again |= pieces_order(&list[k].who, &list[kept].who) == 0;
		kept += !again;
	}
	qsort(list, kept, sizeof(*list), by_order);
	return kept;
}

static void agrees_with_the_prefixes(void **unused)
{
	struct piece_of list[MOST];
	struct piece out[2 * MOST];

	(void)unused;
	srand(6);
	for (unsigned round = 0; round < 2000; round++) {
		size_t n = random_list(list), m = pieces_cut(list, n, 10, out);

		assert_true(m <= 2 * n);
		for (unsigned k = 0; k < 512; k++) {
			struct addr a = address(k & 1, k / 2);

			compare(list, n, out, m, &a);
		}
		for (size_t i = 0; i < m; i++)
			assert_true(memcmp(out[i].at.lo.b, out[i].at.hi.b, 16) <= 0);
	}
}

static struct piece_of one(const char *who, uint64_t until, const char *text)
{
	struct piece_of p = { .until = until };

	assert_int_equal(prefix_parse(slice_of(who), &p.who), 0);
	snprintf(p.text, sizeof(p.text), "%s", text);
	return p;
}

static void says_who_lasts_longest(void **unused)
{
	const struct piece_of list[] = { one("10.0.0.0/8", 20, "wide"),
					 one("10.1.0.0/16", 30, "longer"),
					 one("10.1.2.0/24", 15, "shorter"),
					 one("10.2.0.0/16", 5, "over"),
					 one("11.0.0.0/8", 20, "wide") };
	struct piece out[10];

	(void)unused;
	assert_int_equal(pieces_cut(list, 5, 10, out), 3);
	assert_string_equal(out[0].text, "wide");
	assert_string_equal(out[1].text, "longer");
	assert_int_equal(out[1].at.lo.b[13], 1);
	assert_int_equal(out[1].at.hi.b[13], 1);
	/* those behind it, of two prefixes that say the same, are one piece */
	assert_string_equal(out[2].text, "wide");
	assert_int_equal(out[2].at.lo.b[13], 2);
	assert_int_equal(out[2].at.hi.b[12], 11);
	assert_int_equal(pieces_cut(list, 0, 10, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_prefixes),
		cmocka_unit_test(says_who_lasts_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
