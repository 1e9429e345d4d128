/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of calls, out of the store: by a connection of its own, which waits for nobody who
 * writes, and whom nobody waits for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "engine.h"
#include "storefile.h"

#define SINCE 86400
#define SINCE_MOST 315360000
#define MOST 3000 /* rows of an answer */
#define TIME_MOST (2 * NS) /* others wait meanwhile for theirs */
#define MOST_UNASKED 1000

#define WHICH \
	" FROM calls WHERE began >= ?1 AND (?2 IS NULL OR user = ?2 COLLATE NOCASE OR" \
	" caller = ?2 COLLATE NOCASE OR called = ?2 COLLATE NOCASE)" \
	" AND (?4 IS NULL OR call_id = ?4)"

enum { BEGAN, ANSWERED, ENDED, SECONDS, STATUS, NUMBERS };

/* Columns in the order of the answer: numbers, then texts. */
static const char *const numbers[] = {
	[BEGAN] = "began", [ANSWERED] = "answered", [ENDED] = "ended", [SECONDS] = "seconds",
	[STATUS] = "status",
};
static const char *const texts[] = {
	"state", "why", "check", "user", "number", "number_country", "from", "to", "call_id",
	"direction", "source", "server",
};
#define TEXTS (sizeof(texts) / sizeof(*texts))
#define ROWS \
	"SELECT began, answered, ended," \
	" ifnull(seconds, max(ifnull(unixepoch() - answered, 0), 0))," \
	" status, state, ended_by, cut_by, user, number," \
	" country, caller, called, call_id, direction, outside, inside, id, shown, cost" WHICH \
	" ORDER BY began DESC LIMIT ?3"
enum { ID = NUMBERS + TEXTS, SHOWN, COST };

struct asked {
	uint64_t since, most;
	const char *user, *call_id; /* NULL: any */
};

static void put_row(struct request *r, struct db_query *q)
{
	char id[24];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)db_get_number(q, ID));
	request_put_text(r, "id", id);
	for (int i = 0; i < NUMBERS; i++)
		if (!db_is_none(q, i))
			request_put_number(r, numbers[i], (uint64_t)db_get_number(q, i));
	for (int i = 0; i < (int)TEXTS; i++)
		if (!db_is_none(q, NUMBERS + i))
			request_put_text(r, texts[i], db_get_text(q, NUMBERS + i));
	if (!db_is_none(q, NUMBERS + 3))
		request_put_bool(r, "shown", db_get_number(q, SHOWN) != 0);
	if (!db_is_none(q, COST))
		request_put_real(r, "cost", db_get_real(q, COST));
}

static int ask(struct db *d, const char *sql, const struct asked *o, struct db_query **out)
{
	uint64_t wall = clock_wall();
	int r = db_prepare(d, sql, out);

	if (r)
		return r;
	db_put_number(*out, 1, (int64_t)(wall > o->since ? wall - o->since : 0));
	db_put_text(*out, 2, o->user);
	db_put_number(*out, 3, (int64_t)o->most);
	db_put_text(*out, 4, o->call_id);
	return 0;
}

static int answer(struct db *d, const struct asked *o, struct request *r)
{
	struct db_query *q = NULL;
	int e = ask(d, "SELECT count(*)" WHICH " AND ?3 > 0", o, &q);

	if (!e && (e = db_step(q)) == 1) {
		request_put_number(r, "time", clock_wall());
		request_put_number(r, "total", (uint64_t)db_get_number(q, 0));
		e = 0;
	}
	db_drop(q);
	q = NULL;
	if (!e)
		e = ask(d, ROWS, o, &q);
	request_rows(r, "calls");
	while (!e && !request_failed(r) && (e = db_step(q)) == 1) {
		request_row(r);
		put_row(r, q);
		e = 0;
	}
	request_rows_end(r);
	db_drop(q);
	return e;
}

void historycommands_calls(const struct asking *a)
{
	struct asked o = { .since = SINCE, .most = MOST_UNASKED,
			   .user = request_text(a->r, "user"),
			   .call_id = request_text(a->r, "call_id") };
	struct db *d = NULL;
	int e = -ENOENT;

	if (!request_number(a->r, "since", 1, SINCE_MOST, &o.since) ||
	    !request_number(a->r, "most", 1, MOST, &o.most)) {
		request_fail(a->r, "bad_request", "\"since\" must be 1 to 315360000 (10 years), "
						  "\"most\" 1 to 3000");
		return;
	}
	if (a->on->store)
		e = storefile_read(&d, a->on->store);
	if (!e) {
		db_hurry(d, TIME_MOST);
		e = answer(d, &o, a->r);
	}
	db_close(d);
	if (e == -ETIMEDOUT)
		request_fail(a->r, "too_many", "there are too many records of calls to look "
			     "through all of that time: ask for less of it, by \"since\"");
	else if (e)
		request_fail(a->r, "no_store", a->on->store ?
			     "the database of store.file cannot be read at the moment" :
			     "nothing is recorded: there is no store.file");
}
