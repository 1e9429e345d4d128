/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often an alert is tried, and after what pauses, before the next one has its turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "sender.h"

#define RETRIES 8
#define ROOM 32

/* ---- what delivers, in place of deliver.c, and the pauses of nobody ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned later, never, pauses[ROOM], paused;
	bool over; /* what was put last has come */
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

struct deliver *deliver_open(const struct deliver_conf *c)
{
	(void)c;
	return (struct deliver *)&seen;
}

void deliver_close(struct deliver *d)
{
	(void)d;
}

enum delivered deliver(struct deliver *d, const struct alert *a, unsigned *done,
		       char err[DELIVER_ERROR])
{
	enum delivered said = DELIVERED;

	(void)d;
	(void)done;
	err[0] = '\0';
	pthread_mutex_lock(&seen.lock);
	if (strcmp(a->text, "later") == 0) {
		seen.later++;
		said = DELIVER_LATER;
	} else if (strcmp(a->text, "never") == 0) {
		seen.never++;
		said = DELIVER_NEVER;
	} else {
		seen.over = true;
		pthread_cond_signal(&seen.more);
	}
	pthread_mutex_unlock(&seen.lock);
	return said;
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
	(void)left;
	pthread_mutex_lock(&seen.lock);
	if (seen.paused < ROOM)
		seen.pauses[seen.paused] = (unsigned)pause->tv_sec;
	seen.paused++;
	pthread_mutex_unlock(&seen.lock);
	return 0;
}

static void put(struct sender *s, const char *text)
{
	const struct alert a = { .json = strdup("{}"), .text = strdup(text) };

	sender_put(s, &a);
}

static void is_tried_so_often(void **unused)
{
	static const unsigned pauses[RETRIES] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct sender *s = sender_start(&(struct sender_conf){ .room = 4, .per_minute = 100,
							       .retries = RETRIES });

	(void)unused;
	assert_non_null(s);
	put(s, "never");
	put(s, "later");
	put(s, "over");
	pthread_mutex_lock(&seen.lock);
	while (!seen.over)
		pthread_cond_wait(&seen.more, &seen.lock);
	assert_int_equal(seen.never, 1);
	assert_int_equal(seen.later, 1 + RETRIES);
	assert_int_equal(seen.paused, RETRIES);
	assert_memory_equal(seen.pauses, pauses, sizeof(pauses));
	pthread_mutex_unlock(&seen.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(is_tried_so_often) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
