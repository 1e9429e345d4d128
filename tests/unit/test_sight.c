/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which servers are heard (rules/state/sight.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/memory.h"
#include "smallstate.h"

static struct addr server(unsigned i)
{
	uint8_t be[4] = { 192, 0, (uint8_t)(2 + i / 256), (uint8_t)i };

	return addr_v4(be);
}

static void says(unsigned i, enum direction dir, uint64_t now)
{
	struct pkt pkt = { .dir = (uint8_t)dir };
	struct sip_msg sip = { .kind = SIP_REQUEST, .method = METHOD_OPTIONS };
	struct lesson l = { .pkt = &pkt, .sip = &sip, .inside = server(i), .now = now };

	sight_learn(st, &l);
}

static bool replies(unsigned i, uint64_t now)
{
	struct addr a = server(i);

	return sight_replies(st, &a, now);
}

static void test_silence(void **unused)
{
	(void)unused;
	says(1, DIR_OUTBOUND, NS);
	for (unsigned i = 0; i < SIGHT_ASKED; i++) {
		assert_true(replies(1, 90 * NS));
		says(1, DIR_INBOUND, 10 * NS);
	}
	assert_true(replies(1, (9 + SIGHT_SECONDS) * NS));
	assert_false(replies(1, (10 + SIGHT_SECONDS) * NS));
	says(1, DIR_OUTBOUND, 90 * NS);
	assert_true(replies(1, 91 * NS));
	/* the silence that counts begins with the next question */
	for (unsigned i = 0; i < SIGHT_ASKED; i++)
		says(1, DIR_INBOUND, 500 * NS);
	assert_true(replies(1, (499 + SIGHT_SECONDS) * NS));
}

/* A flood does not count until it seems as if nobody had asked. */
static void test_count_ends(void **unused)
{
	(void)unused;
	says(1, DIR_INBOUND, NS);
	for (unsigned i = 0; i < SIGHTS; i++)
		atomic_store(&st->sight[i].asked, UINT32_MAX);
	says(1, DIR_INBOUND, 60 * NS);
	assert_false(replies(1, 61 * NS));
}

/* Questions to addresses where nobody is leave room for the servers. */
static void test_room(void **unused)
{
	unsigned found = 0;

	(void)unused;
	for (unsigned i = 0; i < 1000; i++)
		says(i, DIR_INBOUND, NS);
	for (unsigned i = 1000; i < 1008; i++) {
		struct addr a = server(i);

		says(i, DIR_OUTBOUND, NS);
		found += sight_spoke(st, &a);
	}
	assert_int_equal(found, 8);
}

/* It is the server that is wrong when many fail for long, and nobody succeeds. */
static void test_excuses(void **unused)
{
	struct addr a = server(1);

	(void)unused;
	for (unsigned user = 0; user + 1 < SIGHT_TROUBLED; user++)
		sight_refused(st, &a, user, 100 * NS);
	sight_refused(st, &a, 0, 300 * NS);
	assert_int_equal(sight_excuses(st, &a, 300 * NS), 0);
	sight_accepted(st, &a, 301 * NS);
	assert_int_equal(sight_excuses(st, &a, 301 * NS), 0);
	for (unsigned user = 0; user < SIGHT_TROUBLED; user++)
		sight_refused(st, &a, user, 400 * NS);
	assert_int_equal(sight_excuses(st, &a, (400 + SIGHT_PATIENCE) * NS), 0);
	assert_int_equal(sight_excuses(st, &a, (500 + SIGHT_PATIENCE) * NS), 500 * NS);
	sight_accepted(st, &a, 700 * NS);
	assert_int_equal(sight_excuses(st, &a, 800 * NS), 700 * NS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_state, drop_state)
	const struct CMUnitTest tests[] = {
		TEST(test_silence),
		TEST(test_count_ends),
		TEST(test_room),
		TEST(test_excuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
