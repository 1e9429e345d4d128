/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "changes.h"

#include <stdlib.h>

#define LEAST 64 /* places; a power of two */

struct change {
	uint64_t id, sum;
	uint32_t round;
};

/* That of id, or the empty one where it belongs; there always is one. */
static struct change *place(struct change *at, size_t room, uint64_t id)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (room - 1);

	while (at[i].id && at[i].id != id)
		i = (i + 1) & (room - 1);
	return &at[i];
}

/* Makes room, of those of the last round only if all others are gone; false: no memory. */
static bool rebuild(struct changes *c, size_t room, bool all)
{
	struct change *fresh = calloc(room, sizeof(*fresh));
	size_t n = 0;

	if (!fresh)
		return false;
	for (size_t i = 0; i < c->room; i++) {
		if (!c->at[i].id || (!all && c->at[i].round != c->round))
			continue;
		*place(fresh, room, c->at[i].id) = c->at[i];
		n++;
	}
	free(c->at);
	c->at = fresh;
	c->room = room;
	c->n = n;
	return true;
}

bool changes_see(struct changes *c, uint64_t id, uint64_t sum)
{
	struct change *e;
	bool news;

	if (2 * c->n >= c->room && !rebuild(c, c->room ? 2 * c->room : LEAST, true))
		return true;
	e = place(c->at, c->room, id);
	news = !e->id || e->sum != sum;
	c->n += !e->id;
	*e = (struct change){ id, sum, c->round };
	return news;
}

void changes_round(struct changes *c, void (*gone)(void *arg, uint64_t id), void *arg)
{
	size_t left = 0, room = LEAST;

	for (size_t i = 0; i < c->room; i++) {
		if (!c->at[i].id)
			continue;
		if (c->at[i].round == c->round)
			left++;
		else
			gone(arg, c->at[i].id);
	}
	while (room < 4 * left)
		room *= 2;
	/* without memory they are said to be gone once more */
	if (left < c->n)
		(void)rebuild(c, room, false);
	c->round++;
}

void changes_forget(struct changes *c)
{
	free(c->at);
	*c = (struct changes){ .round = c->round };
}

uint64_t changes_hash(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}
