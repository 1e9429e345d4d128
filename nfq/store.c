/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "statefile.h"

#define FILE_MOST ((off_t)1 << 32) /* no table is that large by far */
#define TEXT 512

struct store {
	struct state *state;
	char path[STATEFILE_PATH];
	uint32_t interval; /* s, 0: only at the stop */
	bool failed;       /* and it was said */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of the next two */
	pthread_cond_t wake;
	bool stop;
};

/* ---- out ---- */

static int put(void *arg, const void *bytes, size_t n)
{
	return fwrite(bytes, 1, n, arg) == n ? 0 : -(errno ? errno : EIO);
}

static uint64_t wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

static int put_state(FILE *f, void *arg)
{
	struct store *s = arg;

	return state_save(s->state, clock_now(), wall_now(), put, f);
}

static bool save(struct store *s)
{
	int r = statefile_write(s->path, put_state, s);

	if (!r) {
		if (s->failed)
			log_info("the memory is saved again in %s", s->path);
		s->failed = false;
		return true;
	}
	if (!s->failed)
		log_warn("the memory is not saved, a restart will forget it: %s: %s", s->path,
			 strerror(-r));
	s->failed = true;
	return false;
}

/* ---- in ---- */

static void say_tables(const struct state_saved *got, uint64_t gap, bool whole)
{
	char text[TEXT];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < got->tables && n < sizeof(text); i++)
		if (got->table[i].records)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRIu64 " %s",
					      n ? ", " : "", got->table[i].records,
					      got->table[i].name);
	log_info("memory restored, saved %" PRIu64 " s ago: %s%s", (uint64_t)(gap / NS),
		 n ? text : "it was empty",
		 whole ? "" : "; longer than store.gap: memory.learning begins again");
	for (unsigned i = 0; i < got->tables; i++)
		if (got->table[i].cold)
			log_warn("tables.%s has another size than when it was saved: it starts "
				 "empty, and memory.learning begins again", got->table[i].name);
}

/* NULL when it was taken. */
static const char *restore(const struct settings *s, struct state *st, const struct statefile *w)
{
	uint64_t wall = wall_now(), gap;
	struct state_saved got;
	bool whole;

	if (!state_saved_read(w->bytes, w->n, &got))
		return got.why;
	if (wall < got.stamp)
		return "this machine's clock was set back since it was saved";
	gap = wall - got.stamp;
	if (gap > s->store_max_age * NS)
		return "it is older than store.max_age";
	whole = gap <= s->store_gap * NS;
	clock_set(got.now + gap);
	if (!state_restore(st, w->bytes, w->n, clock_now(), whole, &got))
		return got.why;
	say_tables(&got, gap, whole);
	return NULL;
}

void store_load(const struct settings *s, struct state *st)
{
	struct statefile w = { NULL, 0 };
	char path[STATEFILE_PATH];
	const char *why;

	if (!statefile_path(s->store_file, path)) {
		log_info("memory starts empty: %s", s->store_file[0] ?
			 "there is no STATE_DIRECTORY for store.file" : "store.file is empty");
		return;
	}
	if (access(path, F_OK) && errno == ENOENT) {
		log_info("memory starts empty: there is no %s", path);
		return;
	}
	why = statefile_read(path, FILE_MOST, &w);
	if (!why)
		why = restore(s, st, &w);
	if (why)
		log_warn("memory starts empty: %s: %s", path, why);
	if (w.bytes)
		explicit_bzero(w.bytes, w.n);
	free(w.bytes);
}

/* ---- the thread ---- */

static bool stopped(struct store *s, const struct timespec *until)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, until) != ETIMEDOUT)
		;
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void *run(void *arg)
{
	struct store *s = arg;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		next.tv_sec += s->interval;
		if (stopped(s, &next))
			return NULL;
		if (save(s))
			log_debug("memory saved in %s", s->path);
		clock_gettime(CLOCK_MONOTONIC, &next);
	}
}

static int start_thread(struct store *s)
{
	int r = pthread_create(&s->thread, NULL, run, s);

	s->running = r == 0;
	return r;
}

struct store *store_start(const struct settings *conf, struct state *st)
{
	struct store *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int r = 0;

	if (!s || !statefile_path(conf->store_file, s->path)) {
		free(s);
		return NULL;
	}
	s->state = st;
	s->interval = conf->store_interval;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&s->lock, NULL);
	/* Should what was restored bring the daemon down, it does so once. */
	(void)unlink(s->path);
	if (s->interval)
		r = start_thread(s);
	if (r)
		log_warn("the memory is saved at the stop only: no thread for it: %s", strerror(r));
	return s;
}

void store_stop(struct store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	if (save(s))
		log_info("memory saved in %s", s->path);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool store_same(const struct store *s, const char *file)
{
	char path[STATEFILE_PATH] = "";

	if (!statefile_path(file, path))
		path[0] = '\0';
	return strcmp(path, s ? s->path : "") == 0;
}
