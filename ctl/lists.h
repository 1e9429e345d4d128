/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of an answer as a table.
 *
 * Ownership: all is borrowed.
 */
#ifndef SIPMOAT_LISTS_H
#define SIPMOAT_LISTS_H

#include "grid.h"
#include "link.h"

struct list {
	const char *name; /* of the list in the answer, and of the command */
	const char *none; /* said when it is empty */
	const struct grid_column *columns;
	unsigned n;
	void (*put_row)(struct grid *t, const struct reply *r, int row);
};

/* Writes it to stdout, and how many more there are (`total`); false: no memory. */
bool list_print(struct reply *r, const struct list *l);

/* How long it is from one time to another, "-" if not at all. */
void list_put_age(struct grid *t, uint64_t from, uint64_t to);
/* "-" for none. */
void list_put_text(struct grid *t, const char *text);

/* Answers of the commands of these names, as their subcommands print them. */
bool calls_print(struct reply *r);
bool registrations_print(struct reply *r);
bool dialogs_print(struct reply *r);
bool sources_print(struct reply *r);

#endif
