/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring: order, fullness, and two threads that lose nothing they were not told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "event.h"
#include "ring.h"

#define SLOTS 8
#define MANY 200000

static struct event numbered(uint64_t n)
{
	struct event ev = { .when = n };

	/* the far end too, so that a torn copy shows */
	memcpy(ev.d.evidence + sizeof(ev.d.evidence) - sizeof(n), &n, sizeof(n));
	return ev;
}

static uint64_t far_end(const struct event *ev)
{
	uint64_t n;

	memcpy(&n, ev->d.evidence + sizeof(ev->d.evidence) - sizeof(n), sizeof(n));
	return n;
}

static void empty_then_full(void **unused)
{
	struct ring *r = ring_new(SLOTS - 1, sizeof(struct event)); /* rounded up */
	struct event ev;

	(void)unused;
	assert_non_null(r);
	assert_false(ring_get(r, &ev));
	for (unsigned lap = 0; lap < 3; lap++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			ev = numbered(lap * SLOTS + i);
			assert_true(ring_put(r, &ev));
		}
		assert_false(ring_put(r, &ev));
		for (unsigned i = 0; i < SLOTS; i++) {
			assert_true(ring_get(r, &ev));
			assert_int_equal(ev.when, lap * SLOTS + i);
			assert_int_equal(far_end(&ev), ev.when);
		}
		assert_false(ring_get(r, &ev));
	}
	ring_free(r);
	ring_free(NULL);
}

static void spare_slots_are_for_others(void **unused)
{
	struct ring *r = ring_new(SLOTS, sizeof(struct event));
	struct event ev = numbered(1);
	unsigned n = 0;

	(void)unused;
	while (ring_put_sparing(r, &ev, 3))
		n++;
	assert_int_equal(n, SLOTS - 3);
	for (n = 0; ring_put(r, &ev); n++)
		;
	assert_int_equal(n, 3);
	ring_free(r);
}

struct producer {
	struct ring *ring;
	uint64_t refused;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (uint64_t i = 1; i <= MANY; i++) {
		struct event ev = numbered(i);

		if (!ring_put(p->ring, &ev))
			p->refused++;
	}
	for (struct event last = numbered(MANY + 1); !ring_put(p->ring, &last);)
		sched_yield();
	return NULL;
}

static void two_threads(void **unused)
{
	struct producer p = { .ring = ring_new(64, sizeof(struct event)) };
	uint64_t got = 0, last = 0;
	struct event ev;
	pthread_t thread;

	(void)unused;
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	while (last <= MANY) {
		if (!ring_get(p.ring, &ev)) {
			sched_yield();
			continue;
		}
		assert_true(ev.when > last);
		assert_int_equal(far_end(&ev), ev.when);
		last = ev.when;
		got++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(got + p.refused, MANY + 1);
	ring_free(p.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_then_full),
		cmocka_unit_test(spare_slots_are_for_others),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
