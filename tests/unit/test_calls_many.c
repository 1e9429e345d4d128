/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls by the ten thousand, and by several threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <pthread.h>

#include "caller.h"

#define HOST "203.0.113.9"
#define MANY 50000u
#define LOST 50u /* of them, in a table that is three quarters full */
#define THREADS 4
#define TURNS 3000u

static void call_of(char out[32], const char *kind, unsigned i)
{
	snprintf(out, 32, "%s%u", kind, i);
}

static const struct table_fill *fill_of(struct world *w, const char *name)
{
	static struct table_fill fill[TABLE_COUNT];

	state_fill(w->st, w->now, fill);
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if (strcmp(fill[i].name, name) == 0)
			return &fill[i];
	abort();
}

/* All are counted while they run, and all come back. */
static void test_many(void **unused)
{
	struct world w;
	uint64_t bytes, live, seconds;
	char call[32];

	(void)unused;
	world_open(&w, "tables = { calls = 65536; legs = 65536; dialogs = 131072; };");
	for (unsigned i = 0; i < MANY; i++) {
		call_of(call, "c", i);
		hear(&w, IN, HOST, &(struct says){ "INVITE", "a", "", .call = call, .cseq = 1 });
		hear(&w, OUT, HOST, &(struct says){ "200 INVITE", "a", "b", .call = call,
						     .cseq = 1 });
	}
	live = fill_of(&w, "calls")->live;
	assert_in_range(live, MANY - LOST, MANY);
	assert_int_equal(used(&w, SLOT_NOW), live); /* none holds anything that is gone */
	bytes = fill_of(&w, "calls")->bytes + fill_of(&w, "legs")->bytes;
	assert_in_range(bytes, 1, 64u << 20);
	run(&w, 10);
	seconds = used(&w, SLOT_SECONDS);
	/* of each one ten, some a share of a second later */
	assert_in_range(seconds, live * 9, live * 10);
	w.now += 28811 * NS;
	run(&w, 2);
	assert_int_equal(used(&w, SLOT_NOW), 0);
	world_close(&w);
}

struct thread {
	struct world w;
	unsigned number;
	pthread_t id;
};

/* Asks, is challenged, asks again, is answered or refused; repeats itself. */
static void *work(void *arg)
{
	struct thread *t = arg;
	struct world *w = &t->w;
	char call[32], host[16];

	snprintf(host, sizeof(host), "203.0.113.%u", t->number + 1);
	for (unsigned i = 0; i < TURNS; i++) {
		/* half of the names are those of other threads, too */
		call_of(call, i % 2 ? "x" : host, i);
		hear(w, IN, host, &(struct says){ "INVITE", "a", "", .call = call, .cseq = 1 });
		hear(w, IN, host, &(struct says){ "INVITE", "a", "", .call = call, .cseq = 1 });
		hear(w, OUT, host, &(struct says){ i % 3 ? "401 INVITE" : "486 INVITE", "a", "b",
						    .call = call, .cseq = 1 });
		hear(w, IN, host, &(struct says){ "INVITE", "a", "", .call = call, .cseq = 2 });
		hear(w, OUT, host, &(struct says){ "200 INVITE", "a", "b", .call = call,
						    .cseq = 2 });
		w->now += NS / 8;
		if (i % 5)
			hear(w, OUT, host, &(struct says){ "BYE", "b", "a", .call = call,
							    .cseq = 1 });
	}
	return NULL;
}

static void *sweep(void *arg)
{
	struct thread *t = arg;

	run(&t->w, TURNS / 8);
	return NULL;
}

static void test_threads(void **unused)
{
	static struct thread t[THREADS + 1];
	struct world all;

	(void)unused;
	world_open(&all, "tables = { calls = 512; quotas = 1024; };");
	for (unsigned i = 0; i <= THREADS; i++) {
		t[i].w = all;
		t[i].number = i;
		if (pthread_create(&t[i].id, NULL, i < THREADS ? work : sweep, &t[i]))
			abort();
	}
	for (unsigned i = 0; i <= THREADS; i++)
		pthread_join(t[i].id, NULL);
	all.now = t[0].w.now;
	assert_true(used(&all, SLOT_NOW) <= fill_of(&all, "calls")->records);
	all.now += 28811 * NS;
	run(&all, 2);
	assert_int_equal(used(&all, SLOT_NOW), 0);
	world_close(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
