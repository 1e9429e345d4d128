/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows of a list are new, changed or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "changes.h"

#define MANY 5000

static void note(void *arg, uint64_t id)
{
	uint64_t *gone = arg;

	gone[0]++;
	gone[1] += id;
}

static void test_rounds(void **unused)
{
	struct changes c = { 0 };
	uint64_t gone[2] = { 0, 0 };

	(void)unused;
	assert_true(changes_see(&c, 7, 1));
	assert_true(changes_see(&c, 8, 1));
	changes_round(&c, note, gone);
	assert_int_equal(gone[0], 0);
	assert_false(changes_see(&c, 7, 1));
	assert_true(changes_see(&c, 8, 2));
	changes_round(&c, note, gone);
	assert_false(changes_see(&c, 8, 2));
	changes_round(&c, note, gone);
	assert_int_equal(gone[0], 1);
	assert_int_equal(gone[1], 7);
	assert_true(changes_see(&c, 7, 1)); /* it is back */
	changes_forget(&c);
	assert_true(changes_see(&c, 8, 2));
	changes_round(&c, note, gone);
	assert_int_equal(gone[0], 1);
	changes_forget(&c);
}

/* As many as never share a place, and ids that are alike. */
static void test_many(void **unused)
{
	struct changes c = { 0 };
	uint64_t gone[2] = { 0, 0 };

	(void)unused;
	for (uint64_t i = 1; i <= MANY; i++)
		assert_true(changes_see(&c, i << 32, i));
	changes_round(&c, note, gone);
	for (uint64_t i = 1; i <= MANY; i += 2)
		assert_false(changes_see(&c, i << 32, i));
	changes_round(&c, note, gone);
	assert_int_equal(gone[0], MANY / 2);
	for (uint64_t i = 1; i <= MANY; i++)
		assert_int_equal(changes_see(&c, i << 32, i), i % 2 == 0);
	changes_round(&c, note, gone);
	assert_int_equal(gone[0], MANY / 2);
	changes_forget(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
