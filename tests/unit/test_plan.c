/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's ranges: merged, apart, and true to the prefixes they were made of; and a ban's
 * words, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "bantext.h"
#include "check.h"
#include "plan.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(slice_of(text), &p), 0);
	return p;
}

static void merges(void **unused)
{
	const struct prefix p[] = { prefix("10.0.1.0/24"), prefix("10.0.0.0/24"),
				    prefix("10.0.0.7"),    prefix("255.255.255.255"),
				    prefix("::/0"),        prefix("2001:db8::/32"),
				    prefix("192.0.2.1"),   prefix("192.0.2.3") };
	struct plan plan = { 0 };

	(void)unused;
	assert_int_equal(plan_ranges_build(&plan.never, p, 8), 0);
	assert_int_equal(plan.never.n, 5);
	for (size_t i = 0; i < 4; i++)
		assert_true(addr_is_v4(&plan.never.r[i].lo) && addr_is_v4(&plan.never.r[i].hi));
	assert_false(addr_is_v4(&plan.never.r[4].lo));
	plan_free(&plan);
}

/* Against the prefixes themselves, on small random nets. */
static void agrees_with_the_prefixes(void **unused)
{
	struct prefix p[20];

	(void)unused;
	srand(2);
	for (unsigned round = 0; round < 500; round++) {
		size_t n = (size_t)(rand() % 20);
		struct plan plan = { 0 };

		for (size_t i = 0; i < n; i++) {
			struct addr a = addr_v4((const uint8_t[4]){ 198, 51, 100,
								    (uint8_t)rand() });

			p[i].len = (uint8_t)(120 + rand() % 9);
			p[i].addr = addr_masked(&a, p[i].len);
		}
		assert_int_equal(plan_ranges_build(&plan.never, p, n), 0);
		for (unsigned k = 0; k < 256; k++) {
			struct addr a = addr_v4((const uint8_t[4]){ 198, 51, 100, (uint8_t)k });
			bool in = false;

			for (size_t i = 0; i < n; i++)
				in |= prefix_has(&p[i], &a);
			assert_int_equal(plan_spares(&plan, &(struct prefix){ a, 128 }), in);
		}
		plan_free(&plan);
	}
}

/* A /64 is spared when any of it must be. */
static void sites_of_ipv6(void **unused)
{
	const struct prefix host = prefix("2001:db8:1:2::5"), site = prefix("2001:db8:1:2::/64"),
			    other = prefix("2001:db8:2:2::/64"), around = prefix("2001:db8::/32");
	struct never spared = { host, "a gateway of this host" };
	struct plan plan = { 0 };

	(void)unused;
	assert_int_equal(plan_ranges_build(&plan.never, &host, 1), 0);
	assert_true(plan_spares(&plan, &site));
	assert_true(plan_spares(&plan, &around));
	assert_false(plan_spares(&plan, &other));
	plan_free(&plan);
	plan.spared = &spared;
	plan.n_spared = 1;
	assert_ptr_equal(plan_spared(&plan, &site), &spared);
	assert_ptr_equal(plan_spared(&plan, &around), &spared);
	assert_null(plan_spared(&plan, &other));
}

static void words_there_and_back(void **unused)
{
	struct ban b = { .check = 0, .reason = "says \"friendly-scanner\"" }, back = { 0 };
	char text[BANTEXT], wanted[BANTEXT];

	(void)unused;
	for (unsigned i = 0; i < check_count; i++) {
		b.check = (uint8_t)i;
		bantext_print(&b, text);
		snprintf(wanted, sizeof(wanted), "%s: says 'friendly-scanner'", check_name(i));
		assert_string_equal(text, wanted);
		bantext_parse(text, &back);
		assert_int_equal(back.check, i);
		assert_string_equal(back.reason, "says 'friendly-scanner'");
		assert_false(back.proven);
		b.proven = true;
		bantext_print(&b, text);
		snprintf(wanted, sizeof(wanted), "%s (proven): says 'friendly-scanner'",
			 check_name(i));
		assert_string_equal(text, wanted);
		bantext_parse(text, &back);
		assert_int_equal(back.check, i);
		assert_string_equal(back.reason, "says 'friendly-scanner'");
		assert_true(back.proven);
		b.proven = back.proven = false;
	}
	/* it is the check that is proven, not what somebody writes */
	bantext_parse("nonsense (proven): by phone", &back);
	assert_false(back.proven);
	bantext_parse(" (proven): by phone", &back);
	assert_false(back.proven);
	bantext_parse("nonsense: by phone", &back);
	assert_int_equal(back.check, CHECK_NONE);
	assert_string_equal(back.reason, "nonsense: by phone");
	bantext_parse("", &back);
	assert_int_equal(back.check, CHECK_NONE);
	assert_string_equal(back.reason, "by hand");
	bantext_print(&back, text);
	assert_string_equal(text, "by hand");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges),
		cmocka_unit_test(agrees_with_the_prefixes),
		cmocka_unit_test(sites_of_ipv6),
		cmocka_unit_test(words_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
