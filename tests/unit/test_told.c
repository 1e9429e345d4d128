/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a packet or a call, as events say it; and the command that asks for events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "journal.h"
#include "told.h"

#define FLOOD 3000 /* more than the journal holds */

/* ---- actions ---- */

static const struct {
	struct decision d;
	const char *action;
	bool acts; /* it is remembered for longer */
} decisions[] = {
	{ { .verdict = VERDICT_DROP }, "dropped", false },
	{ { .verdict = VERDICT_ACCEPT, .observed = true }, "dropped", false },
	{ { .verdict = VERDICT_ACCEPT }, "noticed", false },
	{ { .verdict = VERDICT_REJECT }, "refused", false },
	{ { .verdict = VERDICT_DECOY }, "deceived", false },
	{ { .verdict = VERDICT_DROP, .ban = 60 }, "banned", true },
	{ { .verdict = VERDICT_REJECT, .ban = 60 }, "banned", true },
	{ { .verdict = VERDICT_ACCEPT, .mark = 7, .mark_time = 60 }, "marked", true },
	{ { .verdict = VERDICT_DROP, .mark = 7, .mark_time = 60 }, "dropped", true },
	{ { .verdict = VERDICT_DROP, .call = true }, "cut", true },
	{ { .verdict = VERDICT_ACCEPT, .call = true }, "noticed", true },
};

static void what_became_of_it(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		struct told t = { .kind = TOLD_FINDING, .news.ev.d = decisions[i].d };
		const char *name = told_action_name(told_action_of(&decisions[i].d));

		if (strcmp(name, decisions[i].action) != 0 || told_acts(&t) != decisions[i].acts)
			fail_msg("decision %zu: %s, acts %d", i, name, told_acts(&t));
		t.kind = TOLD_MORE;
		assert_false(told_acts(&t));
	}
}

/* ---- the command ---- */

static struct journal *j;

static int begin(void **unused)
{
	(void)unused;
	j = journal_new();
	return j ? 0 : -1;
}

static int end(void **unused)
{
	(void)unused;
	journal_free(j);
	return 0;
}

static void notices(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct told t = { .kind = TOLD_NOTICE, .level = LOG_INFO_, .line = "x" };

		journal_add(j, &t);
	}
}

/* The answer, of which the caller has a reference; *waits: s that it is to wait, or 0. */
static json_t *ask(bool last, unsigned *waits, const char *format, ...)
{
	const struct commands_on on = { .journal = j };
	struct asking a = { .on = &on, .last = last };
	char line[256], *text;
	json_t *answer;
	va_list args;
	size_t n;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	a.r = request_read(line, strlen(line));
	eventcommands_events(&a);
	*waits = request_waits(a.r);
	text = request_answer(a.r, &n);
	answer = json_loadb(text, n, 0, NULL);
	assert_non_null(answer);
	free(text);
	request_free(a.r);
	return answer;
}

static json_int_t number(json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

static size_t events(json_t *answer)
{
	return json_array_size(json_object_get(answer, "events"));
}

static void what_is_gone_is_told_at_once(void **unused)
{
	unsigned waits;
	json_int_t first;
	json_t *a;

	(void)unused;
	notices(1);
	a = ask(false, &waits, "{\"command\":\"events\"}");
	first = number(a, "last");
	assert_int_equal(events(a), 1);
	json_decref(a);
	notices(FLOOD);
	/* none is wanted, but of those that are gone nobody knows */
	a = ask(false, &waits, "{\"command\":\"events\",\"after\":%lld,\"event\":\"more\","
		"\"wait\":9}", (long long)first);
	assert_int_equal(waits, 0);
	assert_int_equal(events(a), 0);
	assert_int_equal(number(a, "missed"), FLOOD - 1024);
	assert_int_equal(number(a, "last"), first + FLOOD);
	json_decref(a);
}

static void it_waits_for_what_is_wanted(void **unused)
{
	unsigned waits;
	json_int_t last;
	json_t *a;

	(void)unused;
	a = ask(false, &waits, "{\"command\":\"events\",\"wait\":9}");
	assert_int_equal(waits, 0); /* nothing to go on from */
	last = number(a, "last");
	json_decref(a);
	json_decref(ask(false, &waits, "{\"command\":\"events\",\"after\":%lld,\"wait\":9}",
			(long long)last));
	assert_int_equal(waits, 9);
	a = ask(true, &waits, "{\"command\":\"events\",\"after\":%lld,\"wait\":9}",
		(long long)last);
	assert_int_equal(waits, 0);
	assert_int_equal(number(a, "last"), last);
	json_decref(a);
	notices(2);
	a = ask(false, &waits, "{\"command\":\"events\",\"after\":%lld,\"wait\":9,\"most\":1}",
		(long long)last);
	assert_int_equal(waits, 0);
	assert_int_equal(events(a), 1);
	assert_int_equal(number(a, "last"), last + 1);
	assert_int_equal(number(a, "missed"), 0);
	json_decref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_became_of_it),
		cmocka_unit_test_setup_teardown(what_is_gone_is_told_at_once, begin, end),
		cmocka_unit_test_setup_teardown(it_waits_for_what_is_wanted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
