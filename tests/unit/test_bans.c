/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often a site was banned, what its neighbours did, and whom our servers have to do with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smallstate.h"
#include "state/neighbours.h"
#include "state/offenders.h"
#include "state/state.h"

#define WEEK 604800u

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

/* Bans the site for so many seconds, as penalty.c does; returns how many it remembers. */
static unsigned offend(struct state *state, uint64_t key, uint32_t seconds, uint64_t now)
{
	unsigned times = offender_times(state, key, WEEK, now);

	offender_banned(state, key, times, now + seconds * NS, WEEK, now);
	return times;
}

static void test_each_ban_counts(void **arg)
{
	uint64_t now = NS;

	(void)arg;
	for (unsigned i = 1; i <= OFFENDER_MOST + 3; i++) {
		assert_int_equal(offend(st, 7, 300, now), i < OFFENDER_MOST ? i : OFFENDER_MOST);
		now += 1000 * NS;
	}
	assert_int_equal(offender_times(st, 8, WEEK, now), 1);
	offender_forget(st, 7);
	assert_int_equal(offender_times(st, 7, WEEK, now), 1);
}

/* Since the end of the latest ban: one for each whole week, none for less. */
static void test_a_week_forgets_one(void **arg)
{
	uint64_t end;

	(void)arg;
	for (unsigned i = 0; i < 4; i++)
		offend(st, 7, 300, (i * 1000 + 1) * NS);
	end = (3000 + 1 + 300) * NS;
	assert_int_equal(offender_times(st, 7, WEEK, end), 5);
	assert_int_equal(offender_times(st, 7, WEEK, end + WEEK * NS - NS), 5);
	assert_int_equal(offender_times(st, 7, WEEK, end + WEEK * NS), 4);
	assert_int_equal(offender_times(st, 7, WEEK, end + 3 * WEEK * NS + NS), 2);
	assert_int_equal(offender_times(st, 7, WEEK, end + 4 * WEEK * NS), 1);
	assert_int_equal(offender_times(st, 7, WEEK, end + 400 * WEEK * NS), 1);
}

/* Newcomers crowd the table: whoever was banned often stays. */
static void test_repeaters_stay(void **arg)
{
	const uint64_t spread = 0x9e3779b97f4a7c15u;

	(void)arg;
	for (unsigned i = 0; i < 3; i++)
		offend(st, spread, 300, (i + 1) * NS);
	for (uint64_t i = 2; i < 20000; i++)
		offend(st, i * spread, 300, 10 * NS);
	assert_int_equal(offender_times(st, spread, WEEK, 20 * NS), 4);
}

static struct neighbours banned(struct state *state, const char *text, uint64_t until, uint64_t now)
{
	struct addr a = addr(text), site = addr_site(&a);
	struct neighbours n;

	neighbours_add(state, &site, key_of_addr(state, &site), until, now, &n);
	return n;
}

static void test_neighbours_are_counted_once(void **arg)
{
	struct prefix around = { addr("203.0.113.0"), ADDR_V4_BITS + 24 };
	struct neighbours n = { 0 };
	struct addr a;
	char text[32];

	(void)arg;
	for (unsigned i = 0; i < 256; i++) {
		snprintf(text, sizeof(text), "203.0.113.%u", i);
		n = banned(st, text, (1000 - i) * NS, NS);
		assert_int_equal(n.sites, i + 1);
		assert_true(n.until == 1000 * NS); /* the longest of theirs */
		assert_int_equal(banned(st, text, 5 * NS, NS).sites, i + 1);
	}
	assert_int_equal(banned(st, "203.0.114.1", NS, NS).sites, 1);
	a = addr("203.0.113.7");
	neighbours_drop(st, &a, key_of_addr(st, &a));
	assert_int_equal(banned(st, "203.0.113.8", NS, NS).sites, 255);
	neighbours_forget(st, &around);
	assert_int_equal(banned(st, "203.0.113.8", NS, NS).sites, 1);
}

static void test_sites_of_ipv6(void **arg)
{
	struct neighbours n = { 0 };
	char text[48];

	(void)arg;
	for (unsigned i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "2001:db8:7:%x::%x", i, i);
		n = banned(st, text, NS, NS);
		snprintf(text, sizeof(text), "2001:db8:7:%x::99", i); /* the same site */
		assert_int_equal(banned(st, text, NS, NS).sites, n.sites);
	}
	assert_in_range(n.sites, 7, 8);
	assert_int_equal(banned(st, "2001:db8:8:1::1", NS, NS).sites, 1);
}

static void test_a_day_later_it_is_over(void **arg)
{
	const uint64_t half = NEIGHBOURS_WINDOW / 2 * NS;

	(void)arg;
	banned(st, "203.0.113.1", NS, half - NS);
	assert_int_equal(banned(st, "203.0.113.2", NS, half).sites, 2);
	assert_int_equal(banned(st, "203.0.113.3", NS, 2 * half - NS).sites, 3);
	assert_int_equal(banned(st, "203.0.113.4", NS, 2 * half).sites, 3);
	assert_int_equal(banned(st, "203.0.113.5", NS, 5 * half).sites, 1);
}

/* Whoever lifts a ban says that there was none. */
static void test_to_unban_is_to_forgive(void **arg)
{
	struct addr a = addr("203.0.113.1");
	struct prefix around = addr_around(&a);
	struct ban b = { .who = addr_site_prefix(&a), .until = 100 * NS, .proven = true };
	uint64_t key = key_of_addr(st, &a);

	(void)arg;
	assert_true(state_ban_add(st, &b, NS));
	offend(st, key, 99, NS);
	banned(st, "203.0.113.1", 100 * NS, NS);
	banned(st, "203.0.113.2", 100 * NS, NS);
	assert_true(state_ban_remove(st, &b.who));
	assert_int_equal(offender_times(st, key, WEEK, 2 * NS), 1);
	assert_int_equal(banned(st, "203.0.113.2", NS, NS).sites, 1);
	assert_false(state_ban_remove(st, &around));
	assert_int_equal(banned(st, "203.0.113.3", NS, NS).sites, 1);
}

static unsigned adds(struct state *state, uint32_t first, unsigned n, bool proven)
{
	struct ban b = { .until = 1000 * NS, .proven = proven };
	unsigned added = 0;

	for (uint32_t i = first; i < first + n; i++) {
		struct addr a = addr_v4((uint8_t[]){ 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
						     (uint8_t)i });

		b.who = addr_site_prefix(&a);
		added += state_ban_add(state, &b, NS);
	}
	return added;
}

/* A table full of bans that may be forged has room for those that are proven. */
static void test_proven_bans_find_room(void **arg)
{

	(void)arg;
	assert_true(adds(st, 0, 20000, false) < 20000);
	assert_int_equal(adds(st, 20000, 100, true), 100);
	assert_int_equal(adds(st, 20000, 100, true), 100);
	assert_true(adds(st, 30000, 20000, true) < 20000);
}

static bool is_met(struct state *state, const char *text, uint64_t now)
{
	struct addr a = addr(text), site = addr_site(&a);
	struct source s;

	source_find(state, key_of_addr(state, &site), now, &s);
	return s.met;
}

static void test_whom_we_met(void **arg)
{
	struct addr a = addr("203.0.113.9"), other = addr("203.0.114.9");
	struct prefix around = addr_around(&a), elsewhere = addr_around(&other);
	uint64_t key = key_of_addr(st, &a);

	(void)arg;
	source_returned(st, key, NS);
	assert_false(is_met(st, "203.0.113.9", NS));
	source_met(st, &a, key, NS);
	assert_true(is_met(st, "203.0.113.9", WEEK * NS));
	assert_false(is_met(st, "203.0.113.10", NS));
	assert_true(source_met_around(st, &around, WEEK * NS));
	assert_false(source_met_around(st, &elsewhere, NS));
	assert_false(is_met(st, "203.0.113.9", (WEEK + 3600) * NS));
	/* again and again: it goes on */
	for (uint64_t t = 0; t < 3 * WEEK; t += 7200)
		source_met(st, &a, key, t * NS + NS);
	assert_true(is_met(st, "203.0.113.9", (3 * WEEK + WEEK / 2) * NS));
	assert_true(source_met_around(st, &around, (3 * WEEK + WEEK / 2) * NS));
	assert_false(source_met_around(st, &around, (5 * WEEK) * NS));
}

/* A record that is kept for long, for another reason, keeps no old points. */
static void test_scores_do_not_come_back(void **arg)
{
	struct addr a = addr("203.0.113.9");
	uint64_t key = key_of_addr(st, &a);

	(void)arg;
	source_met(st, &a, key, NS);
	assert_int_equal(source_score_add(st, key, 60000, NS), 60000);
	for (uint64_t t = 0; t < 3 * WEEK; t += 3600) {
		source_met(st, &a, key, t * NS + NS);
		assert_true(t < 40000 || source_score(st, key, t * NS + NS) == 0);
	}
	assert_int_equal(source_score_add(st, key, 5, 3 * WEEK * NS), 5);
}

static void test_what_a_ban_is_worth(void **arg)
{
	static const struct {
		unsigned times;
		bool proven;
		const char *text;
	} row[] = { { 0, false, "not proven" }, { 0, true, "proven" }, { 1, true, "proven" },
		    { 2, true, "2nd time, proven" }, { 3, true, "3rd time, proven" },
		    { 4, true, "4th time, proven" }, { 11, true, "11th time, proven" },
		    { 12, true, "12th time, proven" }, { 13, true, "13th time, proven" },
		    { 16, true, "16th time, proven" } };
	char out[BAN_WORTH];

	(void)arg;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct decision d = { .ban_times = (uint8_t)row[i].times,
				      .ban_proven = row[i].proven };

		decision_ban_worth(&d, out);
		assert_string_equal(out, row[i].text);
	}
}

static struct {
	unsigned char bytes[4 << 20];
	size_t n;
} file;

static int keep(void *arg, const struct state_part *part)
{
	(void)arg;
	assert_true(file.n + part->n <= sizeof(file.bytes));
	memcpy(file.bytes + file.n, part->bytes, part->n);
	file.n += part->n;
	return 0;
}

/* How often a site was banned outlasts a restart, and whom we met. */
static void test_restart(void **arg)
{
	struct addr a = addr("203.0.113.9");
	uint64_t key = key_of_addr(st, &a);
	struct state_saved saved;

	offend(st, key, 300, NS);
	offend(st, key, 300, 400 * NS);
	banned(st, "203.0.113.7", NS, 400 * NS);
	source_met(st, &a, key, 400 * NS);
	assert_int_equal(state_save(st, 500 * NS, 1, keep, NULL), 0);
	drop_state(arg);
	make_state(arg);
	assert_true(state_restore(st, file.bytes, file.n, 900 * NS, true, &saved));
	assert_int_equal(offender_times(st, key, WEEK, 900 * NS), 3);
	assert_int_equal(banned(st, "203.0.113.8", NS, 900 * NS).sites, 2);
	assert_true(is_met(st, "203.0.113.9", 900 * NS));
}

#define with_state(test) cmocka_unit_test_setup_teardown(test, make_state, drop_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_state(test_each_ban_counts),
		with_state(test_a_week_forgets_one),
		with_state(test_repeaters_stay),
		with_state(test_neighbours_are_counted_once),
		with_state(test_sites_of_ipv6),
		with_state(test_a_day_later_it_is_over),
		with_state(test_to_unban_is_to_forgive),
		with_state(test_proven_bans_find_room),
		with_state(test_whom_we_met),
		with_state(test_scores_do_not_come_back),
		with_state(test_what_a_ban_is_worth),
		with_state(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
