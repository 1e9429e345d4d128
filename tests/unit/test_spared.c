/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is never banned: what the config says, and what this host is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "confdir.h"
#include "engine.h"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static bool spares(const struct ruleset *rs, const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(slice_of(text), &p), 0);
	return ruleset_spares(rs, &p);
}

static void test_spared(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = confdir_load_text(d, "inside = [ \"192.0.2.1\" ];\n"
					  "bans = { never = [ \"203.0.113.64/26\" ]; };\n"
					  "trusted = { addresses = [ \"2001:db8:1:2::5\" ]; };");
	struct never host = { .why = "a gateway of this host" };
	const struct never *all;
	size_t n;

	assert_non_null(rs);
	assert_true(spares(rs, "192.0.2.1"));
	assert_true(spares(rs, "203.0.113.70"));
	assert_true(spares(rs, "203.0.112.0/20"));
	assert_true(spares(rs, "2001:db8:1:2::/64"));
	assert_false(spares(rs, "192.0.2.2"));
	assert_false(spares(rs, "203.0.113.128"));
	assert_false(spares(rs, "2001:db8:1:3::/64"));
	assert_int_equal(prefix_parse(SLICE("192.0.2.254"), &host.who), 0);
	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(ruleset_set_never(rs, &host, 1), 0);
		all = ruleset_never(rs, &n);
		assert_int_equal(n, 2);
		assert_string_equal(all[0].why, "named in bans.never");
		assert_string_equal(all[1].why, "a gateway of this host");
	}
	assert_true(spares(rs, "192.0.2.254"));
	assert_true(spares(rs, "203.0.113.70"));
	assert_int_equal(ruleset_set_never(rs, NULL, 0), 0);
	assert_false(spares(rs, "192.0.2.254"));
	assert_int_equal(ruleset_set_inside(rs, NULL, 0), 0);
	assert_false(spares(rs, "192.0.2.1"));
	ruleset_free(rs);
	assert_null(confdir_load_text(d, "bans = { never = [ \"0.0.0.0/0\" ]; };"));
	assert_true(confdir_says(d, "is every address"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_spared, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
