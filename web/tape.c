/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void clear(struct tape *t)
{
	for (size_t i = 0; i < TAPE_EVENTS; i++)
		free(t->event[i].json);
	*t = (struct tape){ 0 };
}

void tape_add(struct tape *t, uint64_t id, const char *json, uint64_t missed)
{
	char *copy;

	if (id <= t->last)
		clear(t);
	t->last = id;
	if (strlen(json) > TAPE_TEXT)
		return;
	copy = strdup(json);
	if (!copy)
		return;
	free(t->event[t->next].json);
	t->event[t->next].json = copy;
	t->event[t->next].id = id;
	t->event[t->next].missed = missed;
	t->next = (t->next + 1) % TAPE_EVENTS;
	t->n += t->n < TAPE_EVENTS;
}

/* The i-th, the oldest first. */
static size_t place(const struct tape *t, size_t i)
{
	return (t->next + TAPE_EVENTS - t->n + i) % TAPE_EVENTS;
}

uint64_t tape_before(const struct tape *t, size_t events)
{
	if (t->n > events)
		return t->event[place(t, t->n - events - 1)].id;
	return 0;
}

size_t tape_next(const struct tape *t, uint64_t *id, char *out, size_t room)
{
	uint64_t after = *id > t->last ? 0 : *id; /* of a daemon whose clock was ahead */

	for (size_t i = 0; i < t->n; i++) {
		size_t at = place(t, i);
		bool gap = after && (t->event[at].missed || (i == 0 && t->n == TAPE_EVENTS));
		int n;

		if (t->event[at].id <= after)
			continue;
		n = snprintf(out, room, "%sid: %" PRIu64 "\ndata: %s\n\n",
			     gap ? "event: gap\ndata: {}\n\n" : "", t->event[at].id,
			     t->event[at].json);
		*id = t->event[at].id;
		return n > 0 && (size_t)n < room ? (size_t)n : 0;
	}
	return 0;
}

void tape_free(struct tape *t)
{
	clear(t);
}
