/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A setting without its "=" is called that, and what is wrong behind it is told, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"

static void says(const char *text, const char *first, const char *second)
{
	struct confdir *d = confdir_new();

	assert_null(confdir_load_text(d, text));
	if (!confdir_says(d, first) || !confdir_says(d, second))
		confdir_print(d);
	assert_true(confdir_says(d, first));
	assert_true(confdir_says(d, second));
	assert_false(confdir_says(d, "syntax error"));
	confdir_free(d);
}

static void test_equals(void **state)
{
	(void)state;
	says("mode = \"observe\";\nflood { bduget = 16; };",
	     "sipmoat.conf:2: \"flood\" lacks a = behind it", "flood.bduget: unknown key");
	says("inside [ \"192.0.2.300\" ];", ":1: \"inside\" lacks a =",
	     "\"192.0.2.300\" is no address");
	says("flood = { ban \"8x\"; };", "\"ban\" lacks a =", "flood.ban: is not a duration");
	says("flood = { }; zones ( 5 );", "\"zones\" lacks a =", "zones: has the wrong type");
}

/* A value without quotes stays one, whatever stands behind it. */
static void test_values(void **state)
{
	struct confdir *d = confdir_new();

	(void)state;
	assert_null(confdir_load_text(d, "mode = enforce \"x\";"));
	assert_true(confdir_says(d, "\"enforce\" needs quotes"));
	assert_null(confdir_load_text(d, "inside = [ pbx \"192.0.2.1\" ];"));
	assert_true(confdir_says(d, "\"pbx\" needs quotes"));
	assert_false(confdir_says(d, "lacks a ="));
	confdir_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
