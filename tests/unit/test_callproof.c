/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which calls make a site known, and which make it look so: through the whole engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "caller.h"

#define PHONE "203.0.113.9"
#define OTHER "203.0.113.77"

static struct world world;
static struct scratch *scratch;

static int setup(void **unused)
{
	(void)unused;
	world_open(&world, "inside = [ \"" SERVER "\" ]; flood = { mode = \"off\"; };"
			   "malformed = { mode = \"off\"; }; strict = { mode = \"off\"; };"
			   "dialog = { mode = \"off\"; }; stray = { mode = \"off\"; };");
	scratch = scratch_new();
	return !scratch;
}

static int teardown(void **unused)
{
	(void)unused;
	scratch_free(scratch);
	world_close(&world);
	return 0;
}

/* Judges it; the seconds for which the site is known by this call. */
static uint32_t called(enum going way, const char *host, const struct says *m)
{
	struct decision d;
	struct addr a;

	world.now += NS / 10;
	write_says(&world, m);
	ends_of(&world, way, host);
	world.pkt.version = 4;
	world.pkt.payload = slice_of(world.room);
	engine_run(world.rules, world.st, scratch, &world.pkt, world.now, &d);
	assert_int_equal(d.known, 0);
	if (d.called) {
		assert_int_equal(addr_parse(slice_of(host), &a), 0);
		assert_true(addr_eq(&a, &d.site));
	}
	return d.called;
}

static void test_calls_and_is_answered(void **unused)
{
	(void)unused;
	assert_int_equal(called(IN, PHONE, &(struct says){ "INVITE", "a", "", .cseq = 1 }), 0);
	called(OUT, PHONE, &(struct says){ "180 INVITE", "a", "b", .cseq = 1 });
	called(OUT, PHONE, &(struct says){ "200 INVITE", "a", "b", .cseq = 1 });
	assert_int_equal(called(IN, PHONE, &(struct says){ "ACK", "a", "b", .cseq = 1 }), 3600);
	/* repeated, it shows nothing new */
	assert_int_equal(called(IN, PHONE, &(struct says){ "ACK", "a", "b", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "BYE", "a", "b", .cseq = 2 }), 0);
}

/* The tag was not sent to him: he guesses, or heard of it somewhere. */
static void test_somebody_else_acknowledges(void **unused)
{
	(void)unused;
	called(IN, PHONE, &(struct says){ "INVITE", "a", "", .cseq = 1 });
	called(OUT, PHONE, &(struct says){ "200 INVITE", "a", "b", .cseq = 1 });
	assert_int_equal(called(IN, OTHER, &(struct says){ "ACK", "a", "b", .cseq = 1 }), 0);
	assert_int_equal(called(IN, OTHER, &(struct says){ "ACK", "a", "x", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "ACK", "a", "x", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "ACK", "a", "b", .cseq = 1 }), 3600);
}

/* A scanner acknowledges what refuses him, as he must. */
static void test_refusals_make_nobody_known(void **unused)
{
	static const char *const refusal[] = { "401 INVITE", "404 INVITE", "486 INVITE" };

	(void)unused;
	for (unsigned i = 0; i < 3; i++) {
		char call[8];
		struct says m = { "INVITE", "a", "", .call = call, .cseq = 1 };

		snprintf(call, sizeof(call), "c%u", i);
		assert_int_equal(called(IN, PHONE, &m), 0);
		m.start = refusal[i];
		m.to = "b";
		assert_int_equal(called(OUT, PHONE, &m), 0);
		m.start = "ACK";
		assert_int_equal(called(IN, PHONE, &m), 0);
	}
	/* nor does an answer that is not to a call */
	called(IN, PHONE, &(struct says){ "OPTIONS", "a", "", .call = "o", .cseq = 1 });
	called(OUT, PHONE, &(struct says){ "200 OPTIONS", "a", "b", .call = "o", .cseq = 1 });
	assert_int_equal(called(IN, PHONE, &(struct says){ "ACK", "a", "b", .call = "o",
							    .cseq = 1 }), 0);
}

static void test_is_called_and_answers(void **unused)
{
	(void)unused;
	assert_int_equal(called(OUT, PHONE, &(struct says){ "INVITE", "s", "", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "180 INVITE", "s", "p", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "200 INVITE", "s", "p", .cseq = 1 }),
			 3600);
}

/* Answers of somebody else, to something else, or that refuse. */
static void test_answers_that_show_nothing(void **unused)
{
	(void)unused;
	called(OUT, PHONE, &(struct says){ "INVITE", "s", "", .cseq = 1 });
	assert_int_equal(called(IN, OTHER, &(struct says){ "200 INVITE", "s", "p", .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "200 INVITE", "s", "p",
							    .user = "guessed", .cseq = 1 }), 0);
	called(OUT, PHONE, &(struct says){ "INVITE", "s", "", .call = "d", .cseq = 1 });
	assert_int_equal(called(IN, PHONE, &(struct says){ "486 INVITE", "s", "p", .call = "d",
							    .cseq = 1 }), 0);
	assert_int_equal(called(IN, PHONE, &(struct says){ "200 INVITE", "s", "p", .call = "e",
							    .cseq = 1 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_calls_and_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_somebody_else_acknowledges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals_make_nobody_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_is_called_and_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_that_show_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
