/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registrations for people: who, where, with what, as long as the server's word holds. */
#include "registrar.h"
#include "seen.h"

#define LATER(s) ((s) * NS)

struct seen {
	struct seen_registration last;
	unsigned n;
};

static void take(const struct seen_registration *r, void *arg)
{
	struct seen *all = arg;

	all->last = *r;
	all->n++;
}

static struct seen at(struct world *w, uint64_t now)
{
	struct seen all = { .n = 0 };

	assert_true(state_registrations_walk(w->st, START + now, take, &all));
	return all;
}

static void test_registered(void **unused)
{
	const struct addr home = addr(HOME), server = addr("192.0.2.10");
	struct seen seen;
	struct world w;

	(void)unused;
	set_up(&w);
	ask(&w, HOME, "100", PHONE ";expires=600\r\n"
	    "User-Agent: Pho\xff" "ne/1.0 of a long name indeed", 0);
	assert_int_equal(at(&w, 0).n, 0); /* asked is not granted */
	accepted(&w, HOME, "100", PHONE ";expires=600", LATER(1));
	seen = at(&w, LATER(2));
	assert_int_equal(seen.n, 1);
	assert_true(held(&w, "100", HOME, LATER(2)));
	assert_string_equal(seen.last.user, "100");
	assert_string_equal(seen.last.domain, "pbx.example");
	assert_string_equal(seen.last.contact, "sip:100@10.0.0.5:5060");
	assert_string_equal(seen.last.agent, "Pho?ne/1.0 of a long name i");
	assert_true(addr_eq(&seen.last.outside, &home) && addr_eq(&seen.last.inside, &server));
	assert_int_equal(seen.last.outside_port, 5060);
	assert_int_equal(seen.last.since / NS, (START + LATER(1)) / NS);
	assert_in_range(seen.last.until / NS, (START + LATER(600)) / NS, (START + LATER(602)) / NS);
	/* a refresh */
	ask(&w, HOME, "100", PHONE ";expires=600", LATER(300));
	accepted(&w, HOME, "100", PHONE ";expires=600", LATER(300));
	seen = at(&w, LATER(700));
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.since / NS, (START + LATER(1)) / NS);
	assert_int_equal(seen.last.refreshed / NS, (START + LATER(300)) / NS);
	/* it goes */
	ask(&w, HOME, "100", PHONE ";expires=0", LATER(710));
	accepted(&w, HOME, "100", "Supported: x", LATER(710));
	assert_int_equal(at(&w, LATER(711)).n, 0);
	tear_down(&w);
}

static void test_refused(void **unused)
{
	struct world w;

	(void)unused;
	set_up(&w);
	ask(&w, HOME, "100", PHONE, 0);
	answer(&w, "192.0.2.10", HOME, "100", 403, "Supported: x", LATER(1));
	assert_int_equal(at(&w, LATER(1)).n, 0);
	tear_down(&w);
}

static void test_several(void **unused)
{
	struct world w;

	(void)unused;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=60", 0);
	registers(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.9:5062>;expires=600", LATER(1));
	registers(&w, HOME, "200", "Contact: <sip:200@10.0.0.6:5060>;expires=600", LATER(2));
	assert_int_equal(live(&w, "100", LATER(3)) + live(&w, "200", LATER(3)), 2);
	assert_int_equal(at(&w, LATER(3)).n, 3);
	assert_int_equal(at(&w, LATER(120)).n, 2); /* one was not refreshed */
	tear_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registered),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
