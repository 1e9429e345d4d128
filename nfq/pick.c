/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pick.h"

#include <stdlib.h>
#include <string.h>

#define SPARE 1024 /* rows beyond the wanted ones between two sortings */

void pick_begin(struct pick *p, size_t size, size_t most,
		int (*by)(const void *a, const void *b))
{
	*p = (struct pick){ .size = size, .most = most, .by = by };
}

static void cut(struct pick *p)
{
	qsort(p->rows, p->n, p->size, p->by);
	if (p->n > p->most)
		p->n = p->most;
}

static bool make_room(struct pick *p)
{
	size_t room = p->room ? 2 * p->room : 64;
	unsigned char *rows;

	if (p->room >= p->most + SPARE) {
		cut(p);
		return true;
	}
	if (room > p->most + SPARE)
		room = p->most + SPARE;
	rows = realloc(p->rows, room * p->size);
	if (!rows)
		return false;
	p->rows = rows;
	p->room = room;
	return true;
}

void pick_put(struct pick *p, const void *row)
{
	p->total++;
	if (p->n == p->room && !make_room(p)) {
		p->failed = true;
		return;
	}
	memcpy(p->rows + p->n++ * p->size, row, p->size);
}

bool pick_sort(struct pick *p)
{
	if (p->n)
		cut(p);
	return !p->failed;
}

void pick_end(struct pick *p)
{
	free(p->rows);
}
