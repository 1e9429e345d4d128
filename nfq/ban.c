/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ban.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "keeper.h"
#include "log.h"
#include "stats.h"

#define RECONCILE (60 * NS)
#define SWEEP (5 * NS)
#define EVENTS_A_TURN 4000 /* from one ring, before the others have their turn */

enum order {
	ORDER_NONE, ORDER_STEER, ORDER_RELOAD, ORDER_KNOWN, ORDER_BY_HAND, ORDER_UNSTEER, ORDER_STOP
};

/* What a caller wants; it waits until the thread has set done. */
struct request {
	enum order order;
	const struct ruleset *rules;
	struct byhand *hand;
	char *err;
	struct addr **sites; /* KNOWN */
	size_t *n;
	int result;
	bool done;
};

struct ban_thread {
	struct keeper *keeper;
	struct ring **ring;
	unsigned rings;
	int wake_fd, order_fd;
	pthread_t id;
	pthread_mutex_t lock; /* of request */
	pthread_cond_t ready;
	struct request *request;
	uint64_t reconcile_at, sweep_at;
	atomic_uint_fast64_t turns;
};

/* True when a ring may hold more. */
static bool take_rings(struct ban_thread *t)
{
	struct event ev;
	bool more = false;

	for (unsigned i = 0; i < t->rings; i++) {
		unsigned n = 0;

		while (n < EVENTS_A_TURN && ring_get(t->ring[i], &ev)) {
			keeper_take(t->keeper, &ev, clock_now());
			n++;
		}
		more |= n == EVENTS_A_TURN;
	}
	keeper_flush(t->keeper, clock_now());
	return more;
}

static void take_all(struct ban_thread *t)
{
	while (take_rings(t))
		;
}

static int obey(struct ban_thread *t, const struct request *r)
{
	switch (r->order) {
	case ORDER_STEER:
		return keeper_steer(t->keeper, clock_now(), r->err);
	case ORDER_RELOAD:
		return keeper_reload(t->keeper, r->rules, clock_now(), r->err);
	case ORDER_KNOWN:
		return keeper_known(t->keeper, clock_now(), r->sites, r->n);
	case ORDER_BY_HAND:
		keeper_by_hand(t->keeper, r->hand, clock_now());
		return 0;
	case ORDER_UNSTEER:
		keeper_unsteer(t->keeper);
		return 0;
	case ORDER_STOP:
		take_all(t);
		keeper_remove(t->keeper);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Does what a caller waits for; true: the thread is to end. */
static bool take_order(struct ban_thread *t)
{
	struct request *r;
	bool stop;
	int e;

	pthread_mutex_lock(&t->lock);
	r = t->request;
	pthread_mutex_unlock(&t->lock);
	if (!r)
		return false;
	e = obey(t, r);
	stop = r->order == ORDER_STOP;
	pthread_mutex_lock(&t->lock);
	r->result = e;
	r->done = true;
	t->request = NULL;
	pthread_cond_broadcast(&t->ready);
	pthread_mutex_unlock(&t->lock);
	return stop;
}

static void reset_eventfd(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static int next_timeout(const struct ban_thread *t)
{
	uint64_t now = clock_now();
	uint64_t at = t->sweep_at < t->reconcile_at ? t->sweep_at : t->reconcile_at;
	uint64_t due = keeper_due(t->keeper);

	if (due && due < at)
		at = due;
	return at > now ? (int)((at - now) / 1000000) + 1 : 0;
}

static void keep_time(struct ban_thread *t)
{
	uint64_t now = clock_now(), due = keeper_due(t->keeper);

	if (due && now >= due)
		keeper_go_on(t->keeper, now);
	if (now >= t->sweep_at) {
		keeper_sweep(t->keeper, now);
		t->sweep_at = now + SWEEP;
	}
	if (now >= t->reconcile_at) {
		keeper_reconcile(t->keeper, now);
		t->reconcile_at = now + RECONCILE;
	}
}

static void *ban_run(void *arg)
{
	struct ban_thread *t = arg;
	struct pollfd fd[] = { { t->wake_fd, POLLIN, 0 },
			       { t->order_fd, POLLIN, 0 },
			       { keeper_fd(t->keeper), POLLIN, 0 } };
	bool stop = false, more = false;

	while (!stop) {
		stats_add(&t->turns, 1);
		if (poll(fd, 3, more ? 0 : next_timeout(t)) < 0)
			continue;
		if (fd[0].revents)
			reset_eventfd(t->wake_fd);
		more = (fd[0].revents || more) && take_rings(t);
		if (fd[2].revents)
			keeper_watch(t->keeper, clock_now());
		if (fd[1].revents) {
			reset_eventfd(t->order_fd);
			stop = take_order(t);
		}
		keep_time(t);
	}
	return NULL;
}

static int ask(struct ban_thread *t, struct request *r)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&t->lock);
	while (t->request)
		pthread_cond_wait(&t->ready, &t->lock);
	t->request = r;
	while (write(t->order_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	while (!r->done)
		pthread_cond_wait(&t->ready, &t->lock);
	pthread_mutex_unlock(&t->lock);
	return r->result;
}

static int start_thread(struct ban_thread *t)
{
	int e;

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->ready, NULL);
	t->reconcile_at = clock_now() + RECONCILE;
	t->sweep_at = clock_now() + SWEEP;
	e = pthread_create(&t->id, NULL, ban_run, t);
	if (e == 0) {
		/* nft monitor shows this name as whose change it was */
		pthread_setname_np(t->id, "sipmoatd-bans");
		return 0;
	}
	pthread_cond_destroy(&t->ready);
	pthread_mutex_destroy(&t->lock);
	return -e;
}

static void free_thread(struct ban_thread *t)
{
	keeper_close(t->keeper);
	if (t->order_fd >= 0)
		close(t->order_fd);
	free(t->ring);
	free(t);
}

int ban_start(struct ban_thread **out, const struct ban_conf *conf, char err[BAN_ERROR])
{
	struct ban_thread *t = calloc(1, sizeof(*t));
	int e = -ENOMEM;

	*out = NULL;
	snprintf(err, BAN_ERROR, "no memory");
	if (!t)
		return e;
	t->order_fd = -1;
	t->rings = conf->rings;
	t->wake_fd = conf->wake_fd;
	t->ring = calloc(conf->rings + 1, sizeof(struct ring *));
	if (!t->ring)
		goto out;
	memcpy(t->ring, conf->ring, conf->rings * sizeof(struct ring *));
	t->order_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = t->order_fd < 0 ? -errno : keeper_open(&t->keeper, conf, clock_now(), err);
	if (e == 0) {
		e = start_thread(t);
		if (e < 0)
			snprintf(err, BAN_ERROR, "no thread for nftables: %s", strerror(-e));
	}
out:
	if (e < 0)
		free_thread(t);
	else
		*out = t;
	return e;
}

uint64_t ban_beats(struct ban_thread *t)
{
	return atomic_load_explicit(&t->turns, memory_order_relaxed) + keeper_sent(t->keeper);
}

int ban_steer(struct ban_thread *t, char err[BAN_ERROR])
{
	return ask(t, &(struct request){ .order = ORDER_STEER, .err = err });
}

int ban_reload(struct ban_thread *t, const struct ruleset *rules, char err[BAN_ERROR])
{
	return ask(t, &(struct request){ .order = ORDER_RELOAD, .rules = rules,
					     .err = err });
}

void ban_by_hand(struct ban_thread *t, struct byhand *o)
{
	ask(t, &(struct request){ .order = ORDER_BY_HAND, .hand = o });
}

void ban_unsteer(struct ban_thread *t)
{
	ask(t, &(struct request){ .order = ORDER_UNSTEER });
}

void ban_stop(struct ban_thread *t)
{
	if (!t)
		return;
	ask(t, &(struct request){ .order = ORDER_STOP });
	pthread_join(t->id, NULL);
	pthread_cond_destroy(&t->ready);
	pthread_mutex_destroy(&t->lock);
	free_thread(t);
}

void ban_count(struct ban_thread *t, struct ban_counts *out)
{
	keeper_count(t->keeper, out);
}

int ban_known(struct ban_thread *t, struct addr **sites, size_t *n)
{
	struct request r = { .order = ORDER_KNOWN, .sites = sites, .n = n };

	return ask(t, &r);
}
