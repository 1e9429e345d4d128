/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which messages a worker reads for people: not more than somebody will read, but all that
 * act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine.h"
#include "notes.h"

static struct notes notes;

static struct event event_of(unsigned source)
{
	struct event ev = { .src = addr_v4((uint8_t[]){ 203, 0, (uint8_t)(source >> 8),
							(uint8_t)source }) };

	ev.d.notify = true;
	return ev;
}

/* Of so many sources, one event each in a batch of its own. */
static unsigned read_of(unsigned sources, uint64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sources; i++) {
		struct event ev = event_of(i);

		notes.n = 0;
		n += notes_read(&notes, &ev, now);
	}
	return n;
}

static void a_flood_of_sources(void **unused)
{
	struct event ev = event_of(1);

	(void)unused;
	notes = (struct notes){ .n = 0 };
	assert_int_equal(read_of(5000, 10 * NS), NOTES_READ);
	assert_int_equal(read_of(10, 11 * NS - 1), 0);
	ev.d.ban = 300;
	assert_true(notes_read(&notes, &ev, 11 * NS - 1));
	ev.d.ban = 0;
	ev.d.mark_time = 60;
	assert_true(notes_read(&notes, &ev, 11 * NS - 1));
	ev.d.mark_time = 0;
	ev.d.token[0] = 'K';
	assert_true(notes_read(&notes, &ev, 11 * NS - 1));
	assert_int_equal(read_of(10, 11 * NS), 10);
}

static void a_burst_of_one(void **unused)
{
	struct event ev = event_of(1), other = event_of(1);

	(void)unused;
	notes = (struct notes){ .n = 0 };
	assert_true(notes_read(&notes, &ev, NS));
	notes.at[notes.n++].ev = ev;
	assert_false(notes_read(&notes, &ev, NS));
	other.d.check = 1;
	assert_true(notes_read(&notes, &other, NS));
	other = event_of(2);
	assert_true(notes_read(&notes, &other, NS));
	other.d.notify = false;
	assert_false(notes_read(&notes, &other, NS));
}

/* Of so many that are told with rings of 1024 and 512 places, how many find room, and what is
 * counted of the others. */
struct told_to {
	struct ring *bans, *events;
	struct stats stats;
};

static void tell(struct told_to *t, const struct event *ev, unsigned times)
{
	const struct notes_to to = { t->bans, t->events, -1, -1 };

	for (unsigned i = 0; i < times; i++) {
		notes.n = 0;
		notes.at[notes.n++].ev = *ev;
		notes_tell(&notes, &to, &t->stats);
		assert_int_equal(notes.n, 0);
	}
}

static uint64_t lost(const atomic_uint_fast64_t *counter)
{
	return atomic_load(counter);
}

static void drops_leave_room_for_bans(void **unused)
{
	static struct told_to t;
	struct event drop = event_of(1), ban = event_of(2), known = event_of(3);

	(void)unused;
	t = (struct told_to){ ring_new(512, sizeof(struct event)),
			      ring_new(1024, sizeof(struct news)), { 0 } };
	assert_non_null(t.bans);
	assert_non_null(t.events);
	tell(&t, &drop, 600);
	assert_int_equal(lost(&t.stats.event_lost), 600 - 512);
	ban.d.ban = 300;
	tell(&t, &ban, 256);
	assert_int_equal(lost(&t.stats.event_lost), 600 - 512);
	assert_int_equal(lost(&t.stats.ban_lost), 0);
	tell(&t, &ban, 10); /* a place is kept for each of the known */
	assert_int_equal(lost(&t.stats.ban_lost), 10);
	known.d.known = true;
	known.d.notify = false;
	tell(&t, &known, 256);
	assert_int_equal(lost(&t.stats.ban_lost), 10);
	tell(&t, &known, 1);
	assert_int_equal(lost(&t.stats.ban_lost), 11);
	tell(&t, &ban, 256); /* and the events ring is full of them */
	assert_int_equal(lost(&t.stats.event_lost), 600 - 512 + 10);
	ring_free(t.bans);
	ring_free(t.events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_sources),
		cmocka_unit_test(a_burst_of_one),
		cmocka_unit_test(drops_leave_room_for_bans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
