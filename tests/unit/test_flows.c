/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections: what segments become messages, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "connection.h"

static void test_handshake_proves(void **arg)
{
	struct world *w = world_new(64);

	(void)arg;
	assert_int_equal(take(w, true, SYN, 1000, 0, SLICE_NONE), FLOW_OPENING);
	assert_int_equal(take(w, false, SYN | ACK, 5000, 1001, SLICE_NONE), 0);
	/* whoever forged the SYN does not know the server's number */
	assert_int_equal(take(w, true, ACK, 1001, 5000, SLICE_NONE), 0);
	assert_int_equal(take(w, true, ACK, 1001, 5002, SLICE_NONE), 0);
	assert_int_equal(take(w, true, ACK, 1001, 77, SLICE(REQUEST("a"))), FLOW_OUTSIDE);
	/* the SYN-ACK is repeated, and it is the same connection */
	assert_int_equal(take(w, false, SYN | ACK, 5000, 1001, SLICE_NONE), 0);
	assert_int_equal(take(w, true, ACK, 1001, 5001, SLICE(REQUEST("a"))), FLOW_OPENED);
	assert_int_equal(w->messages, 1);
	assert_true(w->seg.first_message);
	assert_int_equal(w->seg.kind, STREAM_SIP);
	assert_int_equal(take(w, true, ACK, 1001 + sizeof(REQUEST("a")) - 1, 5001,
			      SLICE(REQUEST("b"))), 0);
	assert_false(w->seg.first_message);
	assert_int_equal(take(w, true, SYN, 9, 0, SLICE("INVITE")), FLOW_OPENING | FLOW_EARLY);
	world_free(w);
}

static void test_server_calls(void **arg)
{
	struct world *w = world_new(64);

	(void)arg;
	assert_int_equal(take(w, false, SYN, 5000, 0, SLICE_NONE), 0);
	assert_int_equal(take(w, true, SYN | ACK, 1000, 4999, SLICE_NONE), 0);
	assert_int_equal(take(w, true, SYN | ACK, 1000, 5001, SLICE_NONE), FLOW_OPENED);
	w->c = 1001;
	w->v = 5001;
	answer(w, SLICE(REQUEST("out")));
	assert_int_equal(w->messages, 1);
	assert_int_equal(say(w, SLICE(ANSWER)), 0);
	assert_got(w, SLICE(ANSWER));
	world_free(w);
}

static void test_split_at_every_byte(void **arg)
{
	const struct slice all = SLICE(REQUEST("a") "\r\n\r\n" REQUEST("b"));
	const struct slice want = SLICE(REQUEST("a") REQUEST("b"));

	(void)arg;
	for (uint32_t cut = 1; cut < all.n; cut++) {
		struct world *w = world_new(64);

		connect_at(w, 0u - 200, 0xffffffffu); /* numbers wrap on the way */
		assert_int_equal(say(w, (struct slice){ all.p, cut }), 0);
		if (cut % 2)
			answer(w, SLICE_NONE);
		assert_int_equal(say(w, (struct slice){ all.p + cut, all.n - cut }), 0);
		assert_got(w, want);
		answer(w, SLICE_NONE);
		assert_int_equal(pool_left(flows_pool(w->st->tcp)),
				 pool_chunks(flows_pool(w->st->tcp)));
		world_free(w);
	}
}

/* Whatever the network does to the segments, the messages are the same. */
static void test_any_order(void **arg)
{
	static char all[20000];
	size_t n = 0;
	uint32_t seed = 4711;
	struct world *w = world_new(4096);

	(void)arg;
	for (unsigned i = 0; i < 80; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, i % 3 ? REQUEST("%03u") : ANSWER
				      REQUEST("%03u"), i, i);
	for (unsigned round = 0; round < 100; round++) {
		uint32_t have = 0; /* contiguous, by our own count */
		bool *here = calloc(n + 1, sizeof(*here));

		w->port++;
		connect_at(w, dice(&seed), dice(&seed));
		while (have < n) {
			uint32_t from = have + dice(&seed) % 2000, len = dice(&seed) % 1500 + 1;

			from = dice(&seed) % 3 ? from : have - dice(&seed) % (have + 1);
			from = from < n ? from : have;
			len = len < n - from ? len : (uint32_t)n - from;
			assert_int_equal(at(w, from, (struct slice){ all + from, len }), 0);
			memset(here + from, true, len);
			while (here[have])
				have++;
			if (dice(&seed) % 4 == 0)
				take(w, false, ACK, w->v, w->c + have - dice(&seed) % (have + 1),
				     SLICE_NONE);
		}
		assert_got(w, (struct slice){ all, (uint32_t)n });
		take(w, false, ACK, w->v, w->c + (uint32_t)n, SLICE_NONE);
		free(here);
	}
	world_free(w);
}

static void test_repeats_must_be_the_same(void **arg)
{
	const struct slice good = SLICE(REQUEST("a")), bad = SLICE(REQUEST("x"));
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	/* the server never got this one: too few hops to live, or a wrong checksum */
	assert_int_equal(at(w, 0, good), 0);
	assert_int_equal(at(w, 0, good), 0);
	assert_int_equal(w->n, good.n);
	assert_int_equal(at(w, 0, bad), FLOW_DIFFERS);
	assert_int_equal(w->messages, 0);
	/* ... not even a part of it, and not in front of something new */
	assert_int_equal(at(w, 80, (struct slice){ bad.p + 80, bad.n - 80 }), FLOW_DIFFERS);
	assert_int_equal(at(w, 0, SLICE(REQUEST("x") REQUEST("y"))), FLOW_DIFFERS);
	assert_int_equal(w->n, good.n);
	/* what the server has it ignores, whatever is said in it */
	w->c += good.n;
	answer(w, SLICE_NONE);
	assert_int_equal(take(w, true, ACK, w->c - bad.n, w->v, bad), 0);
	assert_int_equal(take(w, true, ACK, w->c - 1, w->v, SLICE("\0")), 0); /* keepalive */
	assert_int_equal(w->messages, 0);
	assert_int_equal(say(w, SLICE(REQUEST("b"))), 0);
	assert_int_equal(w->messages, 1);
	world_free(w);
}

static void test_out_of_order_must_be_the_same(void **arg)
{
	const struct slice good = SLICE(REQUEST("a")), bad = SLICE(REQUEST("x"));
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(at(w, 100, (struct slice){ good.p + 100, 50 }), 0);
	assert_int_equal(at(w, 0, bad), FLOW_DIFFERS);
	assert_int_equal(at(w, 0, good), 0);
	assert_got(w, good);
	world_free(w);
}

static void test_too_far_and_too_long(void **arg)
{
	static char text[70000];
	struct world *w = world_new(4096);

	(void)arg;
	memset(text, 'a', sizeof(text));
	memcpy(text, "OPTIONS sip:x SIP/2.0\r\nX: ", 26);
	connect_at(w, 0u - 30000, 5000);
	assert_int_equal(at(w, 65536, SLICE("x")), FLOW_OUTSIDE);
	assert_int_equal(at(w, 1u << 30, SLICE("x")), FLOW_OUTSIDE);
	assert_int_equal(at(w, 0u - 100, SLICE("x")), 0); /* the server has that */
	answer(w, SLICE(ANSWER)); /* it talks: may use more of the memory */
	assert_int_equal(at(w, 65535, SLICE("x")), 0);
	for (uint32_t i = 0; i < 65000; i += 1000) {
		assert_int_equal(say(w, (struct slice){ text + i, 1000 }), 0);
		answer(w, SLICE_NONE);
	}
	assert_int_equal(say(w, (struct slice){ text, 1000 }) & FLOW_TOO_LONG, FLOW_TOO_LONG);
	world_free(w);
}

/* Whatever came too early, there is room for what it waits for. */
static void test_gap_is_filled(void **arg)
{
	static char text[60000];
	const uint32_t kib[] = { 64, 128, 1024, 4096 };

	(void)arg;
	memset(text, '\n', sizeof(text));
	for (unsigned i = 0; i < sizeof(kib) / sizeof(*kib); i++) {
		struct world *w = world_new(kib[i]);
		uint32_t n = 1000;

		connect_at(w, 77, 5000);
		while (n + 1000 <= sizeof(text) && !at(w, n, (struct slice){ text, 1000 }))
			n += 1000;
		assert_int_equal(at(w, 0, (struct slice){ text, 1000 }), 0);
		w->c += n;
		answer(w, SLICE_NONE);
		assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
		assert_int_equal(w->messages, 1);
		world_free(w);
	}
}

/* A server answers anybody, so who was answered may not have it all either. */
static void test_talkers_share(void **arg)
{
	static char text[60000];
	struct world *w = world_new(4096);
	uint32_t left = pool_left(flows_pool(w->st->tcp));
	struct reset out[100];

	(void)arg;
	memset(text, 'a', sizeof(text));
	memcpy(text, "OPTIONS sip:x SIP/2.0\r\nX: ", 26);
	for (w->port = 1; w->port <= 100; w->port++) {
		connect_at(w, 1000, 5000);
		assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
		answer(w, SLICE(ANSWER));
		for (uint32_t i = 0; i < sizeof(text); i += 500)
			if (say(w, (struct slice){ text + i, 500 }))
				break;
	}
	assert_true(pool_left(flows_pool(w->st->tcp)) > 100);
	w->now += 21 * NS;
	assert_int_equal(sweep(w, out, 100), 100);
	assert_true(pool_left(flows_pool(w->st->tcp)) + 2 >= left);
	world_free(w);
}

static void test_memory_is_shared(void **arg)
{
	static char text[60000];
	const struct slice most = SLICE(REQUEST("a"));
	struct world *w = world_new(1024);
	uint32_t left = pool_left(flows_pool(w->st->tcp));
	const unsigned hogs = 100;
	struct reset out[200];

	(void)arg;
	memset(text, 'a', sizeof(text));
	memcpy(text, "OPTIONS sip:x SIP/2.0\r\nX: ", 26);
	for (w->port = 1; w->port <= hogs; w->port++) { /* each takes what it gets */
		connect_at(w, 1000, 5000);
		for (uint32_t i = 0; i < sizeof(text); i += 500)
			if (say(w, (struct slice){ text + i, 500 }))
				break;
	}
	assert_true(pool_left(flows_pool(w->st->tcp)) >= left / 4);
	/* ... and there is some for the next one that wants little */
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, (struct slice){ most.p, 50 }), 0);
	assert_int_equal(say(w, (struct slice){ most.p + 50, most.n - 50 }), 0);
	assert_int_equal(w->messages, 1);
	/* while memory is short, who does not finish a message is not waited for */
	w->now += 6 * NS;
	assert_int_equal(sweep(w, out, 200), hogs);
	assert_true(pool_left(flows_pool(w->st->tcp)) >= left - 2);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_proves),
		cmocka_unit_test(test_server_calls),
		cmocka_unit_test(test_split_at_every_byte),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_repeats_must_be_the_same),
		cmocka_unit_test(test_out_of_order_must_be_the_same),
		cmocka_unit_test(test_too_far_and_too_long),
		cmocka_unit_test(test_gap_is_filled),
		cmocka_unit_test(test_talkers_share),
		cmocka_unit_test(test_memory_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
