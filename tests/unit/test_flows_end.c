/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections: how they end, and those whose beginning was not seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "connection.h"

/* A RST or FIN in the client's name that the server ignores changes nothing. */
static void test_forged_ends(void **arg)
{
	const struct slice m = SLICE(REQUEST("a") "OPTIONS sip:next SIP/2.0\r\n");
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, (struct slice){ m.p, 60 }), 0);
	take(w, true, RST, w->c, 0, SLICE_NONE);
	take(w, true, RST, w->c + 9, 0, SLICE_NONE);
	take(w, true, FIN | ACK, w->c, w->v, SLICE_NONE);
	assert_int_equal(take(w, true, SYN, 77, 0, SLICE_NONE), FLOW_OPENING);
	assert_int_equal(say(w, (struct slice){ m.p + 60, m.n - 60 }), 0);
	assert_got(w, SLICE(REQUEST("a")));
	world_free(w);
}

static void test_true_ends(void **arg)
{
	struct world *w = world_new(64);
	struct reset out[4];

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	take(w, true, FIN | ACK, w->c++, w->v, SLICE_NONE);
	take(w, false, FIN | ACK, w->v++, w->c, SLICE_NONE);
	assert_int_equal(at(w, 0, SLICE_NONE), 0);
	w->now += 61 * NS;
	assert_int_equal(sweep(w, out, 4), 0);
	assert_int_equal(table_used(w->st->flows, w->now), 0);
	assert_int_equal(pool_left(flows_pool(w->st->tcp)),
			 pool_chunks(flows_pool(w->st->tcp)));
	/* the same ports again, at once */
	connect_at(w, 500, 9);
	assert_int_equal(say(w, SLICE(REQUEST("b"))), 0);
	connect_at(w, 40, 8);
	assert_int_equal(say(w, SLICE(REQUEST("c"))), 0);
	assert_int_equal(w->messages, 1);
	world_free(w);
}

static void test_ended(void **arg)
{
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(at(w, 0, SLICE(REQUEST("a"))), 0);
	assert_int_equal(w->seg.ending.to_inside, 1001);
	assert_int_equal(w->seg.ending.to_outside, 5001);
	assert_int_equal(w->seg.ending.outside_port, w->port);
	assert_int_equal(w->seg.ending.inside_port, 5060);
	flow_end(w->st, &w->seg, w->now);
	assert_int_equal(at(w, 300, SLICE(REQUEST("b"))), FLOW_ENDED);
	assert_int_equal(w->seg.ending.to_inside, 1001);
	assert_int_equal(w->messages, 0);
	/* it had acknowledged more than we thought, or less: that is the number then */
	assert_int_equal(take(w, false, ACK, w->v, 990, SLICE(ANSWER)), 0);
	assert_int_equal(at(w, 0, SLICE_NONE), FLOW_ENDED);
	assert_int_equal(w->seg.ending.to_inside, 990);
	connect_at(w, 70000, 1); /* a new connection is a new one */
	assert_int_equal(at(w, 0, SLICE(REQUEST("a"))), 0);
	assert_int_equal(w->messages, 1);
	world_free(w);
}

static void test_undone(void **arg)
{
	const struct slice m = SLICE(REQUEST("a"));
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, (struct slice){ m.p, 90 }), 0);
	for (unsigned i = 0; i < 3; i++) { /* judged again each time */
		assert_int_equal(at(w, 0, (struct slice){ m.p + 90, m.n - 90 }), 0);
		assert_int_equal(w->messages, 1);
		flow_undo(w->st, &w->seg, w->now);
	}
	assert_int_equal(at(w, 0, (struct slice){ m.p + 90, m.n - 90 }), 0);
	assert_int_equal(at(w, 0, (struct slice){ m.p + 90, m.n - 90 }), 0);
	flow_undo(w->st, &w->seg, w->now); /* a repeated one brought nothing */
	assert_int_equal(at(w, 0, SLICE("other bytes")), FLOW_DIFFERS);
	flow_undo(w->st, &w->seg, w->now);
	assert_int_equal(at(w, 0, SLICE("other bytes")), FLOW_DIFFERS);
	world_free(w);
}

static void test_midstream(void **arg)
{
	struct world *w = world_new(64);

	(void)arg;
	w->c = 1000;
	w->v = 5000;
	/* just after the start: connections that were there before go on */
	assert_int_equal(say(w, SLICE("ody of a message")), 0);
	assert_int_equal(w->messages, 0);
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	assert_int_equal(w->messages, 1);
	answer(w, SLICE(ANSWER));
	assert_int_equal(w->messages, 1);
	w->now += 601 * NS;
	w->port++;
	assert_int_equal(say(w, SLICE("ody of a message")), FLOW_UNKNOWN);
	assert_int_equal(w->seg.ending.to_inside, w->c - 16);
	assert_int_equal(say(w, SLICE_NONE), 0);
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	assert_int_equal(w->messages, 1);
	/* what lies before the place where it was picked up was never seen */
	assert_int_equal(at(w, 0u - 4000, SLICE("evil bytes")), FLOW_OUTSIDE);
	w->port++;
	w->s.midstream = MIDSTREAM_RESET;
	assert_int_equal(say(w, SLICE(REQUEST("a"))), FLOW_UNKNOWN);
	assert_int_equal(w->messages, 0);
	world_free(w);
}

/* The queue was full and bytes went by: go on where the next message begins. */
static void test_unseen_bytes(void **arg)
{
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	w->now += 601 * NS;
	assert_int_equal(say(w, (struct slice){ REQUEST("a"), 40 }), 0);
	w->c += 1000;
	answer(w, SLICE_NONE);
	assert_int_equal(at(w, 0, SLICE("ody")), FLOW_UNKNOWN);
	assert_int_equal(at(w, 5, SLICE(REQUEST("b"))), FLOW_OUTSIDE);
	assert_int_equal(say(w, SLICE(REQUEST("b"))), 0);
	assert_int_equal(w->messages, 1);
	answer(w, SLICE_NONE);
	w->v += 999; /* nor did we see what the server sent */
	assert_int_equal(say(w, SLICE(REQUEST("c"))), 0);
	answer(w, SLICE(ANSWER));
	answer(w, SLICE(ANSWER));
	assert_int_equal(w->messages, 1);
	world_free(w);
}

/* A full table forgets connections; none of them may then count as an old one. */
static void test_eviction(void **arg)
{
	struct world *w = world_new(2048);

	(void)arg;
	for (w->port = 1; w->port < 3000; w->port++)
		answer(w, (struct slice){ ANSWER, 20 });
	/* what they held was given back */
	assert_true(pool_left(flows_pool(w->st->tcp)) + 2 * 512 > 3000);
	w->port = 60000;
	assert_int_equal(at(w, 0, SLICE("ody")), FLOW_UNKNOWN);
	world_free(w);
}

static void test_urgent(void **arg)
{
	enum { URG = 32 };
	struct world *w = world_new(64);

	(void)arg;
	connect_at(w, 1000, 5000);
	assert_int_equal(take(w, true, ACK | URG, w->c, w->v, SLICE_NONE), FLOW_URGENT);
	assert_int_equal(take(w, true, ACK | URG, w->c, w->v, SLICE("OPX")), FLOW_URGENT);
	/* it was not taken, so other bytes may follow in its place */
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	assert_int_equal(w->messages, 1);
	/* what a server says reaches no server of ours */
	assert_int_equal(take(w, false, ACK | URG, w->v, w->c, SLICE_NONE), 0);
	world_free(w);
}

static void test_sweep(void **arg)
{
	struct world *w = world_new(64);
	struct reset out[3];
	size_t n = 0;

	(void)arg;
	for (w->port = 1; w->port <= 5; w->port++)
		connect_at(w, 1000, 5000);
	take(w, false, SYN | ACK, 5000, 1000, SLICE_NONE); /* 6: half open */
	w->port = 1; /* speaks */
	w->c = 1001;
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	w->now += 60 * NS;
	assert_int_equal(sweep(w, out, 3), 0);
	w->now += NS;
	n = sweep(w, out, 3);
	assert_int_equal(n, 3);
	assert_int_equal(out[0].to_inside, 1001);
	assert_int_equal(out[0].to_outside, 5001);
	assert_int_equal(sweep(w, out, 3), 1);
	assert_int_equal(sweep(w, out, 3), 0);
	w->port = 5;
	assert_int_equal(at(w, 0, SLICE_NONE), FLOW_ENDED);
	w->port = 1; /* half a message, and then nothing */
	assert_int_equal(say(w, SLICE("OPTIONS sip:x")), 0);
	w->now += 61 * NS;
	assert_int_equal(sweep(w, out, 3), 1);
	assert_int_equal(out[0].outside_port, 1);
	w->now += 61 * NS;
	assert_int_equal(sweep(w, out, 3), 0);
	assert_int_equal(table_used(w->st->flows, w->now), 0);
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	w->now += 3600 * NS;
	assert_int_equal(sweep(w, out, 3), 0);
	w->now += NS;
	assert_int_equal(sweep(w, out, 3), 1); /* idle */
	world_free(w);
}

/* A port, and everything as it is after a restart: the connection is not known. */
static struct world *unknown_connection(void)
{
	struct world *w = world_new(64);

	take(w, true, ACK, 1, 1, SLICE_NONE); /* the first packet of all */
	w->now += 601 * NS;
	w->c = 1000;
	w->v = 5000;
	return w;
}

/* Whoever forges a segment does not know the numbers: it costs the true client nothing. */
static void test_forged_beginning(void **arg)
{
	const uint32_t far[] = { 30000, 0u - 30000, 1u << 30, 0u - (1u << 30), 1, 0u - 1000 };

	(void)arg;
	for (unsigned i = 0; i < sizeof(far) / sizeof(*far); i++) {
		for (unsigned refused = 0; refused < 2; refused++) {
			struct world *w = unknown_connection();

			assert_int_equal(at(w, far[i], SLICE(REQUEST("x"))), 0);
			assert_true(w->seg.guessed);
			if (refused)
				flow_end(w->st, &w->seg, w->now);
			else /* it is not judged, so it must wait until the server has
			      * said where it is */
				assert_int_equal(at(w, 0, SLICE(REQUEST("a"))), FLOW_OUTSIDE);
			answer(w, SLICE_NONE);
			assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
			assert_int_equal(w->messages, 1);
			answer(w, SLICE(ANSWER));
			assert_int_equal(say(w, SLICE(REQUEST("b"))), 0);
			assert_int_equal(w->messages, 1);
			assert_false(w->seg.guessed);
			world_free(w);
		}
	}
}

/* Forged beginnings push out no connection that a server knows, and wait for nothing. */
static void test_forged_beginnings_cost_nothing(void **arg)
{
	struct world *w = world_new(1024);
	struct reset out[50];
	uint32_t left;

	(void)arg;
	for (w->port = 1; w->port <= 40; w->port++)
		connect_at(w, 1000, 5000);
	left = pool_left(flows_pool(w->st->tcp));
	for (w->port = 100; w->port < 9000; w->port++)
		at(w, 0, SLICE("OPTIONS sip:half"));
	for (w->port = 1; w->port <= 40; w->port++)
		assert_int_equal(at(w, 0, SLICE("OPTIONS sip:half")), 0);
	assert_false(w->seg.guessed);
	w->now += 59 * NS;
	assert_int_equal(sweep(w, out, 50), 0);
	w->now += 6 * NS;
	assert_int_equal(sweep(w, out, 50), 40);
	assert_true(pool_left(flows_pool(w->st->tcp)) >= left - 40);
	/* a server that says RST knows of none */
	w->port = 50000;
	assert_int_equal(at(w, 0, SLICE("OPTIONS sip:half")), 0);
	take(w, false, RST | ACK, 0, w->c, SLICE_NONE);
	assert_int_equal(at(w, 0, SLICE("OPTIONS sip:half")), 0);
	assert_true(w->seg.guessed);
	world_free(w);
}

/*
 * A RST or FIN that the server ignores: its sender neither gets more time for the rest
 * of a message nor makes us forget its beginning; who is blind changes nothing at all.
 */
static void test_pretended_ends(void **arg)
{
	const struct {
		unsigned flags;
		uint32_t seq, ack;
	} ends[] = { { RST, 1020, 0 }, { FIN | ACK, 1020, 77 }, { RST, 1000, 0 },
		     { FIN | ACK, 999, 5001 }, { RST, 70000, 0 } };
	struct reset out[2];

	(void)arg;
	for (unsigned i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct world *w = world_new(64);

		connect_at(w, 999, 5000);
		assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
		answer(w, SLICE(ANSWER));
		w->c += ends[i].seq - 1020;
		take(w, true, ends[i].flags, w->c, ends[i].ack, SLICE_NONE);
		w->c -= ends[i].seq - 1020;
		w->now += 62 * NS;
		/* it is ended, or it goes on: it is not forgotten */
		assert_int_equal(sweep(w, out, 2), i < 2);
		assert_int_equal(say(w, SLICE("INVITE")), i < 2 ? FLOW_ENDED : 0);
		if (i >= 2) {
			take(w, true, ends[i].flags, w->c, 0, SLICE_NONE);
			w->now += 61 * NS;
			assert_int_equal(sweep(w, out, 2), 1);
		}
		world_free(w);
	}
}

/* What a server says RST to need not be the connection that it goes on to open. */
static void test_rst_while_opening(void **arg)
{
	struct world *w = world_new(64);
	struct reset out[2];

	(void)arg;
	w->c = 1001;
	w->v = 5001;
	take(w, false, SYN | ACK, 5000, 1001, SLICE_NONE);
	take(w, true, ACK, 1001, 77, SLICE_NONE);
	take(w, false, RST, 77, 0, SLICE_NONE);
	assert_int_equal(at(w, 0, SLICE_NONE), FLOW_OPENED);
	assert_int_equal(say(w, SLICE("OPTIONS sip:half")), 0);
	w->now += 59 * NS;
	assert_int_equal(sweep(w, out, 2), 0);
	w->now += 2 * NS;
	assert_int_equal(sweep(w, out, 2), 1);
	world_free(w);
}

static void test_spared(void **arg)
{
	struct world *w = world_new(64);
	struct reset out[2];

	(void)arg;
	connect_at(w, 1000, 5000);
	w->now += 61 * NS;
	assert_int_equal(flows_sweep(w->st, &w->s, w->now, out, 2), 1);
	flow_spare(w->st, &out[0], w->now);
	w->now += 61 * NS;
	assert_int_equal(flows_sweep(w->st, &w->s, w->now, out, 2), 0);
	assert_int_equal(say(w, SLICE(REQUEST("a"))), 0);
	/* idle for ever, or ended by one end: nothing is kept of it */
	w->port++;
	connect_at(w, 1000, 5000);
	answer(w, SLICE(ANSWER));
	take(w, false, FIN | ACK, w->v, w->c, SLICE_NONE);
	w->now += 61 * NS;
	assert_int_equal(flows_sweep(w->st, &w->s, w->now, out, 2), 1);
	flow_spare(w->st, &out[0], w->now);
	assert_int_equal(table_used(w->st->flows, w->now), 1);
	w->now += 3545 * NS;
	assert_int_equal(flows_sweep(w->st, &w->s, w->now, out, 2), 1);
	flow_spare(w->st, &out[0], w->now);
	assert_int_equal(table_used(w->st->flows, w->now), 0);
	assert_int_equal(pool_left(flows_pool(w->st->tcp)),
			 pool_chunks(flows_pool(w->st->tcp)));
	world_free(w);
}

/* The clock of whoever sweeps was read before that of another worker. */
static void test_sweep_lags_behind(void **arg)
{
	struct world *w = world_new(64);
	struct reset out[3];

	(void)arg;
	w->now = 1000 * NS;
	connect_at(w, 1000, 5000);
	assert_int_equal(say(w, SLICE("OPTIONS sip:x")), 0); /* it waits, too */
	w->now--;
	assert_int_equal(flows_sweep(w->st, &w->s, w->now, out, 3), 0);
	assert_int_equal(table_used(w->st->flows, w->now), 1);
	/* no connection is unknown to the worker whose clock is behind */
	w->port++;
	assert_int_equal(say(w, SLICE("ody of a message")), 0);
	world_free(w);
}

/* Who ends a TLS connection on which data went both ways has not failed its handshake. */
static void test_tls_ends(void **arg)
{
	static const char hello[] = "\x16\x03\x01\0\x08\x01\0\0\x04" "abcd";
	static const char reply[] = "\x16\x03\x03\0\x06\x02\0\0\x02" "ab";
	char data[5 + 48] = { 0x17, 3, 3, 0, 48 };
	struct slice record = { data, sizeof(data) };
	struct world *w = world_new(64);

	(void)arg;
	for (unsigned talks = 0; talks < 2; talks++, w->port++) {
		connect_at(w, 1000, 5000);
		assert_int_equal(say(w, (struct slice){ hello, sizeof(hello) - 1 }),
				 FLOW_TLS_HELLO);
		answer(w, (struct slice){ reply, sizeof(reply) - 1 });
		answer(w, record);
		if (talks)
			assert_int_equal(say(w, record), 0);
		take(w, false, FIN | ACK, w->v++, w->c, SLICE_NONE);
		assert_int_equal(at(w, 0, SLICE_NONE), talks ? 0 : FLOW_TLS_FAILED);
		assert_int_equal(take(w, true, FIN | ACK, w->c++, w->v, SLICE_NONE), 0);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_ends),
		cmocka_unit_test(test_true_ends),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_undone),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_unseen_bytes),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_sweep_lags_behind),
		cmocka_unit_test(test_forged_beginning),
		cmocka_unit_test(test_forged_beginnings_cost_nothing),
		cmocka_unit_test(test_pretended_ends),
		cmocka_unit_test(test_spared),
		cmocka_unit_test(test_rst_while_opening),
		cmocka_unit_test(test_tls_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
