/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storememory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define MOST (UINT64_C(1) << 31) /* bytes; no memory is that large by far */

struct saving {
	struct storememory *m;
	struct db_query *write, *delete;
};

static int drop_part(struct saving *s, const struct state_part *part)
{
	if (!s->m->held[part->number])
		return 0;
	s->m->held[part->number] = false;
	db_put_number(s->delete, 1, part->number);
	return db_run(s->delete);
}

static int put_part(void *arg, const struct state_part *part)
{
	struct saving *s = arg;
	struct storememory *m = s->m;

	if (part->number >= STATE_PARTS)
		return -EINVAL;
	if (!part->n)
		return drop_part(s, part);
	if (m->held[part->number] && m->hash[part->number] == part->hash)
		return 0;
	m->held[part->number] = true;
	m->hash[part->number] = part->hash;
	m->written += part->n;
	db_put_number(s->write, 1, part->number);
	db_put_text(s->write, 2, part->table);
	db_put_bytes(s->write, 3, part->bytes, part->n);
	return db_run(s->write);
}

int storememory_save(struct storememory *m, struct db *d, struct state *st)
{
	struct saving s = { .m = m };
	int r = m->known ? 0 : db_do(d, "DELETE FROM memory");

	m->written = 0;
	if (!r)
		r = db_prepare(d, "INSERT OR REPLACE INTO memory VALUES(?1, ?2, ?3)", &s.write);
	if (!r)
		r = db_prepare(d, "DELETE FROM memory WHERE part = ?1", &s.delete);
	if (!r)
		r = state_save(st, clock_now(), clock_wall_ns(), put_part, &s);
	db_drop(s.write);
	db_drop(s.delete);
	m->known = !r;
	return r;
}

void storememory_forget(struct storememory *m)
{
	m->known = false;
	memset(m->held, 0, sizeof(m->held));
}

static int take_parts(struct db_query *q, struct statefile *out, size_t room)
{
	const void *bytes;
	size_t n;
	int r;

	while ((r = db_step(q)) == 1) {
		bytes = db_get_bytes(q, 0, &n);
		if (n > room - out->n)
			return -EUCLEAN;
		if (n)
			memcpy(out->bytes + out->n, bytes, n);
		out->n += n;
	}
	return r;
}

/* One statement sees one save, whoever writes meanwhile. */
int storememory_read(struct db *d, struct statefile *out)
{
	struct db_query *q = NULL;
	int64_t all = 0;
	int r = db_do(d, "BEGIN");

	*out = (struct statefile){ NULL, 0 };
	if (!r)
		r = db_number(d, "SELECT total(length(bytes)) FROM memory", &all);
	if (!r && (all < 0 || (uint64_t)all > MOST))
		r = -EUCLEAN;
	if (!r)
		r = db_prepare(d, "SELECT bytes FROM memory ORDER BY part", &q);
	if (!r && !(out->bytes = malloc((size_t)all + 1)))
		r = -ENOMEM;
	if (!r)
		r = take_parts(q, out, (size_t)all);
	db_drop(q);
	(void)db_do(d, "COMMIT");
	return r;
}
