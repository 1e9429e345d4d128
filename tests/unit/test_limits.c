/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as they are written: what cannot be meant is said, and what stays itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules.h"

static void wrong(const char *limits, const char *why)
{
	char text[1024], *said;

	snprintf(text, sizeof(text), "calls = { limits = ( %s ); };", limits);
	said = rules_error(text);
	if (!said || !strstr(said, why))
		fail_msg("%s: \"%s\", not \"%s\"", limits, said ? said : "loads", why);
	free(said);
}

static void test_errors(void **arg)
{
	(void)arg;
	wrong("{ act = 1; }", "needs a name");
	wrong("{ name = \"a\"; }", "does nothing");
	wrong("{ name = \"a\"; warn = 5; act = 5; }", "warn must be less than act");
	wrong("{ name = \"a\"; act = 1; }, { name = \"a\"; act = 2; }", "name of another limit");
	wrong("{ name = \"a\"; count = \"distinct\"; act = 301; }", "up to 300");
	wrong("{ name = \"a\"; count = \"short\"; act = 101; }", "up to 100");
	wrong("{ name = \"a\"; trunk = \"t\"; act = 1; }", "needs per");
	wrong("{ name = \"a\"; per = \"trunk\"; trunk = \"t\"; act = 1; }", "no trunk \"t\"");
	wrong("{ name = \"a\"; per = \"trunk\"; users = [ \"=1\" ]; act = 1; }", "not asked there");
	wrong("{ name = \"a\"; per = \"class\"; act = 1; }", "must say of which");
	wrong("{ name = \"a\"; schedule = \"x\"; act = 1; }", "x");
	wrong("{ name = \"a\"; count = \"years\"; act = 1; }", "must be one of");
	wrong("{ name = \"a\"; act = 1000001; }", "out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
