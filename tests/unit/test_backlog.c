/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Alerts that wait: how many there may be, how many go out in a minute, what the rest becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backlog.h"

#define S 1000000000ull
#define MINUTE (60 * S)

static struct backlog b;

static int end(void **arg)
{
	(void)arg;
	backlog_free(&b);
	return 0;
}

static void put(const char *text, const char *check, uint64_t now)
{
	struct alert a = { .json = strdup("{}"), .text = strdup(text) };

	snprintf(a.check, sizeof(a.check), "%s", check);
	snprintf(a.event, sizeof(a.event), "finding");
	backlog_put(&b, &a, now);
}

/* text NULL: nothing may go out before wait ns. */
static void takes(uint64_t now, const char *text, uint64_t wait)
{
	uint64_t w = 0;
	struct alert a;

	if (!backlog_take(&b, now, &a, &w)) {
		assert_null(text);
		assert_int_equal(w, wait);
		return;
	}
	assert_non_null(text);
	assert_string_equal(a.text, text);
	alert_free(&a);
}

static void test_in_order(void **arg)
{
	(void)arg;
	assert_true(backlog_init(&b, 3, 10));
	takes(S, NULL, UINT64_MAX);
	put("a", "x", S);
	put("b", "x", S);
	takes(S, "a", 0);
	put("c", "x", S);
	takes(S, "b", 0);
	takes(S, "c", 0);
	takes(S, NULL, UINT64_MAX);
}

static void test_full(void **arg)
{
	(void)arg;
	assert_true(backlog_init(&b, 2, 10));
	put("a", "x", S);
	put("b", "x", S);
	put("c", "x", S);
	takes(S, "b", 0);
	takes(S, "c", 0);
	takes(S, NULL, MINUTE);
	takes(S + MINUTE, "0 more; 1 could not be delivered", 0);
	takes(S + MINUTE, NULL, UINT64_MAX);
}

static void test_digest(void **arg)
{
	(void)arg;
	assert_true(backlog_init(&b, 9, 2));
	put("a", "flood", S);
	put("b", "flood", S);
	put("c", "flood", S);
	takes(S, "a", 0);
	put("d", "agent", 2 * S);
	put("e", "flood", 2 * S);
	takes(2 * S, "b", 0);
	takes(2 * S, NULL, MINUTE - S);
	put("f", "", 3 * S);
	takes(MINUTE, NULL, S);
	takes(S + MINUTE, "4 more: flood 2, agent 1, finding 1", 0);
	/* the digest counts as one of the new minute */
	put("g", "flood", S + MINUTE);
	put("h", "flood", S + MINUTE);
	takes(S + MINUTE, "g", 0);
	takes(S + MINUTE, NULL, MINUTE);
	takes(S + 2 * MINUTE, "1 more: flood 1", 0);
	takes(S + 5 * MINUTE, NULL, UINT64_MAX);
}

static void test_lost(void **arg)
{
	struct alert a;
	uint64_t wait;

	(void)arg;
	assert_true(backlog_init(&b, 9, 2));
	put("a", "flood", S);
	takes(S, "a", 0);
	backlog_lose(&b, 12);
	takes(2 * S, NULL, MINUTE - S);
	assert_true(backlog_take(&b, S + MINUTE, &a, &wait));
	assert_string_equal(a.json, "{\"event\":\"digest\",\"more\":0,\"lost\":12,"
				    "\"text\":\"0 more; 12 could not be delivered\"}");
	assert_string_equal(a.event, "digest");
	alert_free(&a);
}

/* More checks than are counted apart, with names as long as can be. */
static void test_many(void **arg)
{
	char name[ALERT_WORD];
	struct alert a;
	uint64_t wait;

	(void)arg;
	assert_true(backlog_init(&b, 9, 1));
	put("a", "x", S);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%.*s%u", ALERT_WORD - 5,
			 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", i);
		put("b", name, S);
	}
	takes(S, "a", 0);
	assert_true(backlog_take(&b, S + MINUTE, &a, &wait));
	assert_memory_equal(a.text, "100 more: ", 10);
	assert_int_equal(a.json[strlen(a.json) - 1], '}');
	alert_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_in_order, end),
		cmocka_unit_test_teardown(test_full, end),
		cmocka_unit_test_teardown(test_digest, end),
		cmocka_unit_test_teardown(test_lost, end),
		cmocka_unit_test_teardown(test_many, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
