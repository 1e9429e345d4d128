/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables for people and for pipes: the same columns in both, but for those that a narrow
 * terminal has no room for.  There lines are cut to its width, with a mark where text is
 * missing; the head is bold and states have colours (but for NO_COLOR and TERM=dumb).
 * Whatever a cell holds, only what letters_show lets through is written.
 *
 * Ownership: grid_new allocates, grid_free frees; columns are borrowed, cells copied.
 * Errors: without memory grid_print returns false, and nothing else need be asked; all
 * take NULL for a grid.
 */
#ifndef SIPMOAT_GRID_H
#define SIPMOAT_GRID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum grid_kind {
	GRID_TEXT,   /* to the left; may be cut where the terminal is narrow */
	GRID_WHOLE,  /* to the left; an address that is cut is another one */
	GRID_NUMBER, /* to the right, never cut */
	/* with one of them: left out where the terminal is narrow, what says nothing first */
	GRID_SPARE = 4,
};

struct grid_column {
	const char *head;
	enum grid_kind kind;
};

enum grid_tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_QUIET };

struct grid_style {
	unsigned width; /* columns of the terminal, 0: as wide as need be */
	bool colour, utf8;
};

struct grid;

struct grid *grid_new(const struct grid_column *columns, unsigned n);
void grid_free(struct grid *t);

/* Cell after cell, row after row. */
void grid_put(struct grid *t, const char *text);
void grid_put_toned(struct grid *t, const char *text, enum grid_tone tone);
void grid_put_number(struct grid *t, uint64_t number);
/* A line of its own under the row that was put last. */
void grid_note(struct grid *t, const char *text);

/* What begins it on a terminal with colours, which "\033[0m" ends; "": nothing. */
const char *grid_tone_on(enum grid_tone tone);
/* As to is: a terminal or not. */
struct grid_style grid_style(FILE *to);
bool grid_write(const struct grid *t, FILE *to, const struct grid_style *style);
/* To stdout in its style; false: no memory, and that was told, of the command name. */
bool grid_print(const struct grid *t, const char *name);

#endif
