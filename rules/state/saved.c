/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "callslots.h"
#include "registry.h"
#include "store.h"

#define MAGIC "sipmoat"
#define PIECE 16384 /* copied under one lock: a few microseconds */

struct head {
	char magic[8];
	uint32_t format, tables;
	struct hash_key secret;
	uint64_t now, stamp, began;
	uint64_t lost; /* state.dialogs_lost */
};

/* Of a server: struct sight without the question that is open, for its answer may
 * have passed meanwhile. */
struct seen {
	uint64_t high, low, spoke;
};

struct table_head {
	char name[16];
	uint32_t format, buckets, value_size, zero;
};

struct group {
	uint32_t shard, bytes; /* bytes 0: the table's end */
};

static const struct row {
	const char *name;
	size_t at; /* its place in struct state */
	uint32_t format;
} rows[] = {
#define X(name, records, least, help) { #name, offsetof(struct state, name), SAVED_##name },
	TABLES(X)
#undef X
};

#define ROWS (sizeof(rows) / sizeof(*rows))
_Static_assert(ROWS <= TABLE_COUNT, "struct state_saved has room for all");
_Static_assert(sizeof(struct head) % 8 == 0 && sizeof(struct seen) % 8 == 0 &&
	       sizeof(struct table_head) % 8 == 0 && sizeof(struct group) % 8 == 0,
	       "all parts are whole words");

static struct table *table_of(const struct state *st, const struct row *r)
{
	return *(struct table *const *)((const char *)st + r->at);
}

static struct table_head table_head(const struct state *st, const struct row *r)
{
	struct table_shape shape = table_shape(table_of(st, r));
	struct table_head h = { .format = r->format, .buckets = shape.buckets,
				.value_size = shape.value_size };

	memcpy(h.name, r->name, strnlen(r->name, sizeof(h.name)));
	return h;
}

/* ---- out ---- */

struct saving {
	int (*put)(void *arg, const struct state_part *part);
	void *arg;
	const struct state *st;
	struct hash_run sum;
	uint64_t now;
	struct state_part part; /* the one in hand, and what holds its bytes */
	unsigned char *bytes;
	size_t room;
	int error;
};

/* Room for so many bytes more in the part in hand; NULL: s->error says why not. */
static void *more(struct saving *s, size_t n)
{
	size_t room = 2 * s->room > s->part.n + n ? 2 * s->room : s->part.n + n;
	unsigned char *fresh;

	if (s->error)
		return NULL;
	if (s->part.n + n > s->room) {
		fresh = realloc(s->bytes, room);
		if (!fresh) {
			s->error = -ENOMEM;
			return NULL;
		}
		s->bytes = fresh;
		s->room = room;
	}
	return s->bytes + s->part.n;
}

static void put(struct saving *s, const void *bytes, size_t n)
{
	void *to = more(s, n);

	if (!to)
		return;
	memcpy(to, bytes, n);
	s->part.n += n;
}

/* The part in hand is whole. */
static void end_part(struct saving *s)
{
	struct hash_run run;

	if (s->error)
		return;
	hash_more(&s->sum, s->bytes, s->part.n);
	hash_begin(&run, &s->st->secret);
	hash_more(&run, s->bytes, s->part.n);
	s->part.hash = hash_end(&run);
	s->part.bytes = s->bytes;
	s->error = s->put(s->arg, &s->part);
	s->part.number++;
	s->part.n = 0;
}

static void save_shard(struct saving *s, struct table *t, unsigned shard)
{
	size_t least = TABLE_SAVE_LEAST(table_shape(t)), piece = least > PIECE ? least : PIECE;
	uint32_t at = 0, end = table_shape(t).buckets;

	while (at < end) {
		struct group *to = more(s, sizeof(*to) + piece);
		struct group g = { .shard = shard };

		if (!to)
			return;
		g.bytes = (uint32_t)table_save(t, shard, &at, s->now, to + 1, piece);
		if (!g.bytes)
			continue;
		*to = g;
		s->part.n += sizeof(g) + g.bytes;
	}
}

static void save_table(struct saving *s, const struct row *r)
{
	struct table_head head = table_head(s->st, r);
	struct table *t = table_of(s->st, r);
	struct group end = { 0 };

	s->part.table = r->name;
	put(s, &head, sizeof(head));
	for (unsigned i = 0; i < table_shards(t); i++) {
		save_shard(s, t, i);
		if (i + 1 == table_shards(t))
			put(s, &end, sizeof(end));
		end_part(s);
	}
}

static void save_sight(struct saving *s)
{
	struct seen seen[SIGHTS];

	for (unsigned i = 0; i < SIGHTS; i++) {
		const struct sight *from = &s->st->sight[i];

		/* low last written, so first read: with it the address is whole */
		seen[i].low = atomic_load(&from->low);
		seen[i].high = atomic_load(&from->high);
		seen[i].spoke = atomic_load(&from->spoke);
	}
	put(s, seen, sizeof(seen));
}

int state_save(struct state *st, uint64_t now, uint64_t stamp,
	       int (*to)(void *arg, const struct state_part *part), void *arg)
{
	struct saving s = { .put = to, .arg = arg, .st = st, .now = now };
	struct head h = { .magic = MAGIC, .format = SAVED_FORMAT, .secret = st->secret,
			  .now = now, .stamp = stamp, .began = atomic_load(&st->began),
			  .lost = atomic_load(&st->dialogs_loses) ?
					  now : atomic_load(&st->dialogs_lost) };
	uint64_t sum;

	for (unsigned i = 0; i < ROWS; i++)
		h.tables += rows[i].format != 0;
	hash_begin(&s.sum, &st->secret);
	put(&s, &h, sizeof(h));
	save_sight(&s);
	end_part(&s);
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].format)
			save_table(&s, &rows[i]);
	sum = hash_end(&s.sum);
	s.part.table = NULL;
	put(&s, &sum, sizeof(sum));
	end_part(&s);
	if (s.bytes)
		explicit_bzero(s.bytes, s.room);
	free(s.bytes);
	return s.error;
}

/* ---- in ---- */

struct reading {
	const unsigned char *p;
	size_t n;
};

static bool take(struct reading *r, void *out, size_t n)
{
	if (r->n < n)
		return false;
	memcpy(out, r->p, n);
	r->p += n;
	r->n -= n;
	return true;
}

/* The first part; says what is wrong with it. */
static bool head_read(struct reading *r, struct head *h, struct state_saved *out)
{
	*out = (struct state_saved){ .why = "it is damaged: cut short" };
	if (!take(r, h, sizeof(*h)))
		return false;
	out->now = h->now;
	out->stamp = h->stamp;
	out->why = memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 ?
			   "it is not a file of sipmoat" :
		   h->format != SAVED_FORMAT ? "it was written by another version of sipmoat" :
					       NULL;
	return !out->why;
}

bool state_saved_read(const void *bytes, size_t n, struct state_saved *out)
{
	struct reading r = { bytes, n };
	struct hash_run run;
	struct head h;
	uint64_t sum;

	if (!head_read(&r, &h, out))
		return false;
	out->why = "it is damaged: its checksum is wrong";
	if (n % 8 || r.n < sizeof(sum))
		return false;
	memcpy(&sum, r.p + r.n - sizeof(sum), sizeof(sum));
	hash_begin(&run, &h.secret);
	hash_more(&run, bytes, n - sizeof(sum));
	if (hash_end(&run) != sum)
		return false;
	out->why = NULL;
	return true;
}

static bool restore_sight(struct state *st, struct reading *r)
{
	struct seen seen[SIGHTS];

	if (!take(r, seen, sizeof(seen)))
		return false;
	for (unsigned i = 0; i < SIGHTS; i++) {
		atomic_store(&st->sight[i].high, seen[i].high);
		atomic_store(&st->sight[i].low, seen[i].low);
		atomic_store(&st->sight[i].spoke, seen[i].spoke);
	}
	return true;
}

/* The groups of a table; into nothing when t is NULL. */
static bool restore_groups(struct table *t, struct reading *r, uint64_t now, uint64_t *live)
{
	struct group g;

	while (take(r, &g, sizeof(g))) {
		if (!g.bytes)
			return true;
		if (g.bytes > r->n)
			return false;
		if (t && (g.shard >= table_shards(t) ||
			  !table_restore(t, g.shard, now, r->p, g.bytes, live)))
			return false;
		r->p += g.bytes;
		r->n -= g.bytes;
	}
	return false;
}

static bool restore_table(struct state *st, struct reading *r, uint64_t now,
			  struct state_saved *out)
{
	struct table *t = NULL;
	struct table_head h;
	uint64_t live = 0;

	if (!take(r, &h, sizeof(h)))
		return false;
	for (unsigned i = 0; i < ROWS; i++) {
		struct table_head own = table_head(st, &rows[i]);

		if (memcmp(own.name, h.name, sizeof(h.name)) != 0 || !rows[i].format)
			continue;
		if (out->tables == ROWS)
			return false;
		if (memcmp(&own, &h, sizeof(h)) == 0)
			t = table_of(st, &rows[i]);
		out->table[out->tables].name = rows[i].name;
		out->table[out->tables].cold = !t;
		if (!restore_groups(t, r, now, &live))
			return false;
		out->table[out->tables++].records = live;
		return true;
	}
	return restore_groups(NULL, r, now, &live);
}

/* Does each table that is saved by this build stand in what was read, as it is now? */
static bool all_warm(const struct state_saved *out)
{
	unsigned wanted = 0, warm = 0;

	for (unsigned i = 0; i < ROWS; i++)
		wanted += rows[i].format != 0;
	for (unsigned i = 0; i < out->tables; i++)
		warm += !out->table[i].cold;
	return warm == wanted;
}

bool saved_apply(struct state *st, const void *bytes, size_t n, uint64_t now, bool whole,
		 struct state_saved *out)
{
	struct reading r = { bytes, n };
	bool good;
	struct head h;

	if (!head_read(&r, &h, out))
		return false;
	st->secret = h.secret;
	atomic_store(&st->dialogs_lost, h.lost);
	good = restore_sight(st, &r);
	for (uint32_t i = 0; good && i < h.tables; i++)
		good = restore_table(st, &r, now, out);
	contacts_restored(st, now);
	calls_restored(st, now);
	if (!good)
		out->why = "it is damaged";
	atomic_store(&st->began, good && whole && all_warm(out) ? h.began : 0);
	return good;
}

bool state_restore(struct state *st, const void *bytes, size_t n, uint64_t now, bool whole,
		   struct state_saved *out)
{
	if (!state_saved_read(bytes, n, out))
		return false;
	return saved_apply(st, bytes, n - sizeof(uint64_t), now, whole, out);
}
