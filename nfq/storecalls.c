/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of calls: a row each, from its beginning on, until store.history or store.calls
 * lets go of it. */
#include <string.h>

#include "seen.h"
#include "storefile.h"
#include "storetables.h"

#define MICRO 1000000.0
#define LOOKED "looked" /* when the calls of the memory were looked at last */
#define SILENCE 10 /* s without any answer: a server that is there would have challenged */
#define SPARE_PART 32 /* so much of store.calls is let go of at once */

static uint64_t call_id(const struct seen_call *c)
{
	const uint64_t name[] = { c->key, c->began };
	uint64_t id = changes_hash(CHANGES_HASH, name, sizeof(name)) & INT64_MAX;

	return id ? id : 1;
}

static uint64_t add_text(uint64_t sum, const char *text)
{
	return changes_hash(sum, text, strlen(text));
}

/* What runs up while it lasts (put_outcome) is no news of it. */
static uint64_t call_sum(const struct seen_call *c)
{
	const uint64_t few[] = { c->answered, c->ended, c->status, c->over, c->shown };
	uint64_t sum = changes_hash(CHANGES_HASH, few, sizeof(few));

	return add_text(add_text(add_text(add_text(sum, c->user), c->from), c->to), c->call_id);
}

/* How long and how dear it was is known at its end. */
static void put_outcome(struct storewriting *w, const struct seen_call *c)
{
	storewriting_put_time(w, 3, c->answered);
	storewriting_put_time(w, 4, c->ended);
	if (c->ended)
		db_put_number(w->put, 5, c->seconds);
	if (c->status)
		db_put_number(w->put, 16, c->status);
	db_put_text(w->put, 17, c->why);
	db_put_text(w->put, 18, c->check);
	if (c->ended && c->priced)
		db_put_real(w->put, 19, (double)c->cost / MICRO);
}

/* Who is challenged asks again, which is another INVITE and the call: what may still be answered
 * so is none yet, and what was, and did not ask again, is none at all. */
static bool is_call(const struct seen_call *c, uint64_t now)
{
	return c->rang || c->answered || c->over || (!c->status && now > c->began + SILENCE * NS);
}

static void write_call(const struct seen_call *c, void *arg)
{
	char outside[ADDR_TEXT], inside[ADDR_TEXT];
	struct storewriting *w = arg;
	uint64_t id = call_id(c);

	if (!is_call(c, w->now))
		return;
	if (!changes_see(w->changes, id, call_sum(c)) || w->error)
		return;
	addr_print(&c->outside, outside);
	addr_print(&c->inside, inside);
	db_put_number(w->put, 1, (int64_t)id);
	storewriting_put_time(w, 2, c->began);
	put_outcome(w, c);
	db_put_text(w->put, 6, c->inbound ? "in" : "out");
	db_put_text(w->put, 7, c->state);
	db_put_text(w->put, 8, c->user);
	db_put_number(w->put, 9, c->shown);
	db_put_text(w->put, 10, c->from);
	db_put_text(w->put, 11, c->to);
	db_put_text(w->put, 12, c->number);
	db_put_text(w->put, 13, c->country);
	db_put_text(w->put, 14, outside);
	db_put_text(w->put, 15, inside);
	db_put_text(w->put, 20, c->call_id);
	storewriting_run(w);
}

/* When it began is worked out once: two clocks never go on quite alike. */
#define PUT \
	"INSERT INTO calls VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14," \
	" ?15, ?16, ?17, ?18, ?19, ?20) ON CONFLICT(id) DO UPDATE SET answered = ?3," \
	" ended = ?4, seconds = ?5, state = ?7, user = ?8, shown = ?9, caller = ?10," \
	" called = ?11, status = ?16, ended_by = ?17, cut_by = ?18, cost = ?19, call_id = ?20"

/* Nobody saw its end, in an earlier run or in this one: that was after it was seen last. */
#define LOSE \
	"UPDATE calls SET state = 'lost', ended_by = 'lost'," \
	" ended = max(ifnull(?2, 0), began, ifnull(answered, 0))," \
	" seconds = max(ifnull(?2 - answered, 0), 0) WHERE id = ?1 AND ended IS NULL"

/* What an earlier run left open is gone unless it is seen now. */
static int open_ones(struct changes *c, struct db *d)
{
	struct db_query *q;
	int r = db_prepare(d, "SELECT id FROM calls WHERE ended IS NULL", &q);

	if (r)
		return r;
	while ((r = db_step(q)) == 1)
		(void)changes_see(c, (uint64_t)db_get_number(q, 0), 0);
	db_drop(q);
	c->round++;
	return r;
}

/* What an earlier run has noted, if this one has not yet looked. */
static int last_look(const struct storetables *t, struct db *d, uint64_t *last)
{
	int64_t noted = 0;
	int r = t->looked ? 0 : storefile_noted(d, LOOKED, &noted);

	*last = t->looked ? t->looked : noted > 0 ? (uint64_t)noted : 0;
	return r;
}

int storecalls_write(struct storetables *t, struct db *d, const struct storetables_from *from)
{
	struct storewriting w = storewriting_now(d);
	bool seen;

	w.changes = &t->calls;
	w.error = last_look(t, d, &w.last);
	if (!w.error && !t->known)
		w.error = open_ones(&t->calls, d);
	if (!w.error)
		w.error = db_prepare(d, PUT, &w.put);
	if (!w.error)
		w.error = db_prepare(d, LOSE, &w.drop);
	seen = !w.error && from->calls && state_calls_walk(from->state, w.now, write_call, &w);
	if (seen)
		t->looking = w.wall;
	return storewriting_end(&w, seen);
}

int storecalls_note(const struct storetables *t, struct db *d)
{
	return t->looking ? storefile_note(d, LOOKED, (int64_t)t->looking) : 0;
}

/* What was never answered goes first: who only rings shall not push out what was spoken. */
#define TRIM \
	"DELETE FROM calls WHERE id IN (SELECT id FROM calls ORDER BY answered IS NOT NULL, began" \
	" LIMIT ?1)"

static int trim_rows(struct db *d, uint32_t most)
{
	struct db_query *q;
	int64_t rows = 0;
	int r = db_number(d, "SELECT count(*) FROM calls", &rows);

	if (r || rows <= most)
		return r;
	r = db_prepare(d, TRIM, &q);
	if (r)
		return r;
	db_put_number(q, 1, rows - most + most / SPARE_PART);
	r = db_run(q);
	db_drop(q);
	return r;
}

int storecalls_trim(struct db *d, const struct storetables_from *from, uint64_t wall)
{
	struct db_query *q;
	int r = db_prepare(d, "DELETE FROM calls WHERE began < ?1", &q);

	if (r)
		return r;
	db_put_number(q, 1, (int64_t)wall - from->history);
	r = db_run(q);
	db_drop(q);
	return r ? r : trim_rows(d, from->calls);
}
