/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many are registered: at a site, in all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules.h"
#include "state/registry.h"
#include "state/store.h"

#define START (1000 * NS)
#define SITE 77

struct world {
	struct ruleset *rs;
	struct state *st;
};

static struct world set_up(void)
{
	const uint8_t seed[16] = { 7 };
	struct ruleset *rs = rules_load("");

	return (struct world){ rs, state_new(ruleset_settings(rs), seed) };
}

static void tear_down(struct world *w)
{
	state_free(w->st);
	ruleset_free(w->rs);
}

static void seats(struct world *w, uint64_t user, uint32_t aor, uint64_t end, uint64_t now)
{
	seat_set(w->st, user, aor, print_of(SITE), tick_of(START + end), START + now);
}

static struct bindings_site counts(struct world *w, uint64_t now)
{
	struct bindings_site s;

	bindings_site(w->st, SITE, START + now, &s);
	return s;
}

/* A server that does not look at the domain lets one user have any number of them. */
static void test_ever_new_domains(void **arg)
{
	struct world w = set_up();

	(void)arg;
	for (uint32_t aor = 1; aor <= 100; aor++)
		seats(&w, 100, aor, 600 * NS, 0);
	assert_int_equal(counts(&w, 0).aors, 4);
	assert_int_equal(counts(&w, 0).fresh, 4);
	assert_int_equal(counts(&w, 0).lately, 4);
	/* one leaves that has no chair any more */
	seats(&w, 100, 1, 0, NS);
	assert_int_equal(counts(&w, NS).aors, 4);
	tear_down(&w);
}

/* One thread is behind the other: what has ended for that one is not counted any more. */
static void test_two_clocks(void **arg)
{
	const uint64_t later = 1000 * NS;
	struct world w = set_up();

	(void)arg;
	seats(&w, 1, 11, later + 600 * NS, later);
	seats(&w, 2, 12, 600 * NS, 0);
	assert_int_equal(counts(&w, later).aors, 1);
	census_add(&w.st->census, tick_of(START + later + 600 * NS), 1, START + later);
	census_add(&w.st->census, tick_of(START + 600 * NS), 1, START);
	assert_int_equal(bindings_live(w.st, START + later), 1);
	assert_int_equal(bindings_live(w.st, START + later + 700 * NS), 0);
	tear_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ever_new_domains),
		cmocka_unit_test(test_two_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
