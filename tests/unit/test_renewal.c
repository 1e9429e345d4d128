/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bans begin anew while their sources keep sending, and when that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "smallstate.h"
#include "state/offenders.h"
#include "state/state.h"

#define T (1000 * NS)
#define LIFE 80
#define LONGEST 300
#define MEMORY 1000

static const struct ban_growth growth = { LONGEST, MEMORY };

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
		assert_false(state_ban_renew(st, &site, &growth, T + 9 * NS, &now));
		assert_true(state_ban_renew(st, &site, &growth, T + 10 * NS, &now));
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
	while (state_ban_renew(st, &site, &growth, t + 40 * NS, &now))
		t += 40 * NS;
	assert_int_equal(now.until, T + LONGEST * NS);
	assert_false(state_ban_find(st, &site, T + LONGEST * NS, &b));
	assert_false(state_ban_renewable(st, &site, T + LONGEST * NS));
	/* one that is longer by itself than any may grow */
	b = proven(&site);
	b.until = T + 2 * LONGEST * NS;
	assert_true(state_ban_add(st, &b, T));
	assert_false(state_ban_renew(st, &site, &growth, T + 2 * LONGEST * NS - 1, &now));
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
		assert_false(state_ban_renew(st, &site, &growth, T + 40 * NS, &now));
		(void)state_ban_remove(st, &b[i].who);
	}
	assert_false(state_ban_renew(st, &other, &growth, T + 40 * NS, &now));
}

/* What is remembered of a ban is forgotten from its end on, and that moves. */
static void is_remembered(void **unused)
{
	struct addr site = site_of("203.0.113.7");
	uint64_t key = key_of_addr(st, &site), t = T;
	struct ban b = proven(&site), now;

	(void)unused;
	b.times = 2;
	offender_banned(st, key, 2, b.until, MEMORY, T);
	assert_true(state_ban_add(st, &b, T));
	while (state_ban_renew(st, &site, &growth, t + 40 * NS, &now))
		t += 40 * NS;
	assert_int_equal(now.until, T + LONGEST * NS);
	assert_int_equal(offender_times(st, key, MEMORY, now.until + (MEMORY - 1) * NS), 3);
	assert_int_equal(offender_times(st, key, MEMORY, now.until + MEMORY * NS), 2);
	assert_int_equal(offender_times(st, key, MEMORY, now.until + (2 * MEMORY - 1) * NS), 2);
	assert_int_equal(offender_times(st, key, MEMORY, now.until + 2 * MEMORY * NS), 1);
	/* one that was not counted is not remembered either */
	site = site_of("203.0.113.8");
	b = proven(&site);
	assert_true(state_ban_add(st, &b, T));
	assert_true(state_ban_renew(st, &site, &growth, T + 40 * NS, &now));
	assert_int_equal(offender_times(st, key_of_addr(st, &site), MEMORY, now.until), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_it_sends, make_state, drop_state),
		cmocka_unit_test_setup_teardown(no_longer_than, make_state, drop_state),
		cmocka_unit_test_setup_teardown(others, make_state, drop_state),
		cmocka_unit_test_setup_teardown(is_remembered, make_state, drop_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
