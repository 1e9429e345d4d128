/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sender.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1000000000ull
#define PAUSE_MOST 60 /* s between two tries */

struct sender {
	struct sender_conf conf;
	struct deliver *deliver;
	struct backlog backlog; /* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_t thread;
	bool failing; /* told */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void next(struct sender *s, struct alert *out)
{
	uint64_t wait;

	pthread_mutex_lock(&s->lock);
	while (!backlog_take(&s->backlog, now_ns(), out, &wait)) {
		uint64_t until = now_ns() + (wait < PAUSE_MOST * NS ? wait : PAUSE_MOST * NS);
		struct timespec t = { (time_t)(until / NS), (long)(until % NS) };

		pthread_cond_timedwait(&s->more, &s->lock, &t);
	}
	pthread_mutex_unlock(&s->lock);
}

/* Once, until something is delivered again. */
static void complain(struct sender *s, const char *err)
{
	if (!s->failing)
		fprintf(stderr, "sipmoat alert: %s\n", err);
	s->failing = true;
}

static enum delivered try_often(struct sender *s, const struct alert *a)
{
	char err[DELIVER_ERROR] = "";
	unsigned done = 0, pause = 1;
	enum delivered r;

	for (unsigned i = 0;; i++) {
		r = deliver(s->deliver, a, &done, err);
		if (r != DELIVERED)
			complain(s, err);
		if (r != DELIVER_LATER || i == s->conf.retries)
			return r;
		nanosleep(&(struct timespec){ .tv_sec = pause }, NULL);
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	}
}

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	struct alert a;

	for (;;) {
		next(s, &a);
		if (try_often(s, &a) != DELIVERED) {
			sender_lose(s, 1);
		} else if (s->failing) {
			fprintf(stderr, "sipmoat alert: alerts are delivered again\n");
			s->failing = false;
		}
		alert_free(&a);
	}
	return NULL;
}

struct sender *sender_start(const struct sender_conf *c)
{
	struct sender *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	s->conf = *c;
	s->deliver = deliver_open(&c->deliver);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->more, &attr);
	if (s->deliver && backlog_init(&s->backlog, c->room, c->per_minute) &&
	    !pthread_create(&s->thread, NULL, sender_main, s))
		return s;
	deliver_close(s->deliver);
	backlog_free(&s->backlog);
	free(s);
	return NULL;
}

void sender_put(struct sender *s, const struct alert *a)
{
	pthread_mutex_lock(&s->lock);
	backlog_put(&s->backlog, a, now_ns());
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

void sender_lose(struct sender *s, uint64_t n)
{
	pthread_mutex_lock(&s->lock);
	backlog_lose(&s->backlog, n);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}
