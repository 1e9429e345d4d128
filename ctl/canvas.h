/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen as a value: cells of printable ASCII, each with a tone.  Whatever is put, nothing
 * goes beyond its edges, and nothing that is no printable ASCII gets in.
 *
 * Ownership: canvas_size allocates, canvas_free frees what is in it.
 */
#ifndef SIPMOAT_CANVAS_H
#define SIPMOAT_CANVAS_H

#include <stdbool.h>

#include "grid.h"

#define CANVAS_ROWS 200
#define CANVAS_COLUMNS 400

enum canvas_look { LOOK_PLAIN, LOOK_BOLD, LOOK_REVERSED };

struct canvas_cell {
	char letter;
	unsigned char tone; /* enum grid_tone */
	unsigned char look;
};

struct canvas {
	unsigned rows, columns;
	struct canvas_cell *cell;
};

/* Empties it, too; larger ones are cut to the limits above.  false: no memory. */
bool canvas_size(struct canvas *c, unsigned rows, unsigned columns);
void canvas_free(struct canvas *c);
/* At most `width` columns from there on; returns the column behind what was put. */
unsigned canvas_put(struct canvas *c, unsigned row, unsigned column, unsigned width,
		    const char *text, enum grid_tone tone, enum canvas_look look);
/* Likewise, ending at the right of them. */
void canvas_put_right(struct canvas *c, unsigned row, unsigned column, unsigned width,
		      const char *text, enum grid_tone tone, enum canvas_look look);
/* A whole width in that look. */
void canvas_bar(struct canvas *c, unsigned row, unsigned column, unsigned width,
		enum canvas_look look);

#endif
