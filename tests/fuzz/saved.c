/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: how many tables, then what a saved state has behind its head and the servers.
 * Its checksum is not asked for, or nothing would get as far.  Whatever was taken back
 * must be usable, and save and come back as the same bytes.
 */
#include "fuzz.h"
#include "state/saved.h"
#include "state/store.h"

#define FRONT (64 + SIGHTS * 24) /* head and servers */
#define NOW (5000 * NS)

struct bytes {
	unsigned char *p;
	size_t n, room;
};

static int keep(void *arg, const struct state_part *part)
{
	struct bytes *b = arg;

	while (b->n + part->n > b->room) {
		b->room = 2 * b->room + 65536;
		b->p = realloc(b->p, b->room);
		must(b->p);
	}
	memcpy(b->p + b->n, part->bytes, part->n);
	b->n += part->n;
	return 0;
}

static struct bytes saved(struct state *st)
{
	struct bytes b = { NULL, 0, 0 };

	must(state_save(st, NOW, 1, keep, &b) == 0);
	return b;
}

static struct state *fresh(struct settings *s)
{
	static const uint8_t seed[16] = { 5 };

	*s = (struct settings){ .ban_max = 64, .stream_memory = 64 };
#define X(name, records, least, help) s->name = least;
	TABLES(X)
#undef X
	return state_new(s, seed);
}

static void again(struct state *st)
{
	struct bytes one = saved(st), two;
	struct state_saved about;
	struct settings s;
	struct state *other = fresh(&s);

	must(other);
	must(state_restore(other, one.p, one.n, NOW, true, &about));
	two = saved(other);
	must(one.n == two.n && memcmp(one.p, two.p, one.n) == 0);
	free(one.p);
	free(two.p);
	state_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_saved about;
	struct settings s;
	struct state *st;
	struct bytes b;
	unsigned char *all;

	if (!size)
		return 0;
	st = fresh(&s);
	must(st);
	b = saved(st);
	all = malloc(FRONT + size - 1); /* its end is guarded */
	must(all && b.n > FRONT);
	memcpy(all, b.p, FRONT);
	all[12] = data[0] & 31;
	memcpy(all + FRONT, data + 1, size - 1);
	if (saved_apply(st, all, FRONT + size - 1, NOW, true, &about))
		again(st);
	else
		must(about.why);
	free(all);
	free(b.p);
	state_free(st);
	return 0;
}
