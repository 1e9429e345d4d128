/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first so many rows of any number, in an order: for answers that are bounded.
 *
 * Ownership: pick_begin takes nothing yet, pick_end frees what pick_put took; rows are copied.
 * Locking: one thread.
 */
#ifndef SIPMOAT_PICK_H
#define SIPMOAT_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pick {
	unsigned char *rows;
	size_t size, n, room, most;
	uint64_t total; /* put so far */
	int (*by)(const void *a, const void *b);
	bool failed;    /* no memory */
};

/* Rows of that size; by as of qsort. */
void pick_begin(struct pick *p, size_t size, size_t most,
		int (*by)(const void *a, const void *b));
void pick_put(struct pick *p, const void *row);
/* Brings them into order: the first p->n, of p->rows.  false: no memory. */
bool pick_sort(struct pick *p);
void pick_end(struct pick *p);

#endif
