/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tape.h"

#define FOLLOWERS 32

/* Asleep is who has had all: its connection is suspended. */
struct follower {
	struct followers *all;
	struct MHD_Connection *connection;
	uint64_t after; /* id of the last that it has had */
	bool asleep, beat;
	size_t n, sent; /* of text */
	char text[TAPE_TEXT + 128];
};

struct followers {
	struct board *board;
	pthread_mutex_t lock; /* of all below, and of what they point to */
	struct follower *place[FOLLOWERS];
	bool end;
};

struct followers *followers_new(struct board *b)
{
	struct followers *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->board = b;
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void followers_free(struct followers *all)
{
	if (!all)
		return;
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* What is next for it into text; false: nothing. */
static bool refill(struct follower *f)
{
	static const char beat[] = ": \n\n";

	f->sent = 0;
	f->n = board_event_next(f->all->board, &f->after, f->text, sizeof(f->text));
	if (!f->n && f->beat) {
		f->n = sizeof(beat) - 1;
		memcpy(f->text, beat, f->n);
	}
	if (f->n)
		f->beat = false;
	return f->n > 0;
}

static ssize_t read_some(void *arg, uint64_t pos, char *out, size_t room)
{
	struct follower *f = arg;
	ssize_t n = 0;

	(void)pos;
	pthread_mutex_lock(&f->all->lock);
	if (f->all->end) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (f->sent < f->n || refill(f)) {
		n = (ssize_t)(f->n - f->sent < room ? f->n - f->sent : room);
		memcpy(out, f->text + f->sent, (size_t)n);
		f->sent += (size_t)n;
	} else {
		f->asleep = true;
		MHD_suspend_connection(f->connection);
	}
	pthread_mutex_unlock(&f->all->lock);
	return n;
}

static void leave(void *arg)
{
	struct follower *f = arg;
	struct followers *all = f->all;

	pthread_mutex_lock(&all->lock);
	for (unsigned i = 0; i < FOLLOWERS; i++)
		if (all->place[i] == f)
			all->place[i] = NULL;
	pthread_mutex_unlock(&all->lock);
	free(f);
}

/* false: there is no place left. */
static bool take_place(struct followers *all, struct follower *f)
{
	unsigned i = 0;

	pthread_mutex_lock(&all->lock);
	while (i < FOLLOWERS && all->place[i])
		i++;
	if (i < FOLLOWERS)
		all->place[i] = f;
	pthread_mutex_unlock(&all->lock);
	return i < FOLLOWERS;
}

struct MHD_Response *followers_response(struct followers *all, struct MHD_Connection *c,
					const char *seen)
{
	struct follower *f = calloc(1, sizeof(*f));
	struct MHD_Response *r;
	char *end = NULL;

	if (!f)
		return NULL;
	f->all = all;
	f->connection = c;
	f->beat = true; /* the headers go out with the first bytes */
	if (seen && seen[0] >= '0' && seen[0] <= '9')
		f->after = strtoull(seen, &end, 10);
	if (!end || *end)
		f->after = board_event_first(all->board);
	if (!take_place(all, f)) {
		free(f);
		return NULL;
	}
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, sizeof(f->text), read_some, f,
					      leave);
	if (!r)
		leave(f);
	return r;
}

/* With the lock held.  Who sleeps is not closed: its connection is still there. */
static void wake(struct follower *f)
{
	if (!f || !f->asleep)
		return;
	f->asleep = false;
	MHD_resume_connection(f->connection);
}

void followers_wake(struct followers *all)
{
	pthread_mutex_lock(&all->lock);
	for (unsigned i = 0; i < FOLLOWERS; i++)
		wake(all->place[i]);
	pthread_mutex_unlock(&all->lock);
}

void followers_beat(struct followers *all)
{
	pthread_mutex_lock(&all->lock);
	for (unsigned i = 0; i < FOLLOWERS; i++)
		if (all->place[i])
			all->place[i]->beat = true;
	pthread_mutex_unlock(&all->lock);
	followers_wake(all);
}

void followers_end(struct followers *all)
{
	pthread_mutex_lock(&all->lock);
	all->end = true;
	pthread_mutex_unlock(&all->lock);
	followers_wake(all);
}
