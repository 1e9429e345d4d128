/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same rules in another mode: whom weak passwords restrict goes with it, and what is pointed at
 * stays in its own zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "confdir.h"
#include "ruleset.h"
#include "settings.h"
#include "zone.h"

#define CONF "geo = { country = \"/nonexistent\"; asn = \"/nonexistent\"; };\nmode = \"%s\";\n" \
	"zones = ( { name = \"restricted\"; assigned = true; } );\n" \
	"password = { mode = \"enforce\"; zone = \"restricted\"; };\n"

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

static struct ruleset *load(struct confdir *d, const char *mode)
{
	char text[512];
	struct ruleset *rs;

	snprintf(text, sizeof(text), CONF, mode);
	rs = confdir_load_text(d, text);
	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	return rs;
}

/* Of all zones: how many restrict weak passwords, each within the same rules. */
static unsigned restricting(const struct ruleset *rs)
{
	unsigned n = 0;

	for (unsigned z = 0; z < rs->n_zones; z++) {
		if (!rs->zone[z].weak)
			continue;
		assert_in_range((uintptr_t)rs->zone[z].weak, (uintptr_t)rs->zone,
				(uintptr_t)(rs->zone + rs->n_zones - 1));
		n++;
	}
	return n;
}

static void to_observe(void **state)
{
	struct ruleset *rs = load(*state, "enforce");
	unsigned before = restricting(rs);
	struct ruleset *view = ruleset_in_mode(rs, MODE_OBSERVE);

	assert_non_null(view);
	assert_true(before > 0);
	assert_int_equal(ruleset_settings(view)->mode, MODE_OBSERVE);
	assert_int_equal(restricting(view), 0);
	assert_int_equal(view->n_zones, rs->n_zones);
	/* what it was made of is as before, also when it is gone */
	ruleset_free(view);
	assert_int_equal(ruleset_settings(rs)->mode, MODE_ENFORCE);
	assert_int_equal(restricting(rs), before);
	ruleset_free(rs);
}

static void to_enforce(void **state)
{
	struct ruleset *rs = load(*state, "observe"), *like = load(*state, "enforce");
	struct ruleset *view = ruleset_in_mode(rs, MODE_ENFORCE);

	assert_non_null(view);
	assert_int_equal(restricting(rs), 0);
	assert_int_equal(restricting(view), restricting(like));
	assert_int_equal(ruleset_settings(view)->mode, MODE_ENFORCE);
	for (unsigned z = 0; z < view->n_zones; z++)
		assert_memory_equal(view->zone[z].policy, like->zone[z].policy,
				    sizeof(view->zone[z].policy));
	ruleset_free(view);
	ruleset_free(like);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(to_observe, setup, teardown),
		cmocka_unit_test_setup_teardown(to_enforce, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
