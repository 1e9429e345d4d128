/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lists.h"

#include <inttypes.h>

#include "times.h"

bool list_print(struct reply *r, const struct list *l)
{
	size_t n = reply_rows(r, l->name);
	uint64_t all = reply_number(r, -1, "total");
	struct grid *t;
	bool done;

	if (!n) {
		puts(l->none);
		return true;
	}
	t = grid_new(l->columns, l->n);
	for (int i = 0; i < (int)n; i++)
		l->put_row(t, r, i);
	done = grid_print(t, l->name);
	grid_free(t);
	if (all > n)
		printf("... and %" PRIu64 " more\n", all - n);
	return done;
}

void list_put_age(struct grid *t, uint64_t from, uint64_t to)
{
	char text[TIME_TEXT];

	time_short(to > from ? to - from : 0, text);
	grid_put(t, from && to >= from ? text : "-");
}

void list_put_text(struct grid *t, const char *text)
{
	grid_put(t, text[0] ? text : "-");
}
