/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections in the hands of several threads: each has its own, as the workers
 * do, in shards that they share; some ends of pairs are fought for by all, which
 * the kernel's choice of the queue rules out; and one thread sweeps.  Wrong locking
 * is for the thread sanitizer to find; here the messages and the memory must be right.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "connection.h"

#define THREADS 2
#define ROUNDS 3000
#define SHARED 7 /* every so many rounds: a connection of all threads */
#define WAITING 40 /* connections that the sweeping thread is to end */
#define LATER (61 * NS) /* than they began to wait; all that follows takes less */

struct hand {
	struct world *w;
	unsigned number;
	unsigned wrong; /* rounds whose messages were not what was said; or connections ended */
	_Atomic uint64_t *clock;
};

/* cmocka's assertions belong to the main thread. */
static bool goes_wrong(struct world *w, uint32_t first, bool ends)
{
	const struct slice text = SLICE(REQUEST("a") REQUEST("b"));
	unsigned got = 0;

	w->c = first;
	w->v = ~first;
	take(w, true, SYN, w->c++, 0, SLICE_NONE);
	take(w, false, SYN | ACK, w->v++, w->c, SLICE_NONE);
	take(w, true, ACK, w->c, w->v, SLICE_NONE);
	for (uint32_t i = 0; i < text.n; i += 40) {
		say(w, (struct slice){ text.p + i, text.n - i < 40 ? text.n - i : 40 });
		got += w->messages;
		if (i == 200)
			answer(w, SLICE(ANSWER));
	}
	answer(w, SLICE_NONE);
	if (ends)
		flow_end(w->st, &w->seg, w->now);
	else
		flow_undo(w->st, &w->seg, w->now);
	return got != 2;
}

static void *work(void *arg)
{
	struct hand *h = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		bool shared = i % SHARED == 0;

		h->w->now = atomic_fetch_add(h->clock, NS / 256);
		h->w->n = 0;
		h->w->port = (uint16_t)(shared ? 1 + i % 3 : 1000 + i % 50 * THREADS + h->number);
		/* what it got of a connection that another one ends meanwhile is its luck */
		h->wrong += goes_wrong(h->w, i * 100000, i % 5 == 0) && !shared;
	}
	return NULL;
}

static void *sweep_all(void *arg)
{
	struct hand *h = arg;
	struct reset out[3];

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		uint64_t now = atomic_load(h->clock);
		size_t n = flows_sweep(h->w->st, &h->w->s, now, out, 3);

		for (size_t k = 0; k < n; k++)
			h->wrong += flow_expire(h->w->st, &out[k], now);
	}
	return NULL;
}

static void wait_all(struct world *w)
{
	for (w->port = 50000; w->port < 50000 + WAITING; w->port++) {
		connect_at(w, 1000, 5000);
		assert_int_equal(say(w, SLICE("OPTIONS sip:x")), 0);
	}
}

/* No chunk was lost, and none is owned twice. */
static void assert_memory_whole(struct world *w)
{
	struct pool *p = flows_pool(w->st->tcp);
	struct reset out[8];

	assert_int_equal(flows_sweep(w->st, &w->s, LATER + 4 * 3600 * NS, out, 8), 0);
	assert_int_equal(pool_left(p), pool_chunks(p));
	for (uint32_t n = pool_chunks(p); n; n--)
		assert_int_not_equal(pool_take(p), 0);
	assert_int_equal(pool_take(p), 0);
}

static void test_threads(void **arg)
{
	struct world *w = world_new(1024), *own = calloc(THREADS, sizeof(*own));
	struct hand hand[THREADS + 1];
	pthread_t thread[THREADS + 1];
	_Atomic uint64_t clock = LATER + NS;

	(void)arg;
	assert_non_null(own);
	wait_all(w);
	for (unsigned i = 0; i < THREADS; i++) {
		own[i] = *w;
		own[i].room = flow_room_new();
		hand[i] = (struct hand){ &own[i], i, 0, &clock };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &hand[i]), 0);
	}
	hand[THREADS] = (struct hand){ w, THREADS, 0, &clock };
	assert_int_equal(pthread_create(&thread[THREADS], NULL, sweep_all, &hand[THREADS]), 0);
	for (unsigned i = 0; i <= THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(hand[i].wrong, 0);
		flow_room_free(own[i].room);
	}
	assert_int_equal(hand[THREADS].wrong, WAITING);
	assert_memory_whole(w);
	free(own);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
