/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storetables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"

#define HOUR 3600
#define BANS_MOST 4194304 /* rows that are believed */
#define BY_HAND "hand"
#define BY_NFT "nft"

/* ---- what all tables need ---- */

struct storewriting storewriting_now(struct db *d)
{
	return (struct storewriting){ .db = d, .now = clock_now(), .wall = clock_wall() };
}

int64_t storewriting_wall(const struct storewriting *w, uint64_t then)
{
	return (int64_t)w->wall + ((int64_t)then - (int64_t)w->now) / (int64_t)NS;
}

void storewriting_put_time(struct storewriting *w, int at, uint64_t then)
{
	if (then)
		db_put_number(w->put, at, storewriting_wall(w, then));
	else
		db_put_none(w->put, at);
}

void storewriting_run(struct storewriting *w)
{
	int r = db_run(w->put);

	w->error = w->error ? w->error : r;
}

static void drop_row(void *arg, uint64_t id)
{
	struct storewriting *w = arg;

	if (w->error)
		return;
	db_put_number(w->drop, 1, (int64_t)id);
	if (w->last)
		db_put_number(w->drop, 2, (int64_t)w->last);
	w->error = db_run(w->drop);
}

int storewriting_end(struct storewriting *w, bool seen)
{
	if (!w->error && seen)
		changes_round(w->changes, drop_row, w);
	db_drop(w->put);
	db_drop(w->drop);
	return w->error;
}

/* ---- bans ---- */

static uint64_t ban_id(const struct ban *b)
{
	uint8_t kind[2] = { b->who.len, b->allow };
	uint64_t id = changes_hash(changes_hash(CHANGES_HASH, &b->who.addr, sizeof(b->who.addr)),
				   kind, sizeof(kind)) & INT64_MAX;

	return id ? id : 1;
}

static uint64_t ban_sum(const struct ban *b)
{
	uint8_t few[4] = { b->check, b->hand, b->proven, b->times };
	uint64_t sum = changes_hash(CHANGES_HASH, &b->until, sizeof(b->until));

	sum = changes_hash(sum, few, sizeof(few));
	return changes_hash(sum, b->reason, strnlen(b->reason, sizeof(b->reason)));
}

static void write_ban(const struct ban *b, void *arg)
{
	struct storewriting *w = arg;
	char who[PREFIX_TEXT];
	uint64_t id = ban_id(b);

	if (!changes_see(w->changes, id, ban_sum(b)) || w->error)
		return;
	prefix_print(&b->who, who);
	db_put_number(w->put, 1, (int64_t)id);
	db_put_text(w->put, 2, who);
	db_put_text(w->put, 3, b->allow ? "allowed" : "banned");
	storewriting_put_time(w, 4, b->until < BAN_FOREVER ? b->until : 0);
	db_put_number(w->put, 5, (int64_t)w->wall);
	db_put_text(w->put, 6, b->hand ? BY_HAND : b->check < check_count ?
					 check_name(b->check) : BY_NFT);
	db_put_number(w->put, 7, b->proven);
	db_put_number(w->put, 8, b->times);
	db_put_text(w->put, 9, b->reason);
	storewriting_run(w);
}

static int write_bans(struct storetables *t, struct db *d, struct state *st)
{
	struct storewriting w = storewriting_now(d);

	w.changes = &t->bans;
	w.error = t->known ? 0 : db_do(d, "DELETE FROM bans");
	if (!w.error)
		w.error = db_prepare(d, "INSERT OR REPLACE INTO bans"
					" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &w.put);
	if (!w.error)
		w.error = db_prepare(d, "DELETE FROM bans WHERE id = ?1", &w.drop);
	if (!w.error)
		state_ban_walk(st, w.now, write_ban, &w);
	return storewriting_end(&w, true);
}

static uint8_t check_of(const char *name)
{
	for (unsigned i = 0; i < check_count; i++)
		if (strcmp(check_name(i), name) == 0)
			return (uint8_t)i;
	return CHECK_NONE;
}

/* A host without a clock of its own begins in 1970: no end is farther than it was. */
static uint64_t end_of(uint64_t until, uint64_t noted, const struct storewriting *w)
{
	uint64_t from = w->wall < noted ? noted : w->wall;

	if (until <= from)
		return 0;
	return until - from < BAN_FOREVER / NS / 2 ? w->now + (until - from) * NS : BAN_FOREVER;
}

static bool read_ban(struct db_query *q, const struct storewriting *w, struct ban *out)
{
	int64_t until = db_get_number(q, 2), noted = db_get_number(q, 3);

	if (until < 0 || noted < 0 || prefix_parse(slice_of(db_get_text(q, 0)), &out->who) < 0)
		return false;
	out->allow = strcmp(db_get_text(q, 1), "allowed") == 0;
	out->until = db_is_none(q, 2) ? BAN_FOREVER : end_of((uint64_t)until, (uint64_t)noted, w);
	out->check = check_of(db_get_text(q, 4));
	out->proven = db_get_number(q, 5) != 0;
	out->times = (uint8_t)db_get_number(q, 6);
	snprintf(out->reason, sizeof(out->reason), "%s", db_get_text(q, 7));
	for (char *p = out->reason; *p; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p;
	return out->until > w->now;
}

int storetables_bans(struct db *d, struct ban **out, size_t *n)
{
	struct storewriting w = storewriting_now(d);
	struct db_query *q = NULL;
	int64_t rows = 0;
	int r = db_number(d, "SELECT count(*) FROM bans", &rows);

	*n = 0;
	*out = NULL;
	if (!r && rows > BANS_MOST)
		r = -EUCLEAN;
	if (!r && !(*out = calloc((size_t)rows + 1, sizeof(**out))))
		r = -ENOMEM;
	if (!r)
		r = db_prepare(d, "SELECT who, state, until, noted, made_by, proven, times, reason"
				  " FROM bans WHERE made_by <> '" BY_HAND "'", &q);
	while (!r && *n < (size_t)rows && (r = db_step(q)) == 1) {
		struct ban ban = { 0 };

		if (read_ban(q, &w, &ban))
			(*out)[(*n)++] = ban;
		r = 0;
	}
	db_drop(q);
	return r;
}

/* ---- counters ---- */

/* Adds what came since; nothing: no row. */
static void add_count(struct storewriting *w, const char *check, const char *name, uint64_t was,
		      uint64_t is)
{
	if (is <= was || w->error)
		return;
	db_put_number(w->put, 1, (int64_t)(w->wall - w->wall % HOUR));
	db_put_text(w->put, 2, check);
	db_put_text(w->put, 3, name);
	db_put_number(w->put, 4, (int64_t)(is - was));
	storewriting_run(w);
}

static int write_counters(struct storetables *t, struct db *d,
			  const struct storetables_from *from)
{
#define X(field, help) #field,
	static const char *const outcome[] = { OUTCOMES(X) };
#undef X
	struct storewriting w = storewriting_now(d);
	const struct report_totals *was = &t->counted, *is = &t->counting;

	if (!from->count)
		return 0;
	from->count(from->count_arg, &t->counting);
	w.error = db_prepare(d, "INSERT INTO counters VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO"
				" UPDATE SET value = value + excluded.value", &w.put);
#define X(field, help) add_count(&w, "all", #field, was->field, is->field);
	STATS(X)
#undef X
	for (unsigned c = 0; c < check_count; c++)
		for (unsigned o = 0; o < OUTCOMES_COUNT; o++)
			add_count(&w, check_name(c), outcome[o], was->outcome[c][o],
				  is->outcome[c][o]);
	db_drop(w.put);
	return w.error;
}

/* ---- all of them ---- */

int storetables_write(struct storetables *t, struct db *d, const struct storetables_from *from)
{
	int r = write_bans(t, d, from->state);

	if (!r)
		r = storecalls_write(t, d, from);
	return r;
}

int storetables_count(struct storetables *t, struct db *d, const struct storetables_from *from)
{
	uint64_t wall = clock_wall();
	struct db_query *q = NULL;
	int r = write_counters(t, d, from);

	if (!r)
		r = storeregistrations_write(t, d, from->state);
	if (!r)
		r = storecalls_note(t, d);
	if (!r)
		r = storecalls_trim(d, from, wall);
	if (!r)
		r = db_prepare(d, "DELETE FROM counters WHERE hour < ?1", &q);
	if (!r) {
		db_put_number(q, 1, (int64_t)wall - from->history);
		r = db_run(q);
	}
	db_drop(q);
	return r;
}

void storetables_done(struct storetables *t)
{
	t->known = true;
	t->looked = t->looking;
	t->counted = t->counting;
}

void storetables_forget(struct storetables *t)
{
	changes_forget(&t->bans);
	changes_forget(&t->calls);
	changes_forget(&t->registrations);
	t->known = t->listed = false;
	t->looking = t->looked;
	t->counting = t->counted;
}
