/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live swaps under readers that never stop: no reader ever sees a ruleset after
 * the swapping thread was told that it is nobody's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "publish.h"

#define READERS 3
#define SWAPS 2000
#define WAIT_MS 86400000 /* a lost wake-up hangs, and the runner tells */

/* Stands in for the compiled rules: publish never looks inside. */
struct ruleset {
	unsigned generation; /* 0: retired */
};

struct reader_thread {
	struct publish *publish;
	unsigned number;
	atomic_bool *stop;
	unsigned seen_retired, backwards;
	pthread_t thread;
};

static void *read_on(void *arg)
{
	struct reader_thread *r = arg;
	unsigned last = 0;

	while (!atomic_load(r->stop)) {
		const struct ruleset *rs = publish_pin(r->publish, r->number);

		for (unsigned i = 0; i < 10; i++) {
			r->seen_retired += rs->generation == 0;
			sched_yield();
		}
		r->backwards += rs->generation < last;
		last = rs->generation;
		publish_unpin(r->publish, r->number);
	}
	return NULL;
}

static void swaps_under_readers(void **unused)
{
	/* retired ones stay, so that whoever looks at one sees that it is */
	struct ruleset *rs = calloc(SWAPS, sizeof(*rs));
	struct publish *p = publish_new(READERS, rs);
	struct reader_thread r[READERS];
	atomic_bool stop = false;

	(void)unused;
	assert_non_null(p);
	rs[0].generation = 1;
	for (unsigned i = 0; i < READERS; i++) {
		r[i] = (struct reader_thread){ .publish = p, .number = i, .stop = &stop };
		assert_int_equal(pthread_create(&r[i].thread, NULL, read_on, &r[i]), 0);
	}
	for (unsigned n = 1; n < SWAPS; n++) {
		rs[n].generation = n + 1;
		assert_ptr_equal(publish_swap(p, &rs[n], WAIT_MS), &rs[n - 1]);
		rs[n - 1].generation = 0;
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(r[i].thread, NULL);
		assert_int_equal(r[i].seen_retired, 0);
		assert_int_equal(r[i].backwards, 0);
	}
	publish_free(p);
	free(rs);
}

static void a_sleeping_reader_holds_nothing_up(void **unused)
{
	struct ruleset one = { 1 }, two = { 2 };
	struct publish *p = publish_new(READERS, &one);

	(void)unused;
	assert_ptr_equal(publish_pin(p, 1), &one);
	publish_unpin(p, 1);
	/* nobody is there who could wake a swap that waits */
	assert_ptr_equal(publish_swap(p, &two, WAIT_MS), &one);
	assert_ptr_equal(publish_pin(p, 1), &two);
	publish_unpin(p, 1);
	publish_free(p);
}

static void a_stuck_reader_keeps_its_ruleset(void **unused)
{
	struct ruleset one = { 1 }, two = { 2 }, three = { 3 };
	struct publish *p = publish_new(READERS, &one);
	const struct ruleset *held;

	(void)unused;
	held = publish_pin(p, 2);
	assert_null(publish_swap(p, &two, 1)); /* not to be freed */
	assert_ptr_equal(held, &one);
	assert_ptr_equal(publish_current(p), &two);
	/* it holds the first one: no reason to wait with the second */
	assert_ptr_equal(publish_swap(p, &three, WAIT_MS), &two);
	publish_unpin(p, 2);
	assert_ptr_equal(publish_pin(p, 2), &three);
	publish_unpin(p, 2);
	publish_free(p);
}

static void *unpin_later(void *arg)
{
	struct publish *p = arg;

	/* the swap may or may not wait already: both orders must end */
	publish_unpin(p, 0);
	return NULL;
}

static void the_last_unpin_wakes_the_swap(void **unused)
{
	struct ruleset rs[2] = { { 1 }, { 2 } };
	struct publish *p = publish_new(READERS, &rs[0]);
	pthread_t thread;

	(void)unused;
	for (unsigned i = 0; i < 500; i++) {
		assert_ptr_equal(publish_pin(p, 0), &rs[i % 2]);
		assert_int_equal(pthread_create(&thread, NULL, unpin_later, p), 0);
		assert_ptr_equal(publish_swap(p, &rs[(i + 1) % 2], WAIT_MS), &rs[i % 2]);
		pthread_join(thread, NULL);
	}
	publish_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swaps_under_readers),
		cmocka_unit_test(a_sleeping_reader_holds_nothing_up),
		cmocka_unit_test(a_stuck_reader_keeps_its_ruleset),
		cmocka_unit_test(the_last_unpin_wakes_the_swap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
