/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How numbers are read: the examples of docs/numbers.md, and what is refused of a config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "number/number.h"
#include "rules.h"

#define PAGE "docs/numbers.md"
#define CELLS 6
#define AREA "dialplan = { country = \"49\"; area = \"30\"; "

static const struct {
	const char *name, *text;
} configs[] = {
	{ "-", "" },
	{ "de", AREA "};" },
	{ "de0", AREA "outside = [ \"0\" ]; extensions = [ \"/^[1-7][0-9]{2}$/\" ]; };" },
	{ "us", "dialplan = { country = \"1\"; };" },
	{ "9us", "dialplan = { country = \"1\"; outside = [ \"9\" ]; };" },
	{ "gb", "dialplan = { country = \"44\"; };" },
	{ "it", "dialplan = { country = \"39\"; };" },
};

#define CONFIGS (sizeof(configs) / sizeof(configs[0]))

static const char *const kinds[] = { "none", "name", "extension", "service", "emergency",
				     "world", "local", "unparsable" };

static void no_step(void *arg, const char *line)
{
	(void)arg;
	assert_true(line[0] && line[strlen(line) - 1] != '\n');
}

/* "| a | b |" into its cells, in place; false: not one of CELLS. */
static bool cells(char *line, char *cell[CELLS])
{
	unsigned n = 0;

	if (line[0] != '|')
		return false;
	for (char *p = line + 1, *bar; (bar = strchr(p, '|')) != NULL; p = bar + 1) {
		char *end = bar;

		if (n == CELLS)
			return false;
		while (*p == ' ')
			p++;
		while (end > p && end[-1] == ' ')
			end--;
		*end = '\0';
		cell[n++] = p;
	}
	return n == CELLS;
}

static void classes_text(const struct ruleset *rs, const struct number *n, char out[256])
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; number_class_name(rs, i); i++)
		if (n->classes >> i & 1)
			at += (size_t)snprintf(out + at, 256 - at, "%s%s", at ? " " : "",
					       number_class_name(rs, i));
}

static void example(const struct ruleset *rs, char *const cell[CELLS])
{
	struct number n, again;
	char digits[NUMBER_DIGITS + 1] = "", classes[256];

	number_explain(rs, slice_of(cell[1]), no_step, NULL, &n);
	memcpy(digits, n.digits, n.n);
	classes_text(rs, &n, classes);
	if (strcmp(kinds[n.kind], cell[2]) != 0 || strcmp(digits, cell[3]) != 0 ||
	    strcmp(number_country(n.country), cell[4]) != 0 || strcmp(classes, cell[5]) != 0)
		fail_msg("%s: %s is %s \"%s\" \"%s\" \"%s\"", cell[0], cell[1], kinds[n.kind],
			 digits, number_country(n.country), classes);
	if (!strchr(cell[1], ':'))
		number_read(rs, slice_of(cell[1]), SLICE_NONE, &again);
	else
		number_of_uri(rs, slice_of(cell[1]), &again);
	if (!strstr(cell[1], "phone-context"))
		assert_memory_equal(&n, &again, sizeof(n));
}

static void test_examples(void **state)
{
	struct ruleset *rs[CONFIGS];
	FILE *f = fopen(PAGE, "r");
	char line[512], *cell[CELLS];
	unsigned seen = 0;

	(void)state;
	assert_non_null(f);
	for (unsigned i = 0; i < CONFIGS; i++)
		rs[i] = rules_load(configs[i].text);
	while (fgets(line, sizeof(line), f)) {
		if (!cells(line, cell))
			continue;
		for (unsigned i = 0; i < CONFIGS; i++)
			if (strcmp(configs[i].name, cell[0]) == 0) {
				example(rs[i], cell);
				seen++;
			}
	}
	fclose(f);
	assert_true(seen > 50);
	for (unsigned i = 0; i < CONFIGS; i++)
		ruleset_free(rs[i]);
}

static void read_text(const struct ruleset *rs, const char *text, struct number *out)
{
	number_read(rs, slice_of(text), SLICE_NONE, out);
}

static void test_classes(void **state)
{
	struct ruleset *rs = rules_load(
		"classes = ( { name = \"premium\"; add = [ \"+49 30 23125\" ]; "
		"remove = [ \"49900 1\", \"44909\" ]; }, "
		"{ name = \"mine\"; add = [ \"44\" ]; remove = [ \"4420\" ]; } );");
	int premium = number_class(rs, "premium"), mine = number_class(rs, "mine");
	struct number n;

	(void)state;
	assert_true(premium >= 0 && mine > premium);
	assert_string_equal(number_class_name(rs, (unsigned)mine), "mine");
	assert_null(number_class_name(rs, (unsigned)mine + 1));
	assert_int_equal(number_class(rs, "yours"), -1);
	read_text(rs, "+493023125000", &n);
	assert_true(n.classes >> premium & 1);
	read_text(rs, "+49900123456", &n);
	assert_false(n.classes >> premium & 1);
	read_text(rs, "+49900223456", &n);
	assert_true(n.classes >> premium & 1);
	/* what one class loses the other keeps */
	read_text(rs, "+449098790000", &n);
	assert_int_equal(n.classes, 1u << mine);
	read_text(rs, "+442079460123", &n);
	assert_int_equal(n.classes, 0);
	read_text(rs, "+449012345678", &n);
	assert_int_equal(n.classes, 1u << mine | 1u << premium);
	ruleset_free(rs);
}

/* What is wrong with a config, and where it says so. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{ "dialplan = {\n country = \"+49\"; };", "dialplan.country" },
		{ "dialplan = { country = \"210\"; };", "no country code" },
		{ "dialplan = { country = \"4930\"; };", "no country code" },
		{ "dialplan = { national = \"x\"; };", "must be digits" },
		{ "dialplan = { area = \"3-0\"; };", "must be digits" },
		{ "dialplan = {\n international = [ \"+\" ]; };", ":2: dialplan.international" },
		{ "dialplan = {\n outside = [ \"0\",\n\"a\" ]; };", ":3: dialplan.outside" },
		{ "dialplan = { extensions = [ \"/(/\" ]; };", "extensions" },
		{ "classes = (\n{ name = \"premium\"; add = [ \"x\" ]; } );",
		  ":2: classes[0].add: \"x\" is no prefix" },
		{ "classes = ( { name = \"a\"; add = [ \"12345678901234567\" ]; } );",
		  "is no prefix" },
		{ "classes = ( { name = \"a\"; add = [ \"0044\" ]; } );", "without 00" },
		{ "destination = { deny_numbers = [ \"0044\" ]; };", "without 00" },
		{ "calls = { limits = (\n{ name = \"a\"; act = 3; to = [ \"00\" ]; } ); };",
		  ":2: calls.limits[0].to: \"00\" is no prefix" },
		{ "cost = { rates = [ \"0044, GB, 1\" ]; };", "without 00" },
		{ "destination = { deny_numbers = [ \"011\" ]; };", "without 00" },
		{ "destination = { deny_numbers = [ \"wer\" ]; };", "nor a class" },
		{ "classes = ( { name = \"4\"; } );", "is no name" },
		{ "classes = ( { } );", "is no name" },
		{ "classes = ( { name = \"national\"; add = [ \"1\" ]; } );", "follows from" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *said = rules_error(wrong[i].text);

		if (!said || !strstr(said, wrong[i].said))
			fail_msg("%s: %s", wrong[i].text, said ? said : "loads");
		free(said);
	}
}

/* An operator's own list of emergency numbers goes, and so does another country's. */
static void test_emergency(void **state)
{
	struct ruleset *own = rules_load("dialplan = { country = \"49\"; };\n"
					 "emergency = [ \"999\" ];");
	struct ruleset *far = rules_load("dialplan = { country = \"674\"; };");
	struct number n;

	(void)state;
	read_text(own, "112", &n);
	assert_int_equal(n.kind, NUMBER_SERVICE);
	read_text(own, "999", &n);
	assert_int_equal(n.kind, NUMBER_EMERGENCY);
	read_text(far, "112", &n); /* nothing is known of it: the numbers of all */
	assert_int_equal(n.kind, NUMBER_EMERGENCY);
	ruleset_free(own);
	ruleset_free(far);
}

/* More text than anybody would dial must not hide what is dialled. */
static void test_long(void **state)
{
	struct ruleset *rs = rules_load("");
	char text[3000] = "sip:+";
	struct number n;

	(void)state;
	memset(text + 5, '-', 900);
	snprintf(text + 905, 100, "442079460123@192.0.2.10");
	number_of_uri(rs, slice_of(text), &n);
	assert_int_equal(n.kind, NUMBER_WORLD);
	assert_int_equal(n.n, 12);
	memset(text + 5, '-', 2000);
	snprintf(text + 2005, 100, "442079460123@192.0.2.10");
	number_of_uri(rs, slice_of(text), &n);
	assert_int_equal(n.kind, NUMBER_UNPARSABLE);
	ruleset_free(rs);
}

static void test_list(void **state)
{
	struct confdir *d = confdir_new();
	struct ruleset *rs;
	struct compiler c;
	struct conf_report report = { 0 };
	struct conf_item item[] = { { "+44 20", "f", 1 }, { "44", "f", 2 }, { "premium", "f", 3 } };
	struct conf_list list = { item, 3 };
	struct numberlist *l;
	struct number n;

	(void)state;
	rs = confdir_load_text(d, "");
	c = (struct compiler){ .report = &report, .group = "g", .file = "f", .rules = rs };
	assert_int_equal(numberlist_compile(&list, &c, "k", &l), 0);
	read_text(rs, "+442079460123", &n);
	assert_int_equal(numberlist_find(l, &n), 5);
	read_text(rs, "+441632960123", &n);
	assert_int_equal(numberlist_find(l, &n), 3);
	read_text(rs, "+49900123456", &n);
	assert_int_equal(numberlist_find(l, &n), 1);
	read_text(rs, "+493023125000", &n);
	assert_int_equal(numberlist_find(l, &n), 0);
	read_text(rs, "44", &n);
	assert_int_equal(numberlist_find(l, &n), 0);
	assert_int_equal(numberlist_find(NULL, &n), 0);
	numberlist_free(l);
	list.n = 0;
	assert_int_equal(numberlist_compile(&list, &c, "k", &l), 0);
	assert_null(l);
	item[1].text = "premum";
	list.n = 3;
	assert_int_equal(numberlist_compile(&list, &c, "k", &l), -1);
	assert_null(l);
	assert_int_equal(report.errors, 1);
	assert_int_equal(report.note[0].line, 2);
	assert_non_null(strstr(report.note[0].text, "did you mean \"premium\"?"));
	conf_report_free(&report);
	ruleset_free(rs);
	confdir_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples), cmocka_unit_test(test_classes),
		cmocka_unit_test(test_refused),	 cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_long),	 cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
