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
#include "storefile.h"
#include "storememory.h"
#include "storetables.h"

#define FILE_MOST ((off_t)1 << 30) /* no table is that large by far */
#define TEXT 512
#define ROUND 10 /* s between two looks at what people may read */
#define OLD_FILE "state" /* of before there was a database: read once, then removed */
#define OLD_MAGIC "sipmoat"
#define LOG_SETTLED ((uint64_t)1 << 20) /* longer than that, it goes into the file at once; */
#define LOG_MOST ((uint64_t)128 << 20) /* ... if it cannot, nothing more is written into it */
#define SPARE_PAGES "1024" /* that are given back to the file system at once */
#define TRIAL "on_trial" /* when what is there was restored, if nothing was written since */

struct store {
	struct storetables_from from;
	char path[STATEFILE_PATH], old[STATEFILE_PATH + 8];
	uint32_t interval; /* s, 0: only at the stop */
	struct db *db;     /* NULL: it cannot be had at the moment */
	struct storememory memory;
	struct storetables tables;
	struct report_totals last; /* of the workers, once they are gone */
	atomic_bool failed; /* and it was said */
	atomic_uint_fast64_t saves, saved; /* struct store_counts */
	bool looked;       /* for damage */
	bool proven;       /* what was restored did not bring it down before the first look */
	bool took_old;
	pthread_t thread;
	bool started, running;
	pthread_mutex_t lock; /* of the next two */
	pthread_cond_t wake;
	bool stop;
};

/* ---- out ---- */

static void give_up(struct store *s)
{
	db_close(s->db);
	s->db = NULL;
}

static void forget(struct store *s)
{
	storememory_forget(&s->memory);
	storetables_forget(&s->tables);
}

/* Somebody who reads for hours keeps the log from being emptied, and it would grow. */
static int make_room(struct store *s)
{
	return db_log_bytes(s->db) > LOG_MOST ? db_settle(s->db) : 0;
}

static int fill(struct store *s, bool all)
{
	int r = db_do(s->db, "BEGIN IMMEDIATE");

	if (r)
		return r;
	r = storetables_write(&s->tables, s->db, &s->from);
	if (!r && all)
		r = storetables_count(&s->tables, s->db, &s->from);
	if (!r && all)
		r = storememory_save(&s->memory, s->db, s->from.state);
	if (!r && (all || !s->proven))
		r = storefile_note(s->db, TRIAL, 0);
	if (!r)
		r = db_do(s->db, "COMMIT");
	if (!r) {
		s->proven = true;
		storetables_done(&s->tables);
		return 0;
	}
	(void)db_do(s->db, "ROLLBACK");
	forget(s);
	return r;
}

/* Once: what is found now was there before anything is built upon it. */
static int look_for_damage(struct store *s)
{
	struct db_query *q;
	int r;

	if (s->looked)
		return 0;
	r = db_prepare(s->db, "PRAGMA quick_check(1)", &q);
	if (r)
		return r;
	r = db_step(q);
	if (r == 1 && strcmp(db_get_text(q, 0), "ok") != 0)
		r = -EUCLEAN;
	db_drop(q);
	s->looked = r >= 0;
	return r < 0 ? r : 0;
}

static int write_once(struct store *s, bool all)
{
	int r = look_for_damage(s);

	if (!r)
		r = make_room(s);
	if (!r)
		r = fill(s, all);
	/* what is in the log is safe: it goes on to the file when it can */
	if (!r && (all || db_log_bytes(s->db) > LOG_SETTLED)) {
		if (all)
			(void)db_do(s->db, "PRAGMA incremental_vacuum(" SPARE_PAGES ")");
		(void)db_settle(s->db);
	}
	return r;
}

/* What is written into a file that somebody has removed is gone with the process. */
static void look_for_file(struct store *s)
{
	if (!s->db || !db_moved(s->db))
		return;
	log_warn("%s was removed or replaced: all is written anew", s->path);
	give_up(s);
	storefile_drop_log(s->path);
	s->looked = false;
}

/* 0, or -errno with why. */
static int try_writing(struct store *s, bool all, char why[STOREFILE_WHY])
{
	int r = 0;

	why[0] = '\0';
	look_for_file(s);
	if (!s->db) {
		forget(s);
		r = storefile_open(&s->db, s->path, why);
		all = true;
	}
	if (!r)
		r = write_once(s, all);
	if (r == -EUCLEAN && s->db) {
		give_up(s);
		forget(s);
		s->looked = false;
		r = storefile_anew(&s->db, s->path, "it is damaged", why);
		if (!r)
			r = write_once(s, true);
	}
	if (r && !why[0])
		snprintf(why, STOREFILE_WHY, "%s", r == -EBUSY ? "somebody else keeps it busy" :
			 strerror(-r));
	return r;
}

/* What failed is tried as a whole from then on, and said once. */
static bool save(struct store *s, bool all)
{
	char why[STOREFILE_WHY];

	all |= s->failed;
	if (!try_writing(s, all, why)) {
		if (s->failed)
			log_info("the memory is saved again in %s", s->path);
		s->failed = false;
		atomic_store(&s->saved, clock_wall());
		atomic_fetch_add(&s->saves, 1);
		return true;
	}
	if (!s->failed)
		log_warn("the memory is not saved, a restart will forget it: %s: %s", s->path,
			 why);
	s->failed = true;
	return false;
}

void store_count(const struct store *s, struct store_counts *out)
{
	*out = (struct store_counts){ 0 };
	if (s)
		*out = (struct store_counts){ true, atomic_load(&s->failed),
					      atomic_load(&s->saves), atomic_load(&s->saved) };
}

bool store_save(struct store *s)
{
	return save(s, true);
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
	uint64_t wall = clock_wall_ns(), gap;
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

static void forget_bytes(struct statefile *w)
{
	if (w->bytes)
		explicit_bzero(w->bytes, w->n);
	free(w->bytes);
}

/*
 * Should what is restored bring the daemon down, it does so once: it is on trial until the
 * thread has written something.  NULL when it was taken.
 */
static const char *take_memory(struct store *s, const struct settings *conf)
{
	struct statefile w = { NULL, 0 };
	int64_t trial = 0;
	const char *why;
	int r = storefile_noted(s->db, TRIAL, &trial);

	if (!r)
		r = storememory_read(s->db, &w);
	if (!r && w.n && !trial)
		r = storefile_note(s->db, TRIAL, (int64_t)clock_wall());
	why = r == -EUCLEAN ? "it is damaged" : r ? strerror(-r) :
	      !w.n ? "nothing was saved there yet" :
	      trial ? "sipmoatd ended soon after it had been restored last, maybe because of it" :
	      restore(conf, s->from.state, &w);
	forget_bytes(&w);
	if (r == -EUCLEAN)
		give_up(s);
	return why;
}

/* A database may be large: only its beginning is read. */
static bool is_old(const char *path)
{
	char head[sizeof(OLD_MAGIC) + 1];

	return statefile_begin(path, head, sizeof(head)) == sizeof(head) &&
	       memcmp(head, OLD_MAGIC, sizeof(OLD_MAGIC)) == 0;
}

/* Has it been taken?  It stays until all runs, see store_start. */
static bool take_old(struct store *s, const struct settings *conf)
{
	struct statefile w = { NULL, 0 };
	const char *why;

	if (strcmp(s->old, s->path) == 0 || access(s->old, F_OK))
		return false;
	why = statefile_read(s->old, FILE_MOST, &w);
	s->took_old = !why && is_old(s->old);
	if (s->took_old)
		why = restore(conf, s->from.state, &w);
	else if (!why)
		why = "it is not a file of sipmoat";
	if (why)
		log_warn("not read: %s: %s", s->old, why);
	forget_bytes(&w);
	return !why;
}

static void load(struct store *s, const struct settings *conf)
{
	bool fresh = access(s->path, F_OK) && errno == ENOENT;
	char why[STOREFILE_WHY];
	const char *text = why;

	if (storefile_open(&s->db, s->path, why) == 0)
		text = take_memory(s, conf);
	if (!text || take_old(s, conf))
		return;
	if (fresh && s->db)
		log_info("memory starts empty: there was no %s", s->path);
	else
		log_warn("memory starts empty: %s: %s", s->path, text);
}

/* It is beside the database, or was written under the name that this one has now. */
static void find_old(struct store *s)
{
	char *slash;

	if (is_old(s->path)) {
		snprintf(s->old, sizeof(s->old), "%s.old", s->path);
		(void)rename(s->path, s->old);
	} else {
		snprintf(s->old, sizeof(s->old), "%s", s->path);
		slash = strrchr(s->old, '/') + 1;
		snprintf(slash, sizeof(s->old) - (size_t)(slash - s->old), "%s", OLD_FILE);
	}
}

struct store *store_open(const struct settings *conf, struct state *st)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s || !statefile_path(conf->store_file, s->path)) {
		log_info("memory starts empty: %s", !s ? "no memory" : conf->store_file[0] ?
			 "there is no STATE_DIRECTORY for store.file" : "store.file is empty");
		free(s);
		return NULL;
	}
	s->from = (struct storetables_from){ .state = st, .history = conf->store_history,
					     .calls = conf->store_calls };
	s->interval = conf->store_interval;
	find_old(s);
	load(s, conf);
	return s;
}

size_t store_bans(struct store *s, struct ban **out)
{
	size_t n = 0;
	int r;

	*out = NULL;
	if (!s || !s->db)
		return 0;
	r = storetables_bans(s->db, out, &n);
	if (r)
		log_warn("bans of an earlier run are not known: %s: %s", s->path, db_why(s->db));
	return n;
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
	struct timespec next, all;

	clock_gettime(CLOCK_MONOTONIC, &next);
	all = next;
	/* the first save is an early one: until then what was restored is on trial */
	all.tv_sec += s->interval < ROUND ? s->interval : ROUND;
	for (;;) {
		bool due;

		next.tv_sec += s->interval && s->interval < ROUND ? s->interval : ROUND;
		if (stopped(s, &next))
			return NULL;
		due = s->interval && next.tv_sec >= all.tv_sec;
		if (save(s, due) && due)
			log_debug("memory saved in %s", s->path);
		clock_gettime(CLOCK_MONOTONIC, &next);
		if (due)
			all.tv_sec = next.tv_sec + s->interval;
	}
}

static int start_thread(struct store *s)
{
	pthread_condattr_t attr;
	int r;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&s->lock, NULL);
	r = pthread_create(&s->thread, NULL, run, s);
	s->running = r == 0;
	if (s->running)
		pthread_setname_np(s->thread, "store");
	return r;
}

void store_start(struct store *s, void (*count)(void *arg, struct report_totals *out), void *arg)
{
	int r;

	if (!s)
		return;
	s->from.count = count;
	s->from.count_arg = arg;
	s->started = true;
	if (s->took_old)
		(void)unlink(s->old);
	r = start_thread(s);
	if (r)
		log_warn("the memory is saved at the stop only: no thread for it: %s", strerror(r));
}

static void last_counts(void *arg, struct report_totals *out)
{
	*out = ((struct store *)arg)->last;
}

void store_halt(struct store *s)
{
	if (!s || !s->started)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	if (s->from.count)
		s->from.count(s->from.count_arg, &s->last);
	s->from.count = last_counts;
	s->from.count_arg = s;
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
}

void store_stop(struct store *s)
{
	if (!s)
		return;
	if (s->started) {
		if (save(s, true))
			log_info("memory saved in %s", s->path);
	} else if (s->db) {
		/* all else did not come up, which is no fault of what was restored */
		(void)storefile_note(s->db, TRIAL, 0);
	}
	db_close(s->db);
	forget(s);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s ? s->path : NULL;
}

bool store_same(const struct store *s, const char *file)
{
	char path[STATEFILE_PATH] = "";

	if (!statefile_path(file, path))
		path[0] = '\0';
	return strcmp(path, s ? s->path : "") == 0;
}
