/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rate cards: what lines may say, what is wrong with them and where; what calls cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "number/rates.h"
#include "rules.h"

#define CONF "cost = { rates = [ \"file:rates.csv\" ]; };"

static const struct rate *rate_of(const struct rates *r, const char *digits)
{
	struct number n = { .kind = NUMBER_WORLD, .n = (uint8_t)strlen(digits) };

	memcpy(n.digits, digits, n.n);
	return rates_find(r, &n);
}

static struct rates *compile(const struct conf_list *l, struct conf_report *report, int want)
{
	struct compiler c = { .report = report, .group = "cost", .file = "f" };
	struct rates *r;

	assert_int_equal(rates_compile(l, &c, "rates", &r), want);
	return r;
}

static void expect(const struct rates *r, const char *digits, const char *name, uint32_t minute,
		   uint32_t setup, unsigned first, unsigned then, uint32_t least)
{
	const struct rate *rate = rate_of(r, digits);

	assert_non_null(rate);
	assert_true(slice_eq(rate->name, slice_of(name)));
	assert_int_equal(rate->price.minute, minute);
	assert_int_equal(rate->price.setup, setup);
	assert_int_equal(rate->price.first, first);
	assert_int_equal(rate->price.then, then);
	assert_int_equal(rate->price.least, least);
}

static void test_lines(void **state)
{
	struct conf_item item[] = {
		{ "Prefix;Name;Price", "f", 1 },
		{ "49,0.01", "f", 2 },
		{ "+49 151 ; Germany mobile ; 0.09 ; ; 30/6", "f", 3 },
		{ "44\t\"London, and so on\"\t0.000001\t1\t1/1\t2.5", "f", 4 },
		{ "\"43\",\"Austria, fixed\",\"0.02\"", "f", 5 },
		{ "881,,4.50,0.5,60,", "f", 6 },
		{ "43,0.02", "f", 7 }, /* the same again */
		{ "1,0", "f", 8 },
	};
	struct conf_list list = { item, sizeof(item) / sizeof(item[0]) }, none = { NULL, 0 };
	struct conf_report report = { 0 };
	struct rates *r = compile(&list, &report, 0);

	(void)state;
	expect(r, "493023125000", "", 10000, 0, 60, 60, 0);
	expect(r, "4915112345678", "Germany mobile", 90000, 0, 30, 6, 0);
	expect(r, "442079460123", "London, and so on", 1, 1000000, 1, 1, 2500000);
	expect(r, "431234567", "", 20000, 0, 60, 60, 0);
	expect(r, "8811", "", 4500000, 500000, 60, 60, 0);
	expect(r, "12025550123", "", 0, 0, 60, 60, 0);
	assert_null(rate_of(r, "8821"));
	assert_int_equal(rates_count(r), 7);
	rates_free(r);
	assert_null(compile(&none, &report, 0));
	conf_report_free(&report);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *line, *said;
	} wrong[] = {
		{ "x,0.01", "begins with no prefix" },
		{ "0044,0.01", "without 00" },
		{ ",0.01", "begins with no prefix" },
		{ "4930231250001234567,0.01", "begins with no prefix" },
		{ "49", "has no price" },
		{ "49,Germany", "has no price" },
		{ "49,Germany,", "has no price" },
		{ "49,-1", "has no price" },
		{ "49,0.0000001", "has no price" },
		{ "49,5000", "has no price" },
		{ "49,1.", "has no price" },
		{ "49,0.01,free", "setup price that is none" },
		{ "49,0.01,0,60/0", "increments that are none" },
		{ "49,0.01,0,1/2/3", "increments that are none" },
		{ "49,0.01,0,7200/60", "increments that are none" },
		{ "49,0.01,0,60/60,x", "minimum that is none" },
		{ "49,0.01,0,60/60,0,0", "too many fields" },
		{ "49,n,0.01,0,60/60,0,0", "too many fields" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct conf_item item[] = { { "1,0.01", "a.csv", 1 },
					    { wrong[i].line, "a.csv", 2 } };
		struct conf_list list = { item, 2 };
		struct conf_report report = { 0 };

		assert_null(compile(&list, &report, -1));
		if (report.n != 1 || report.note[0].line != 2 ||
		    strcmp(report.note[0].file, "a.csv") != 0 ||
		    !strstr(report.note[0].text, wrong[i].said))
			fail_msg("%s: %s", wrong[i].line, report.n ? report.note[0].text : "");
		conf_report_free(&report);
	}
}

static void test_doubles(void **state)
{
	struct conf_item item[] = { { "49,0.01", "a.csv", 1 }, { "44,0.01", "a.csv", 2 },
				    { "+49,0.02", "b.csv", 7 } };
	struct conf_list list = { item, 3 };
	struct conf_report report = { 0 };

	(void)state;
	assert_null(compile(&list, &report, -1));
	assert_int_equal(report.n, 1);
	assert_int_equal(report.note[0].line, 7);
	assert_string_equal(report.note[0].text, "49 has another price in a.csv:1");
	conf_report_free(&report);
}

/* All wrong lines of a file are told, with where they are; nothing of it is loaded. */
static void test_file(void **state)
{
	struct confdir *d = confdir_new();
	struct ruleset *rs;

	(void)state;
	confdir_write(d, "lists/rates.csv", "# ours\nprefix,price\n49,0.01\n44,0.02 # London\n");
	rs = confdir_load_text(d, CONF);
	assert_non_null(rs);
	ruleset_free(rs);
	confdir_write(d, "lists/rates.csv", "49,0.01\n\n4x,0.01\n44,x,y\n");
	assert_null(confdir_load_text(d, CONF));
	assert_int_equal(d->report.errors, 2);
	assert_true(confdir_says(d, "lists/rates.csv:3: cost.rates: \"4x,0.01\" begins with no"));
	assert_true(confdir_says(d, "lists/rates.csv:4: cost.rates: \"44,x,y\" has no price"));
	assert_null(confdir_load_text(d, "cost = { rates = [ \"file:none.csv\" ]; };"));
	assert_true(confdir_says(d, "cannot read the list"));
	confdir_free(d);
}

static void test_limits(void **state)
{
	static const struct {
		const char *limit, *said;
	} wrong[] = {
		{ "name = \"a\"; act = \"x\";", "cost.limits[0].act: \"x\" is no amount" },
		{ "name = \"a\"; act = \"0\";", "is no amount above zero" },
		{ "name = \"a\"; act = \"1.00001\";", "is no amount" },
		{ "name = \"a\"; act = \"429497\";", "is no amount" },
		{ "act = \"1\";", "needs a name" },
		{ "name = \"a\";", "does nothing" },
		{ "name = \"a\"; warn = \"2\"; act = \"1.50\";", "would warn of nothing" },
		{ "name = \"a\"; act = \"1\"; }, { name = \"a\"; act = \"2\";", "another limit" },
		{ "name = \"a\"; act = \"1\"; to = [ \"nowhere\" ];", "nowhere" },
	};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *said;

		snprintf(text, sizeof(text),
			 "cost = { rates = [ \"49,1\" ]; limits = ( { %s } ); };",
			 wrong[i].limit);
		said = rules_error(text);
		if (!said || !strstr(said, wrong[i].said))
			fail_msg("%s: %s", wrong[i].limit, said ? said : "loads");
		free(said);
	}
}

static void test_money(void **state)
{
	static const struct {
		uint64_t amount;
		uint32_t parts;
		const char *text;
	} prints[] = {
		{ 0, CALL_MONEY, "0.00" },	 { 123400, CALL_MONEY, "12.34" },
		{ 123450, CALL_MONEY, "12.345" }, { 1, CALL_MONEY, "0.0001" },
		{ 1990000, CALL_MICRO, "1.99" }, { 12000, CALL_MICRO, "0.012" },
		{ 1, CALL_MICRO, "0.000001" },	 { 100000000, CALL_MICRO, "100.00" },
	};
	char out[MONEY_TEXT];
	uint32_t back;

	(void)state;
	for (unsigned i = 0; i < sizeof(prints) / sizeof(prints[0]); i++) {
		money_print(prints[i].amount, prints[i].parts, out);
		assert_string_equal(out, prints[i].text);
		assert_true(money_read(slice_of(out), prints[i].parts, &back));
		assert_int_equal(back, prints[i].amount);
	}
	assert_true(money_read(SLICE("1.50000"), CALL_MONEY, &back));
	assert_int_equal(back, 15000);
	assert_false(money_read(SLICE("1.5 "), CALL_MONEY, &back));
	assert_false(money_read(SLICE(""), CALL_MONEY, &back));
	assert_false(money_read(SLICE(".5"), CALL_MONEY, &back));
	assert_false(money_read(SLICE("99999999999999999999"), CALL_MONEY, &back));
}

static void test_cost(void **state)
{
	static const struct {
		struct call_price price;
		uint32_t seconds;
		uint64_t cost;
	} calls[] = {
		{ { 1000000, 0, 0, 60, 60 }, 0, 1000000 },
		{ { 1000000, 0, 0, 60, 60 }, 60, 1000000 },
		{ { 1000000, 0, 0, 60, 60 }, 61, 2000000 },
		{ { 1000000, 0, 0, 30, 6 }, 1, 500000 },
		{ { 1000000, 0, 0, 30, 6 }, 31, 600000 },
		{ { 1000000, 0, 0, 30, 6 }, 36, 600000 },
		{ { 1000000, 0, 0, 1, 1 }, 90, 1500000 },
		{ { 1000000, 250000, 0, 1, 1 }, 60, 1250000 },
		{ { 1000000, 0, 2000000, 1, 1 }, 60, 2000000 },
		{ { 1000000, 0, 2000000, 1, 1 }, 180, 3000000 },
		{ { 1000000, 0, 0, 60, 0 }, 180, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(call_cost(&calls[i].price, calls[i].seconds), calls[i].cost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_doubles), cmocka_unit_test(test_file),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_money),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
