/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that are in range and still wrong: an error or a warning says so, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rules.h"

/* What is said first of a config, or NULL; the caller frees it. */
static char *first_note(const char *text)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = rules_read(text, &report);
	char *said = report.n ? conf_note_text(&report.note[0]) : NULL;

	ruleset_free(rs);
	conf_report_free(&report);
	return said;
}

static void test_said(void **arg)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "\nbans = { neighbours = 3; };", "conf:2: bans.neighbours: is out of range: "
						   "must be 0 or 4 to 128" },
		{ "\nanswers = { realm = \"\"; };", "conf:2: answers.realm: must be 1 to 64" },
		{ "\nanswers = { realm = \"a\\\"b\"; };", "conf:2: answers.realm: must be" },
		{ "\napprove = { hook = \"bin/x\"; };", "conf:2: approve.hook: must begin" },
		{ "police = { rate = 5000; known = 100; };", "police.known: is less" },
		{ "queue = { when_full = \"accept\"; known_full = \"drop\"; };", "queue: packets" },
		{ "answers = { strangers = \"small\"; total = 9; strangers_total = 9; };",
		  "answers.strangers_total: is not below" },
		{ "agent = { retry_after = \"30s\"; };", "agent: retry_after: an answer 403" },
	};

	(void)arg;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		char *said = first_note(row[i].text);

		assert_non_null(said);
		if (!strstr(said, row[i].want))
			fail_msg("\"%s\" does not say \"%s\"", said, row[i].want);
		free(said);
	}
}

static void test_kept_still(void **arg)
{
	static const char *const fine[] = {
		"bans = { neighbours = 0; };", "approve = { hook = \"\"; };",
		"police = { rate = 0; known = 100; };", "police = { known = 0; };",
		"queue = { when_full = \"accept\"; };", "answers = { total = 9; };",
		"agent = { code = 503; retry_after = \"30s\"; };",
		"register = { retry_after = \"30s\"; };",
	};

	(void)arg;
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		assert_null(first_note(fine[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_kept_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
