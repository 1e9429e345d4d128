/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: what begins and ends one, and that what it holds comes back, however it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "caller.h"

#define ALICE "203.0.113.9"
#define MALLORY "198.51.100.66"

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

static const struct says invite = { "INVITE", "a", "", .cseq = 1 };

static void answer(const char *status, const char *to, unsigned cseq)
{
	char start[32];

	snprintf(start, sizeof(start), "%s INVITE", status);
	hear(&w, OUT, ALICE, &(struct says){ start, "a", to, .cseq = cseq });
}

static void bye(enum going way, const char *from, const char *to, const char *status)
{
	char start[32];

	snprintf(start, sizeof(start), "%s BYE", status);
	hear(&w, way, ALICE, &(struct says){ "BYE", from, to, .cseq = 9 });
	hear(&w, !way, ALICE, &(struct says){ start, from, to, .cseq = 9 });
}

static void assert_call(enum call_state state)
{
	struct call c;

	assert_true(call_find(w.st, &w.names, w.now, &c));
	assert_int_equal(c.state, state);
}

/* Calls that hold something now, and calls that were counted. */
#define assert_held(running, counted) do { \
	assert_int_equal(used(&w, SLOT_NOW), running); \
	assert_int_equal(used(&w, SLOT_COUNT), counted); \
} while (0)

static void test_life(void **unused)
{
	struct call c;

	(void)unused;
	hear(&w, IN, ALICE, &invite);
	assert_call(CALL_INITIAL);
	answer("100", "", 1);
	assert_call(CALL_INITIAL);
	w.now += 2 * NS;
	answer("180", "b", 1);
	assert_call(CALL_RINGING);
	w.now += 3 * NS;
	answer("200", "b", 1);
	assert_call(CALL_ANSWERED);
	assert_held(1, 1);
	w.now += 61 * NS + NS / 2;
	bye(IN, "a", "b", "200");
	assert_true(call_find(w.st, &w.names, w.now, &c));
	assert_int_equal(c.state, CALL_ENDED);
	assert_int_equal(c.why, CALL_BYE);
	assert_int_equal(call_lasted(&c, w.now + 7 * NS), 61 * NS + NS / 2);
	assert_int_equal(c.rang, 2000);
	assert_held(0, 1);
	assert_int_equal(used(&w, SLOT_SECONDS), 62);
	w.now += 62 * NS;
	assert_false(call_find(w.st, &w.names, w.now, &c));
}

static void test_called_hangs_up(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("200", "b", 1);
	w.now += 10 * NS;
	hear(&w, OUT, ALICE, &(struct says){ "BYE", "b", "a", .cseq = 1 });
	assert_call(CALL_ENDED);
	assert_held(0, 1);
}

/* A server that does not take a BYE goes on with the call, and so does the caller. */
static void test_bye_refused(void **unused)
{
	static const char *const refuses[] = { "401", "407", "500", "400" };

	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("200", "b", 1);
	for (unsigned i = 0; i < 4; i++) {
		w.now += 10 * NS;
		bye(IN, "a", "b", refuses[i]);
		assert_call(CALL_ANSWERED);
		assert_held(1, 1);
	}
	w.now += 10 * NS;
	bye(IN, "a", "b", "481");
	assert_call(CALL_ENDED);
	assert_held(0, 1);
	assert_int_equal(used(&w, SLOT_SECONDS), 50);
}

static void test_challenged(void **unused)
{
	struct call c;

	(void)unused;
	hear(&w, IN, ALICE, &invite);
	assert_held(1, 1);
	answer("401", "b", 1);
	assert_call(CALL_INITIAL);
	assert_held(0, 0);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 2 });
	assert_held(1, 1);
	answer("180", "b", 2);
	answer("200", "b", 2);
	assert_true(call_find(w.st, &w.names, w.now, &c));
	assert_int_equal(c.state, CALL_ANSWERED);
	assert_held(1, 1);
	bye(IN, "a", "b", "200");
	assert_held(0, 1);
}

static void test_refused(void **unused)
{
	static const struct { const char *status; unsigned counted; } refuses[] = {
		{ "486", 1 }, { "302", 1 }, { "603", 1 }, { "484", 0 }, { "422", 0 },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(refuses) / sizeof(*refuses); i++) {
		unsigned before = used(&w, SLOT_COUNT);

		hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = i + 1 });
		answer(refuses[i].status, "b", i + 1);
		assert_call(CALL_FAILED);
		assert_held(0, before + refuses[i].counted);
	}
}

static void test_canceled(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("180", "b", 1);
	hear(&w, IN, ALICE, &(struct says){ "CANCEL", "a", "", .cseq = 1 });
	assert_held(1, 1); /* the server may have answered it meanwhile */
	answer("487", "b", 1);
	assert_call(CALL_CANCELED);
	assert_held(0, 1);
}

static void test_repeated(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 3; i++)
		hear(&w, IN, ALICE, &invite);
	assert_held(1, 1);
	answer("401", "b", 1);
	answer("401", "b", 1);
	hear(&w, IN, ALICE, &invite); /* it was under way */
	assert_held(0, 0);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 2 });
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 2 });
	assert_held(1, 1);
	answer("200", "b", 2);
	answer("200", "b", 2);
	bye(IN, "a", "b", "200");
	bye(IN, "a", "b", "200");
	assert_held(0, 1);
}

/* Two phones answer, and one of them is let go. */
static void test_forks(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("180", "b", 1);
	answer("180", "c", 1);
	answer("200", "b", 1);
	answer("200", "c", 1);
	assert_held(1, 1);
	bye(IN, "a", "c", "200");
	assert_held(1, 1);
	w.now += 5 * NS;
	bye(IN, "a", "b", "200");
	assert_held(0, 1);
	assert_call(CALL_ENDED);
}

static void test_reinvite(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("200", "b", 1);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "b", .cseq = 2 });
	answer("488", "b", 2);
	assert_call(CALL_ANSWERED);
	assert_held(1, 1);
}

/* Whoever keeps the name of his call for another one has two. */
static void test_name_taken(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("200", "b", 1);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 2 });
	assert_held(2, 2);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 2 });
	assert_held(2, 2);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .cseq = 1, .user = "other" });
	assert_held(3, 3);
	answer("200", "c", 2);
	hear(&w, OUT, ALICE, &(struct says){ "486 INVITE", "a", "d", .cseq = 1, .user = "other" });
	assert_held(2, 3);
	w.now += 20 * NS;
	bye(IN, "a", "c", "200");
	assert_held(1, 3);
	bye(IN, "a", "c", "200");
	assert_held(1, 3);
	bye(IN, "a", "b", "200");
	assert_held(0, 3);
	assert_int_equal(used(&w, SLOT_SECONDS), 40);
	/* from elsewhere it is not even his */
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "", .call = "z", .cseq = 1 });
	hear(&w, IN, MALLORY, &(struct says){ "INVITE", "a", "", .call = "z", .cseq = 1 });
	assert_held(2, 5);
}

/* A proxy inside sends on what comes in. */
static void test_proxy(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	hear(&w, OUT, MALLORY, &(struct says){ "INVITE", "a", "", .cseq = 1, .user = "gone" });
	assert_held(1, 1);
	hear(&w, IN, MALLORY, &(struct says){ "486 INVITE", "a", "x", .cseq = 1 });
	assert_call(CALL_INITIAL);
	hear(&w, OUT, MALLORY, &(struct says){ "INVITE", "a", "", .cseq = 1, .user = "b" });
	hear(&w, IN, MALLORY, &(struct says){ "200 INVITE", "a", "b", .cseq = 1 });
	answer("200", "b", 1);
	assert_call(CALL_ANSWERED);
	assert_held(1, 1);
	/* with an old number: only passed on, and refused at the other end */
	hear(&w, IN, ALICE, &(struct says){ "BYE", "a", "b", .cseq = 1 });
	hear(&w, OUT, MALLORY, &(struct says){ "BYE", "a", "b", .cseq = 1 });
	assert_held(1, 1);
	hear(&w, IN, MALLORY, &(struct says){ "500 BYE", "a", "b", .cseq = 1 });
	assert_held(1, 1);
	bye(IN, "a", "b", "200");
	assert_held(0, 1);
}

/* A server of ours calls, over several ways at once. */
static void test_from_inside(void **unused)
{
	(void)unused;
	hear(&w, OUT, ALICE, &invite);
	hear(&w, OUT, MALLORY, &(struct says){ "INVITE", "a", "", .cseq = 1, .user = "m" });
	assert_held(1, 1);
	hear(&w, IN, ALICE, &(struct says){ "180 INVITE", "a", "b", .cseq = 1 });
	assert_call(CALL_RINGING);
	hear(&w, IN, MALLORY, &(struct says){ "486 INVITE", "a", "c", .cseq = 1, .user = "m" });
	assert_held(1, 1);
	hear(&w, IN, ALICE, &(struct says){ "200 INVITE", "a", "b", .cseq = 1 });
	assert_call(CALL_ANSWERED);
	hear(&w, IN, ALICE, &(struct says){ "BYE", "b", "a", .cseq = 1 });
	assert_call(CALL_ANSWERED);
	hear(&w, OUT, ALICE, &(struct says){ "200 BYE", "b", "a", .cseq = 1 });
	assert_call(CALL_ENDED);
	assert_held(0, 1);
}

/* What nobody asked for changes nothing. */
static void test_stray(void **unused)
{
	struct call c;

	(void)unused;
	answer("200", "b", 1);
	bye(IN, "a", "b", "200");
	assert_false(call_find(w.st, &w.names, w.now, &c));
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "a", "b", .cseq = 4 });
	assert_false(call_find(w.st, &w.names, w.now, &c));
	hear(&w, IN, ALICE, &invite);
	hear(&w, IN, MALLORY, &(struct says){ "486 INVITE", "a", "b", .cseq = 1 });
	hear(&w, IN, MALLORY, &(struct says){ "200 INVITE", "a", "b", .cseq = 1 });
	assert_call(CALL_INITIAL);
	assert_held(1, 1);
}

static void test_without_tag(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "", "", .cseq = 1 });
	hear(&w, OUT, ALICE, &(struct says){ "200 INVITE", "", "b", .cseq = 1 });
	assert_held(1, 1);
	hear(&w, OUT, ALICE, &(struct says){ "BYE", "b", "", .cseq = 1 });
	assert_held(0, 1);
}

/* Not called, not answered, not ended: it comes back all the same. */
static void test_expires(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "r", "", .call = "2", .cseq = 1 });
	hear(&w, OUT, ALICE, &(struct says){ "180 INVITE", "r", "b", .call = "2", .cseq = 1 });
	hear(&w, IN, ALICE, &(struct says){ "INVITE", "t", "", .call = "3", .cseq = 1 });
	hear(&w, OUT, ALICE, &(struct says){ "200 INVITE", "t", "b", .call = "3", .cseq = 1 });
	assert_held(3, 3);
	run(&w, 299);
	assert_held(3, 3);
	run(&w, 3);
	assert_held(2, 3);
	run(&w, 3300);
	assert_held(1, 3);
	run(&w, 28810 - 3602 - 2);
	assert_held(1, 3);
	run(&w, 5);
	assert_held(0, 3);
}

/* RFC 4028: a server that agreed to a timer gives the call up without refreshes. */
static void test_session_timer(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	hear(&w, OUT, ALICE, &(struct says){ "200 INVITE", "a", "b", .cseq = 1,
					      .lines = "Session-Expires: 180\r\n" });
	run(&w, 355);
	hear(&w, IN, ALICE, &(struct says){ "UPDATE", "a", "b", .cseq = 2 });
	hear(&w, OUT, ALICE, &(struct says){ "200 UPDATE", "a", "b", .cseq = 2,
					      .lines = "Session-Expires: 180\r\n" });
	run(&w, 355);
	assert_held(1, 1);
	run(&w, 10);
	assert_held(0, 1);
}

/* A caller's word makes it no shorter. */
static void test_forged_timer(void **unused)
{
	(void)unused;
	hear(&w, IN, ALICE, &invite);
	answer("200", "b", 1);
	hear(&w, OUT, ALICE, &(struct says){ "UPDATE", "b", "a", .cseq = 2 });
	hear(&w, IN, ALICE, &(struct says){ "200 UPDATE", "b", "a", .cseq = 2,
					    .lines = "Session-Expires: 90\r\n" });
	run(&w, 1000);
	assert_held(1, 1);
}

static void name_number(char out[16], const char *kind, unsigned i)
{
	snprintf(out, 16, "%s%u", kind, i);
}

/* More calls than there is room for: who had to go holds nothing, live ones stay. */
static void test_evicted(void **unused)
{
	char call[16];
	struct call c;

	(void)unused;
	for (unsigned i = 0; i < 100; i++) {
		name_number(call, "live", i);
		hear(&w, IN, ALICE, &(struct says){ "INVITE", "t", "", .call = call, .cseq = 1 });
		hear(&w, OUT, ALICE, &(struct says){ "200 INVITE", "t", "b", .call = call,
						      .cseq = 1 });
	}
	for (unsigned i = 0; i < 5000; i++) {
		name_number(call, "flood", i);
		hear(&w, IN, MALLORY, &(struct says){ "INVITE", "t", "", .call = call, .cseq = 1 });
	}
	assert_in_range(used(&w, SLOT_NOW), 500, 1024);
	for (unsigned i = 0; i < 100; i++) {
		name_number(call, "live", i);
		hear(&w, IN, ALICE, &(struct says){ "BYE", "t", "b", .call = call, .cseq = 2 });
		assert_true(call_find(w.st, &w.names, w.now, &c));
		assert_int_equal(c.state, CALL_ANSWERED);
		hear(&w, OUT, ALICE, &(struct says){ "200 BYE", "t", "b", .call = call,
						      .cseq = 2 });
	}
	run(&w, 302);
	assert_int_equal(used(&w, SLOT_NOW), 0);
}

static void test_cost(void **unused)
{
	static const struct { struct call_price p; uint32_t s; uint64_t cost; } rows[] = {
		{ { 600000, 0, 0, 60, 60 }, 1, 600000 },
		{ { 600000, 0, 0, 60, 60 }, 60, 600000 },
		{ { 600000, 0, 0, 60, 60 }, 61, 1200000 },
		{ { 600000, 0, 0, 30, 6 }, 30, 300000 },
		{ { 600000, 0, 0, 30, 6 }, 31, 360000 },
		{ { 600000, 0, 0, 30, 6 }, 37, 420000 },
		{ { 600000, 0, 0, 1, 1 }, 7, 70000 },
		{ { 100000, 50000, 0, 1, 1 }, 1, 51667 }, /* parts of the least unit are whole */
		{ { 600000, 50000, 900000, 60, 60 }, 60, 900000 },
		{ { 600000, 50000, 900000, 60, 60 }, 120, 1250000 },
		{ { 600000, 50000, 900000, 0, 0 }, 120, 0 },
		{ { UINT32_MAX, 0, 0, 1, 1 }, UINT32_MAX, 307445734418660284u },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(call_cost(&rows[i].p, rows[i].s), rows[i].cost);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_life), T(test_called_hangs_up), T(test_bye_refused), T(test_challenged),
		T(test_refused), T(test_canceled), T(test_repeated), T(test_forks),
		T(test_reinvite), T(test_name_taken), T(test_proxy), T(test_from_inside),
		T(test_stray), T(test_without_tag), T(test_expires), T(test_session_timer),
		T(test_forged_timer), T(test_evicted), T(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
