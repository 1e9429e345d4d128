/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be written for register and registered, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "checks.h"
#include "rules.h"

static void expect_error(const char *text, const char *part)
{
	char *said = rules_error(text);

	assert_non_null(said);
	if (!strstr(said, part))
		fail_msg("said: %s", said);
	free(said);
}

static void test_a_burst_holds_a_second(void **arg)
{
	(void)arg;
	expect_error("register = { rate = 50; burst = 49; };", "burst: 49 is less than");
	expect_error("register = { source_rate = 301; };", "source_burst: 300 is less than");
	ruleset_free(rules_load("register = { rate = 0; burst = 1; source_rate = 300; };"));
}

static void test_methods_begin_something(void **arg)
{
	(void)arg;
	expect_error("registered = { methods = [ \"REGISTER\" ]; };", "begins nothing");
	expect_error("registered = { methods = [ \"invite\" ]; };", "begins nothing");
	expect_error("registered = { methods = [ \"ACK\" ]; };", "begins nothing");
	ruleset_free(rules_load("registered = { methods = [ \"OPTIONS\" ]; };"));
}

static unsigned index_of(const struct check *c)
{
	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == c)
			return i;
	abort();
}

/* A zone has a condition of the name of a check. */
static void test_registered_in_a_zone(void **arg)
{
	struct ruleset *rs = rules_load(
		"registered = { mode = \"enforce\"; };\n"
		"zones = ( { name = \"inside\"; registered = true; },\n"
		"  { name = \"door\"; addresses = [ \"198.51.100.7\" ];\n"
		"    registered = { mode = \"off\"; }; } );");
	unsigned i = index_of(&check_registered);

	(void)arg;
	assert_int_equal(rs->zone[1].registered, 1);
	assert_int_equal(rs->zone[1].policy[i].mode, MODE_ENFORCE);
	assert_int_equal(rs->zone[2].registered, -1);
	assert_int_equal(rs->zone[2].policy[i].mode, MODE_OFF);
	ruleset_free(rs);
	expect_error("zones = ( { name = \"a\"; registered = { mode = \"off\"; }; } );",
		     "has no condition");
	expect_error("zones = ( { name = \"a\"; registered = \"yes\"; } );", "true or false");
	expect_error("registered = true;", "must be a group");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_burst_holds_a_second),
		cmocka_unit_test(test_methods_begin_something),
		cmocka_unit_test(test_registered_in_a_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
