/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK 65536

struct chunk {
	struct chunk *next;
	size_t used, room;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *head;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->head) {
		struct chunk *next = a->head->next;

		free(a->head);
		a->head = next;
	}
	free(a);
}

static struct chunk *chunk_new(struct arena *a, size_t n)
{
	size_t room = n > CHUNK ? n : CHUNK;
	struct chunk *c = calloc(1, sizeof(*c) + room);

	if (!c)
		return NULL;
	c->room = room;
	c->next = a->head;
	a->head = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct chunk *c = a->head;
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (!c || c->room - c->used < n)
		c = chunk_new(a, n);
	if (!c)
		return NULL;
	p = c->bytes + c->used;
	c->used += n;
	return p;
}

const char *arena_text(struct arena *a, const char *text, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (p && n)
		memcpy(p, text, n);
	return p;
}
