/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which checks are asked about a message: no others cost it anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "checks.h"
#include "rules.h"
#include "ruleset.h"

static unsigned check_index(const char *name)
{
	unsigned i = 0;

	while (i < check_count && strcmp(checks[i]->name, name) != 0)
		i++;
	assert_true(i < check_count);
	return i;
}

static bool is_asked(const struct ruleset *rs, unsigned zone, const char *check)
{
	return rs->zone[zone].asked >> check_index(check) & 1;
}

/* What is off, and what has nothing to look for, costs nothing. */
static void test_idle_checks(void **unused)
{
	struct ruleset *rs = rules_load(
		"calls = { limits = ( ); };\n"
		   "zones = ( { name = \"a\"; registered = true; agent = { mode = \"off\"; };\n"
		   "  pattern = { rules = ( { name = \"x\"; number = [ \"^00\" ];\n"
		   "  action = \"drop\"; } ); }; } );\n");
	const struct lookers *l = &rs->lookers;
	uint32_t pattern = 1u << check_index("pattern"), calls = 1u << check_index("calls");

	(void)unused;
	assert_true(is_asked(rs, 0, "agent") && !is_asked(rs, 1, "agent"));
	assert_true(!is_asked(rs, 0, "pattern") && is_asked(rs, 1, "pattern"));
	assert_false(is_asked(rs, 0, "cost") || is_asked(rs, 0, "calls"));
	assert_true(l->response & l->request[METHOD_BYE] & l->request[METHOD_INVITE] & pattern);
	assert_true(l->request[METHOD_INVITE] & calls);
	assert_false((l->request[METHOD_BYE] | l->response | l->nothing) & calls);
	assert_true(l->way[0][1] & l->way[1][1] & calls);
	assert_false(l->way[0][1] & pattern);
	ruleset_free(rs);
	rs = rules_load("");
	assert_true(is_asked(rs, 0, "calls"));
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_idle_checks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
