/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pipes as an operator writes them: which are refused and why, and what they are in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"

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

/* A pipe, behind a good one, and what one of the notes must hold. */
static const struct broken {
	const char *pipe, *says;
} broken[] = {
	{ "limit = 1;", "pipe.pipes[1].name: must be 1 to 31 letters" },
	{ "name = \"good\"; limit = 1;", "pipes[1].name: a pipe of this name was written before" },
	{ "name = \"p\";", "pipe.pipes[1].limit: must say how many" },
	{ "name = \"p\"; limit = 65536;", "pipes[1].limit: is out of range" },
	{ "name = \"p\"; limit = 1; window = \"2d\";", "pipes[1].window: is out of range" },
	{ "name = \"p\"; limit = 1; per = \"nothing\";", "pipes[1].per: must be one of" },
	{ "name = \"p\"; limit = 1; per = \"number\";", "pipes[1].per: must be one of" },
	{ "name = \"p\"; limit = 1; per = \"destination\";",
	  "pipes[1].per: \"destination\" counts for each entry of the key to, which is empty" },
	{ "name = \"p\"; limit = 1; burst = 2;", "pipes[1].burst: is for algorithm = \"bucket\"" },
	{ "name = \"p\"; limit = 1; early = 100;", "pipes[1].early: is out of range" },
	{ "name = \"p\"; limit = 1; reserve = 101;", "pipes[1].reserve: is out of range" },
	{ "name = \"p\"; limit = 1; algorithm = \"tail\";", "pipes[1].algorithm: must be one of" },
	{ "name = \"p\"; limit = 1; algorithm = \"feedback\";", "pipes[1].limit: is not asked" },
	{ "name = \"p\"; per = \"zone\"; algorithm = \"feedback\";",
	  "pipes[1].per: must be \"all\" with" },
	{ "name = \"p\"; target = 9; algorithm = \"feedback\";", "target: is out of range" },
	{ "name = \"p\"; limit = 1; status = [ \"4\" ]; to = [ \"44\" ];", "an answer dials no" },
	{ "name = \"p\"; limit = 1; action = \"pass\";", "pipes[1].action: must be one of" },
};

static void test_refused(void **state)
{
	struct confdir *d = *state;
	char text[512];

	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		snprintf(text, sizeof(text),
			 "pipe = { pipes = ( { name = \"good\"; limit = 1; },\n{ %s } ); };",
			 broken[i].pipe);
		assert_null(confdir_load_text(d, text));
		if (!confdir_says(d, broken[i].says))
			fail_msg("%s: wanted: %s", broken[i].pipe, broken[i].says);
	}
}

struct page {
	char text[2048];
	size_t n;
};

static void keep(void *arg, const char *line)
{
	struct page *p = arg;

	p->n += (size_t)snprintf(p->text + p->n, sizeof(p->text) - p->n, "%s\n", line);
}

static void test_words(void **state)
{
	struct page page = { .n = 0 };
	struct ruleset *rs = confdir_load_text(*state,
		"pipe = { pipes = ("
		"{ name = \"calls\"; method = [ \"INVITE\" ]; limit = 30; },"
		"{ name = \"each\"; limit = 5; per = \"source\"; window = \"1m\"; "
		"action = \"drop\"; },"
		"{ name = \"tokens\"; algorithm = \"bucket\"; limit = 5; burst = 9; reserve = 0; },"
		"{ name = \"soft\"; algorithm = \"red\"; limit = 9; early = 40; per = \"zone\"; },"
		"{ name = \"load\"; algorithm = \"feedback\"; direction = \"both\"; "
		"action = \"alert\"; }"
		"); };");

	assert_non_null(rs);
	ruleset_describe(rs, keep, &page);
	ruleset_free(rs);
	assert_non_null(strstr(page.text,
		"1. calls: INVITE from outside; 30 in 1s in all, 20 % kept for the known: reject\n"
		"2. each: requests from outside; 5 in 1m per source: drop\n"
		"3. tokens: requests from outside; 5 in 1s in all, 9 at once: reject\n"
		"4. soft: requests from outside; 9 in 1s per zone, from 40 % of it on some are "
		"refused, 20 % kept for the known: reject\n"
		"5. load: requests both ways; while packets wait more than 20 ms, 20 % kept for "
		"the known: alert\n"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	cmocka_unit_test_setup_teardown(test_words, setup, teardown),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
