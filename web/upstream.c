/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upstream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "link.h"

#define IDLE 10       /* s between questions of what is counted, when nobody looks */
#define LOOKS 15      /* s that somebody who looked is taken to look on */
#define AGAIN 1000    /* ms until an absent daemon is tried again */
#define LONG_POLL 8   /* s that the daemon holds back an answer without events */
#define EVENTS_MOST 200
#define ROWS_MOST 200 /* of a list: what people can read */

/* A thread with a connection of its own. */
struct caller {
	pthread_mutex_t lock; /* of link: it is interrupted from outside */
	struct link *link;
	pthread_t thread;
	bool running;
};

struct upstream {
	struct board *board;
	const char *socket_path;
	void (*told)(void *arg);
	void *arg;
	int wake;
	atomic_bool stop;
	struct caller poller, follower;
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Until then, or until somebody wakes it. */
static void rest(struct upstream *u, uint64_t ms)
{
	struct pollfd p = { .fd = u->wake, .events = POLLIN };
	eventfd_t n;

	if (!u->stop && poll(&p, 1, (int)ms) > 0 && !u->stop)
		eventfd_read(u->wake, &n);
}

static const char *reason(int e)
{
	switch (e) {
	case ENOENT:
	case ECONNREFUSED:
		return "sipmoatd does not run";
	case EACCES:
	case EPERM:
		return "this page has no permission to ask sipmoatd: is it in the group sipmoat?";
	case EPIPE:
	case ECONNRESET:
		return "sipmoatd hung up: it stops, or has too many to talk to";
	case EAGAIN:
	case ETIMEDOUT:
		return "sipmoatd does not answer";
	case EPROTO:
		return "what listens there is no sipmoatd";
	default:
		return "sipmoatd cannot be asked";
	}
}

static void keep(struct caller *c, struct link *l)
{
	pthread_mutex_lock(&c->lock);
	c->link = l;
	pthread_mutex_unlock(&c->lock);
}

/* 0, or an errno: then it has no connection. */
static int ask(struct upstream *u, struct caller *c, const char *command,
	       const struct client_arg *args, unsigned wait, struct reply **out)
{
	struct link *l = c->link;
	bool old = l != NULL;
	int e = 0;

	*out = NULL;
	if (!l) {
		e = link_open(u->socket_path, &l);
		keep(c, l);
	}
	if (!e && !u->stop)
		e = link_ask(l, command, args, wait, out);
	if (!e)
		return 0;
	keep(c, NULL);
	link_close(l);
	/* who asks seldom is hung up on in between */
	if (old && (e == EPIPE || e == ECONNRESET) && !u->stop)
		return ask(u, c, command, args, wait, out);
	return e;
}

/* ---- questions ---- */

static void count(struct upstream *u, struct reply *r)
{
	static const char *const name[HISTORY_SERIES] = {
#define X(series) #series,
		HISTORY(X)
#undef X
	};
	uint64_t total[HISTORY_SERIES];

	if (!reply_rows(r, "counters"))
		return;
	for (unsigned i = 0; i < HISTORY_SERIES; i++)
		total[i] = reply_number(r, 0, name[i]);
	board_counted(u->board, total);
}

static int bring(struct upstream *u, enum topic t)
{
	static const char *const name[TOPIC_COUNT] = {
#define X(topic, seconds) #topic,
		TOPICS(X)
#undef X
	};
	const struct client_arg args[] = { { "most", NULL, ROWS_MOST }, { NULL } };
	struct reply *r;
	int e = ask(u, &u->poller, name[t], args, 0, &r);

	if (e || !r)
		return e;
	if (t == TOPIC_stats)
		count(u, r);
	board_answer(u->board, t, reply_line(r));
	reply_free(r);
	return 0;
}

/* How long until it is to be asked again, ms; 0 if it is to be asked. */
static uint64_t due_in(struct upstream *u, enum topic t, uint64_t asked, uint64_t now)
{
	static const unsigned seconds[TOPIC_COUNT] = {
#define X(topic, every) every,
		TOPICS(X)
#undef X
	};
	uint64_t wanted = board_wanted(u->board, t), every = IDLE * 1000;

	if (wanted && now / 1000 < wanted + LOOKS)
		every = seconds[t] * 1000;
	else if (t != TOPIC_stats)
		return IDLE * 1000; /* nobody needs it */
	return !asked || now - asked >= every ? 0 : every - (now - asked);
}

static void *poller_main(void *arg)
{
	struct upstream *u = arg;
	uint64_t asked[TOPIC_COUNT] = { 0 };

	while (!u->stop) {
		uint64_t next = IDLE * 1000;
		int e = 0;

		for (unsigned t = 0; t < TOPIC_COUNT && !e && !u->stop; t++) {
			uint64_t now = monotonic_ms(), left = due_in(u, t, asked[t], now);

			if (!left) {
				asked[t] = now;
				e = bring(u, t);
				left = due_in(u, t, asked[t], now);
			}
			next = left < next ? left : next;
		}
		if (e && !u->stop) {
			board_down(u->board, reason(e));
			memset(asked, 0, sizeof(asked));
			next = AGAIN;
		}
		rest(u, next);
	}
	return NULL;
}

/* ---- events ---- */

/* The next ones are those behind the last that it has looked at. */
static void take_events(struct upstream *u, struct reply *r, struct client_arg *after)
{
	uint64_t missed = reply_number(r, -1, "missed");
	size_t n = reply_rows(r, "events");

	for (size_t i = 0; i < n; i++) {
		char *json = reply_row(r, (int)i);

		if (json)
			board_event(u->board, reply_number(r, (int)i, "id"), json, missed);
		free(json);
		missed = 0;
	}
	*after = (struct client_arg){ "after", NULL, reply_number(r, -1, "last") };
	if (n)
		u->told(u->arg);
}

static void *follower_main(void *arg)
{
	struct upstream *u = arg;
	/* at first the last ones; then what comes */
	struct client_arg args[] = { { "most", NULL, EVENTS_MOST }, { "wait", NULL, LONG_POLL },
				     { NULL }, { NULL } };
	struct pollfd nobody = { .fd = -1 };

	while (!u->stop) {
		struct reply *r;
		int e = ask(u, &u->follower, "events", args, LONG_POLL, &r);
		bool ok = !e && r && reply_true(r, -1, "ok");

		if (ok)
			take_events(u, r, &args[2]);
		reply_free(r);
		if (!ok && !u->stop)
			poll(&nobody, 1, AGAIN);
	}
	return NULL;
}

/* ---- both ---- */

static bool caller_start(struct caller *c, void *(*run)(void *arg), struct upstream *u)
{
	c->running = !pthread_create(&c->thread, NULL, run, u);
	return c->running;
}

static void caller_stop(struct caller *c)
{
	pthread_mutex_lock(&c->lock);
	if (c->link)
		link_interrupt(c->link);
	pthread_mutex_unlock(&c->lock);
	if (c->running)
		pthread_join(c->thread, NULL);
	link_close(c->link);
	pthread_mutex_destroy(&c->lock);
}

struct upstream *upstream_start(struct board *b, const char *socket_path,
				void (*told)(void *arg), void *arg)
{
	struct upstream *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->board = b;
	u->socket_path = socket_path;
	u->told = told;
	u->arg = arg;
	u->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&u->poller.lock, NULL);
	pthread_mutex_init(&u->follower.lock, NULL);
	board_wake(b, u->wake);
	if (u->wake >= 0 && caller_start(&u->poller, poller_main, u) &&
	    caller_start(&u->follower, follower_main, u))
		return u;
	upstream_stop(u);
	return NULL;
}

void upstream_stop(struct upstream *u)
{
	if (!u)
		return;
	u->stop = true;
	board_wake(u->board, -1);
	if (u->wake >= 0)
		eventfd_write(u->wake, 1);
	caller_stop(&u->poller);
	caller_stop(&u->follower);
	if (u->wake >= 0)
		close(u->wake);
	free(u);
}
