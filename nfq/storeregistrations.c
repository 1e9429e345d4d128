/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is registered: a row for each contact, as long as it lasts. */
#include <string.h>

#include "seen.h"
#include "storetables.h"

static uint64_t row_id(const struct seen_registration *r)
{
	uint64_t id = changes_hash(CHANGES_HASH, r->user, strlen(r->user) + 1);

	id = changes_hash(id, r->domain, strlen(r->domain) + 1);
	id = changes_hash(id, r->contact, strlen(r->contact) + 1);
	id = changes_hash(id, &r->outside, sizeof(r->outside));
	id = changes_hash(id, &r->outside_port, sizeof(r->outside_port)) & INT64_MAX;
	return id ? id : 1;
}

static uint64_t row_sum(const struct seen_registration *r)
{
	const uint64_t few[] = { r->since, r->refreshed, r->until };

	return changes_hash(changes_hash(CHANGES_HASH, few, sizeof(few)), r->agent,
			    strlen(r->agent));
}

static void write_row(const struct seen_registration *r, void *arg)
{
	char outside[ADDR_TEXT], inside[ADDR_TEXT];
	struct storewriting *w = arg;
	uint64_t id = row_id(r);

	if (!changes_see(w->changes, id, row_sum(r)) || w->error)
		return;
	addr_print(&r->outside, outside);
	addr_print(&r->inside, inside);
	db_put_number(w->put, 1, (int64_t)id);
	db_put_text(w->put, 2, r->user);
	db_put_text(w->put, 3, r->domain);
	db_put_text(w->put, 4, r->contact);
	db_put_text(w->put, 5, outside);
	db_put_number(w->put, 6, r->outside_port);
	db_put_text(w->put, 7, inside);
	db_put_text(w->put, 8, r->proto == PROTO_TCP ? "tcp" : "udp");
	db_put_text(w->put, 9, r->agent);
	storewriting_put_time(w, 10, r->since);
	storewriting_put_time(w, 11, r->refreshed);
	storewriting_put_time(w, 12, r->until);
	storewriting_run(w);
}

int storeregistrations_write(struct storetables *t, struct db *d, struct state *st)
{
	struct storewriting w = storewriting_now(d);
	bool seen;

	if (!t->listed)
		changes_forget(&t->registrations);
	w.changes = &t->registrations;
	w.error = t->listed ? 0 : db_do(d, "DELETE FROM registrations");
	if (!w.error)
		w.error = db_prepare(d, "INSERT OR REPLACE INTO registrations VALUES(?1, ?2, ?3,"
					" ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &w.put);
	if (!w.error)
		w.error = db_prepare(d, "DELETE FROM registrations WHERE id = ?1", &w.drop);
	seen = !w.error && state_registrations_walk(st, w.now, write_row, &w);
	t->listed = seen;
	return storewriting_end(&w, seen);
}
