/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a slow scan leaves: for how long, and what of it is taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/slow.h"

static struct slow asked(uint64_t target)
{
	struct slow s = { 0 };

	sketch_add(&s.now.vain, target);
	sketch_add(&s.now.port, target);
	sketch_add(&s.shown, target);
	return s;
}

static unsigned vain(const struct slow *s)
{
	return sketch_count(&s->now.vain, &s->before.vain);
}

static unsigned port(const struct slow *s)
{
	return sketch_count(&s->now.port, &s->before.port);
}

static unsigned shown(const struct slow *s)
{
	return sketch_count(&s->shown, &s->shown);
}

/* A day is two half days: what is of the third ago is gone. */
static void test_turn(void **unused)
{
	struct slow s = asked(7);

	(void)unused;
	slow_turn(&s, 1);
	sketch_add(&s.now.vain, 8);
	assert_int_equal(vain(&s), 2);
	assert_int_equal(port(&s), 1);
	slow_turn(&s, 1);
	assert_int_equal(vain(&s), 1);
	assert_int_equal(port(&s), 0);
	slow_turn(&s, 2);
	assert_int_equal(vain(&s), 0);
}

/* What was shown makes bans that grow: of this half day alone. */
static void test_shown(void **unused)
{
	struct slow s = asked(7);

	(void)unused;
	assert_int_equal(shown(&s), 1);
	slow_turn(&s, 1);
	assert_int_equal(shown(&s), 0);
}

/* Whoever gets through in the end has not asked in vain. */
static void test_drop(void **unused)
{
	struct slow s = asked(7);

	(void)unused;
	slow_turn(&s, 1);
	sketch_add(&s.now.vain, 7);
	sketch_add(&s.now.port, 7);
	sketch_add(&s.shown, 7);
	sketch_add(&s.shown, 9);
	slow_drop(&s, 7);
	assert_int_equal(vain(&s), 0);
	assert_int_equal(port(&s), 0);
	assert_int_equal(shown(&s), 1);
}

static void test_port(void **unused)
{
	struct slow s = asked(7);

	(void)unused;
	slow_turn(&s, 1);
	sketch_add(&s.now.port, 8);
	slow_clear_port(&s);
	assert_int_equal(port(&s), 0);
	assert_int_equal(vain(&s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
