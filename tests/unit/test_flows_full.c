/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Full tables: who opens many TCP connections takes nothing from those that talk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "connection.h"

#define PHONES 60 /* less than what the fullest shard holds, with this seed */
#define ATTACKERS 20000

struct phone {
	uint16_t port;
	uint32_t c, v;
};

static void hold(struct world *w, const struct phone *p)
{
	w->port = p->port;
	w->c = p->c;
	w->v = p->v;
}

/* Phones that a server talks to, in the middle of a message. */
static void phones_begin(struct world *w, struct phone *phone, struct slice half)
{
	for (unsigned i = 0; i < PHONES; i++) {
		w->port = (uint16_t)(30000 + i);
		connect_at(w, 1000 * i, 77 * i);
		assert_int_equal(say(w, SLICE(REQUEST("r"))), 0);
		answer(w, SLICE(ANSWER));
		assert_int_equal(say(w, half), 0);
		phone[i] = (struct phone){ w->port, w->c, w->v };
	}
}

static void phones_end(struct world *w, const struct phone *phone, struct slice rest)
{
	for (unsigned i = 0; i < PHONES; i++) {
		hold(w, &phone[i]);
		assert_int_equal(say(w, rest), 0);
		assert_int_equal(w->messages, 1);
	}
}

/* Each of them completes the handshake, as no forger can. */
static void attack(struct world *w, struct slice text)
{
	const uint32_t free_ports = 30000;

	for (uint32_t i = 0; i < ATTACKERS; i++) {
		w->port = (uint16_t)(1 + i % (free_ports - 1));
		w->c = 100 + i;
		w->v = i << 8;
		take(w, true, SYN, w->c++, 0, SLICE_NONE);
		take(w, false, SYN | ACK, w->v++, w->c, SLICE_NONE);
		take(w, true, ACK, w->c, w->v, SLICE_NONE);
		if (text.n)
			say(w, text);
	}
}

static void test_records(void **arg)
{
	const struct slice all = SLICE(REQUEST("phone"));
	struct world *w = world_new(4096);
	struct phone phone[PHONES];

	(void)arg;
	w->s.midstream = MIDSTREAM_RESET; /* one that was forgotten would be noticed */
	phones_begin(w, phone, (struct slice){ all.p, 50 });
	attack(w, SLICE_NONE);
	attack(w, SLICE(REQUEST("a") "OPTIONS sip:"));
	assert_true(table_used(w->st->flows, w->now) > 400);
	phones_end(w, phone, (struct slice){ all.p + 50, all.n - 50 });
	world_free(w);
}

/* A message of a beginning and an end, which the server has then. */
static void say_all(struct world *w, struct slice begin)
{
	for (uint32_t i = 0; i < begin.n; i += 1000)
		assert_int_equal(say(w, (struct slice){ begin.p + i, 1000 }), 0);
	assert_int_equal(say(w, SLICE("\r\nContent-Length: 0\r\n\r\n")), 0);
	assert_int_equal(w->messages, 1);
	answer(w, SLICE_NONE);
}

static void test_memory(void **arg)
{
	static char text[3000];
	struct world *w = world_new(512);
	struct pool *p = flows_pool(w->st->tcp);
	struct phone phone[PHONES];
	struct reset out[64];

	(void)arg;
	memset(text, 'a', sizeof(text));
	memcpy(text, "OPTIONS sip:x SIP/2.0\r\nX: ", 26);
	phones_begin(w, phone, SLICE_NONE);
	attack(w, (struct slice){ text, 1400 });
	/* they took what there is for them ... */
	assert_true(pool_left(p) <= pool_chunks(p) / 4 + 4);
	/* ... and the phones have the rest: room for an ordinary message each, ... */
	for (unsigned i = 0; i < PHONES; i++) {
		hold(w, &phone[i]);
		say_all(w, (struct slice){ text, 1000 });
	}
	/* ... and for a long one as soon as those who do not finish theirs are ended */
	w->now += 6 * NS;
	while (sweep(w, out, 64))
		;
	say_all(w, (struct slice){ text, sizeof(text) });
	world_free(w);
}

/* As many as the table holds, each of which has said something and rests. */
static void test_rest_needs_no_memory(void **arg)
{
	struct world *w = world_new(64);
	struct pool *p = flows_pool(w->st->tcp);

	(void)arg;
	for (w->port = 1; w->port <= 150; w->port++) {
		connect_at(w, 1000u * w->port, 5000);
		assert_int_equal(say(w, SLICE(REQUEST("r"))), 0);
		assert_int_equal(w->messages, 1);
		answer(w, SLICE(ANSWER));
		take(w, true, ACK, w->c, w->v, SLICE_NONE);
	}
	assert_true(pool_chunks(p) < 150);
	assert_int_equal(pool_left(p), pool_chunks(p));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_rest_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
