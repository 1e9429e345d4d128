/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bans begin anew while their sources keep sending, and when that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "smallstate.h"

#define T (1000 * NS)
#define LIFE 80
#define LONGEST 300

static struct addr site_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return addr_site(&a);
}

static struct ban proven(const struct addr *site)
{
	return (struct ban){ .who = addr_site_prefix(site), .until = T + LIFE * NS, .proven = true,
			     .reason = "too fast" };
}

static void while_it_sends(void **unused)
{
	const char *const who[] = { "203.0.113.7", "2001:db8:1:2::5" };

	(void)unused;
	for (unsigned i = 0; i < 2; i++) {
		struct addr site = site_of(who[i]);
		struct ban b = proven(&site), now;

		assert_true(state_ban_add(st, &b, T));
		assert_true(state_ban_renewable(st, &site, T));
		/* less than an eighth is gone: not worth a change */
		assert_false(state_ban_renew(st, &site, LONGEST, T + 9 * NS, &now));
		assert_true(state_ban_renew(st, &site, LONGEST, T + 10 * NS, &now));
		assert_int_equal(now.until, T + (10 + LIFE) * NS);
		assert_string_equal(now.reason, "too fast");
		assert_true(state_ban_find(st, &site, T + (9 + LIFE) * NS, &b));
		assert_false(state_ban_find(st, &site, T + (10 + LIFE) * NS, &b));
	}
	assert_int_equal(state_bans_made(st), 2);
}

static void no_longer_than(void **unused)
{
	struct addr site = site_of("203.0.113.7");
	struct ban b = proven(&site), now;
	uint64_t t = T;

	(void)unused;
	assert_true(state_ban_add(st, &b, T));
	while (state_ban_renew(st, &site, LONGEST, t + 40 * NS, &now))
		t += 40 * NS;
	assert_int_equal(now.until, T + LONGEST * NS);
	assert_false(state_ban_find(st, &site, T + LONGEST * NS, &b));
	assert_false(state_ban_renewable(st, &site, T + LONGEST * NS));
	/* one that is longer by itself than any may grow */
	b = proven(&site);
	b.until = T + 2 * LONGEST * NS;
	assert_true(state_ban_add(st, &b, T));
	assert_false(state_ban_renew(st, &site, LONGEST, T + 2 * LONGEST * NS - 1, &now));
}

/* Forged packets, orders, and what nft has written: nothing of it grows. */
static void others(void **unused)
{
	struct addr site = site_of("203.0.113.7"), other = site_of("203.0.113.8");
	struct ban b[] = { proven(&site), proven(&site), proven(&site), proven(&site) }, now;

	(void)unused;
	b[0].proven = false;
	b[1].hand = true;
	b[2].check = CHECK_NONE;
	b[3].allow = true;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(state_ban_add(st, &b[i], T));
		assert_false(state_ban_renewable(st, &site, T));
		assert_false(state_ban_renew(st, &site, LONGEST, T + 40 * NS, &now));
		(void)state_ban_remove(st, &b[i].who);
	}
	assert_false(state_ban_renew(st, &other, LONGEST, T + 40 * NS, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_it_sends, make_state, drop_state),
		cmocka_unit_test_setup_teardown(no_longer_than, make_state, drop_state),
		cmocka_unit_test_setup_teardown(others, make_state, drop_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
