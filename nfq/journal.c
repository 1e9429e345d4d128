/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "clock.h"

#define RECENT 1024
#define ACTED 256
#define WATCHERS 8
#define IDS_A_SECOND 1000000 /* more than can be told */

/* The last of them, in order; total counts all that ever were. */
struct shelf {
	struct told *at;
	unsigned room;
	uint64_t total;
};

struct journal {
	pthread_mutex_t lock;
	uint64_t first; /* id of the first one of all */
	struct shelf recent, acted;
	int watcher[WATCHERS]; /* -1: none */
};

static bool shelf_init(struct shelf *s, unsigned room)
{
	s->room = room;
	s->at = calloc(room, sizeof(*s->at));
	return s->at != NULL;
}

struct journal *journal_new(void)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	pthread_mutex_init(&j->lock, NULL);
	for (unsigned i = 0; i < WATCHERS; i++)
		j->watcher[i] = -1;
	j->first = clock_wall() * IDS_A_SECOND;
	if (shelf_init(&j->recent, RECENT) && shelf_init(&j->acted, ACTED))
		return j;
	journal_free(j);
	return NULL;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	pthread_mutex_destroy(&j->lock);
	free(j->recent.at);
	free(j->acted.at);
	free(j);
}

static void shelf_add(struct shelf *s, const struct told *t)
{
	s->at[s->total++ % s->room] = *t;
}

void journal_add(struct journal *j, struct told *t)
{
	t->wall = clock_wall_ns();
	pthread_mutex_lock(&j->lock);
	t->id = j->first + j->recent.total;
	shelf_add(&j->recent, t);
	if (told_acts(t))
		shelf_add(&j->acted, t);
	for (unsigned i = 0; i < WATCHERS; i++)
		if (j->watcher[i] >= 0)
			eventfd_write(j->watcher[i], 1);
	pthread_mutex_unlock(&j->lock);
}

uint64_t journal_first(struct journal *j)
{
	return j->first - 1; /* it never changes */
}

uint64_t journal_last(struct journal *j)
{
	uint64_t last;

	pthread_mutex_lock(&j->lock);
	last = j->first + j->recent.total - 1;
	pthread_mutex_unlock(&j->lock);
	return last;
}

/* How many are still there. */
static uint64_t shelf_held(const struct shelf *s)
{
	return s->total < s->room ? s->total : s->room;
}

static const struct told *shelf_get(const struct shelf *s, uint64_t n)
{
	return &s->at[n % s->room];
}

size_t journal_read(struct journal *j, uint64_t after, journal_want *want, const void *arg,
		    struct told *out, size_t room, uint64_t *seen, uint64_t *missed)
{
	const struct shelf *s = &j->recent;
	uint64_t oldest, n;
	size_t found = 0;

	pthread_mutex_lock(&j->lock);
	oldest = s->total - shelf_held(s);
	/* of an earlier run, or of a clock that was set back: all there is */
	n = after < j->first || after - j->first >= s->total ? 0 : after - j->first + 1;
	*missed = n < oldest ? oldest - n : 0;
	for (n = n < oldest ? oldest : n; n < s->total && found < room; n++) {
		const struct told *t = shelf_get(s, n);

		if (!want || want(t, arg))
			out[found++] = *t;
	}
	*seen = j->first + n - 1;
	pthread_mutex_unlock(&j->lock);
	return found;
}

size_t journal_find(struct journal *j, journal_want *want, const void *arg, struct told *out,
		    size_t room)
{
	const struct shelf *s = &j->recent;
	uint64_t n, oldest;
	size_t found = 0;

	pthread_mutex_lock(&j->lock);
	oldest = s->total - shelf_held(s);
	for (n = s->total; n > oldest && found < room; n--)
		if (want(shelf_get(s, n - 1), arg))
			out[found++] = *shelf_get(s, n - 1);
	s = &j->acted;
	for (n = s->total; n > s->total - shelf_held(s) && found < room; n--) {
		const struct told *t = shelf_get(s, n - 1);

		if (t->id < j->first + oldest && want(t, arg))
			out[found++] = *t;
	}
	pthread_mutex_unlock(&j->lock);
	return found;
}

static bool watcher_replace(struct journal *j, int was, int is)
{
	bool done = false;

	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < WATCHERS && !done; i++)
		if (j->watcher[i] == was) {
			j->watcher[i] = is;
			done = true;
		}
	pthread_mutex_unlock(&j->lock);
	return done;
}

bool journal_watch(struct journal *j, int fd)
{
	return watcher_replace(j, -1, fd);
}

void journal_unwatch(struct journal *j, int fd)
{
	(void)watcher_replace(j, fd, -1);
}
