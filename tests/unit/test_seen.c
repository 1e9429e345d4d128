/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the memory shows of calls: all of them, as they are, with nothing unprintable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "caller.h"
#include "seen.h"

#define ALICE "203.0.113.9"

static struct world w;

static int setup(void **unused)
{
	(void)unused;
	world_open(&w, "tables = { calls = 1024; quotas = 1024; };");
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	world_close(&w);
	return 0;
}

struct calls {
	struct seen_call last;
	unsigned n;
};

static void take_call(const struct seen_call *c, void *arg)
{
	struct calls *all = arg;

	all->last = *c;
	all->n++;
}

static struct seen_call the_call(void)
{
	struct calls all = { .n = 0 };

	assert_true(state_calls_walk(w.st, w.now, take_call, &all));
	assert_int_equal(all.n, 1);
	return all.last;
}

static const struct says invite = { "INVITE", "a", "", .call = "call-1", .cseq = 1 };

static void answer(const char *start, const char *to)
{
	hear(&w, OUT, ALICE, &(struct says){ start, "a", to, .call = invite.call, .cseq = 1 });
}

static void test_call(void **unused)
{
	uint64_t began = w.now, key;
	struct seen_call c;

	(void)unused;
	hear(&w, IN, ALICE, &invite);
	c = the_call();
	assert_string_equal(c.state, "asked");
	assert_true(c.began == began && !c.answered && !c.ended && !c.over && c.inbound);
	assert_string_equal(c.from, "a");
	assert_string_equal(c.to, "b");
	assert_int_equal(c.outside_port, 5060);
	assert_int_equal(c.status, 0);
	key = c.key;
	w.now += 2 * NS;
	answer("180 INVITE", "b");
	assert_string_equal(the_call().state, "ringing");
	w.now += 3 * NS;
	answer("200 INVITE", "b");
	run(&w, 10);
	c = the_call();
	assert_string_equal(c.state, "answered");
	assert_true(c.key == key && c.began == began && c.answered == began + 5 * NS);
	assert_int_equal(c.status, 200);
	assert_int_equal(c.seconds, 10);
	assert_string_equal(c.why, "");
	hear(&w, OUT, ALICE, &(struct says){ "BYE", "b", "a", .call = invite.call, .cseq = 9 });
	run(&w, 5);
	c = the_call();
	assert_string_equal(c.state, "ended");
	assert_string_equal(c.why, "bye");
	assert_true(c.over && c.ended == began + 15 * NS);
	assert_int_equal(c.seconds, 10);
	run(&w, 120);
	{
		struct calls all = { .n = 0 };

		assert_true(state_calls_walk(w.st, w.now, take_call, &all));
		assert_int_equal(all.n, 0);
	}
}

static void test_refused_call(void **unused)
{
	struct seen_call c;

	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("486 INVITE", "b");
	c = the_call();
	assert_string_equal(c.state, "failed");
	assert_string_equal(c.why, "refused");
	assert_int_equal(c.status, 486);
	assert_int_equal(c.seconds, 0);
}

/* No byte of the wire reaches a terminal as such. */
static void test_printable(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .call = "c\xff<b>", .cseq = 1 });
	assert_string_equal(the_call().call_id, "c?<b>");
}

static void test_many(void **unused)
{
	struct calls all = { .n = 0 };
	char id[16];

	(void)unused;
	for (unsigned i = 0; i < 500; i++) {
		snprintf(id, sizeof(id), "call-%u", i);
		hear(&w, OUT, ALICE, &(struct says){ "INVITE", "a", "", .call = id, .cseq = 1 });
	}
	assert_true(state_calls_walk(w.st, w.now, take_call, &all));
	assert_int_equal(all.n, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_printable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
