/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "letters.h"

#define COLUMNS_MOST 16
#define SHOWN_MOST 1024 /* bytes of a cell */
#define LEAST 8         /* columns that a cell keeps when it is cut */
#define READABLE 24     /* ... and that it keeps while other columns can be left out */
#define GAP 2
#define NO_END SIZE_MAX

struct cell {
	char *text;
	enum grid_tone tone;
	bool note;
};

struct grid {
	const struct grid_column *column;
	unsigned columns;
	struct cell *cell;
	size_t n, room;
	bool failed;
};

struct grid *grid_new(const struct grid_column *columns, unsigned n)
{
	struct grid *t = n && n <= COLUMNS_MOST ? calloc(1, sizeof(*t)) : NULL;

	if (t) {
		t->column = columns;
		t->columns = n;
	}
	return t;
}

void grid_free(struct grid *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cell[i].text);
	free(t->cell);
	free(t);
}

static void add(struct grid *t, const char *text, enum grid_tone tone, bool note)
{
	char *copy = t && !t->failed ? strdup(text) : NULL;

	if (copy && t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		struct cell *more = realloc(t->cell, room * sizeof(*more));

		if (more) {
			t->cell = more;
			t->room = room;
		}
	}
	if (copy && t->n < t->room) {
		t->cell[t->n++] = (struct cell){ copy, tone, note };
		return;
	}
	free(copy);
	if (t)
		t->failed = true;
}

void grid_put_toned(struct grid *t, const char *text, enum grid_tone tone)
{
	add(t, text, tone, false);
}

void grid_put(struct grid *t, const char *text)
{
	add(t, text, TONE_PLAIN, false);
}

void grid_put_number(struct grid *t, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	add(t, text, TONE_PLAIN, false);
}

void grid_note(struct grid *t, const char *text)
{
	add(t, text, TONE_PLAIN, true);
}

/* ---- how wide ---- */

static size_t columns_of(const char *text, bool utf8)
{
	char shown[SHOWN_MOST];

	return letters_show(shown, sizeof(shown), text, NO_END, utf8);
}

static bool says_nothing(const char *text)
{
	return !text[0] || strcmp(text, "-") == 0 || strcmp(text, "0") == 0;
}

/* As wide as what is in them; empty: nothing is in them. */
static void measure(const struct grid *t, const struct grid_style *style,
		    size_t width[COLUMNS_MOST], bool empty[COLUMNS_MOST])
{
	unsigned at = 0;

	for (unsigned i = 0; i < t->columns; i++) {
		width[i] = columns_of(t->column[i].head, style->utf8);
		empty[i] = true;
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t n;

		if (t->cell[i].note)
			continue;
		n = columns_of(t->cell[i].text, style->utf8);
		if (n > width[at])
			width[at] = n;
		empty[at] = empty[at] && says_nothing(t->cell[i].text);
		at = (at + 1) % t->columns;
	}
}

static enum grid_kind kind_of(const struct grid *t, unsigned column)
{
	return t->column[column].kind & ~(unsigned)GRID_SPARE;
}

/* Would the line fit if texts were cut, but could still be read? */
static bool fits(const struct grid *t, size_t most, const size_t width[COLUMNS_MOST])
{
	size_t all = 0;

	for (unsigned i = 0; i < t->columns; i++) {
		size_t n = width[i];

		if (kind_of(t, i) == GRID_TEXT && n > READABLE)
			n = READABLE;
		all += n ? n + GAP : 0;
	}
	return all <= most + GAP;
}

/* Spare columns have no width then. */
static void leave_out(const struct grid *t, size_t most, size_t width[COLUMNS_MOST],
		      const bool empty[COLUMNS_MOST])
{
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = t->columns; i-- > 0 && !fits(t, most, width);)
			if ((t->column[i].kind & GRID_SPARE) && (pass || empty[i]))
				width[i] = 0;
}

/* Takes from the widest of those that may be cut, until the line fits or nothing is left. */
static void narrow(const struct grid *t, size_t most, size_t width[COLUMNS_MOST])
{
	for (;;) {
		unsigned widest = 0;
		size_t all = 0;

		for (unsigned i = 0; i < t->columns; i++) {
			all += width[i] ? width[i] + GAP : 0;
			if (kind_of(t, i) == GRID_TEXT &&
			    (kind_of(t, widest) != GRID_TEXT || width[i] > width[widest]))
				widest = i;
		}
		if (all <= most + GAP || kind_of(t, widest) != GRID_TEXT || width[widest] <= LEAST)
			return;
		width[widest]--;
	}
}

/* ---- writing ---- */

const char *grid_tone_on(enum grid_tone tone)
{
	static const char *const on[] = {
		[TONE_PLAIN] = "", [TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[33m",
		[TONE_BAD] = "\033[31m", [TONE_QUIET] = "\033[2m",
	};

	return on[tone];
}

struct line {
	FILE *to;
	const struct grid_style *style;
	size_t at; /* columns that were written */
};

static void put_blanks(struct line *l, size_t n)
{
	for (; n; n--, l->at++)
		putc(' ', l->to);
}

/* Never beyond the width of the terminal. */
static size_t room_left(const struct line *l, size_t wanted)
{
	size_t left = l->style->width > l->at ? l->style->width - l->at : 0;

	return l->style->width && wanted > left ? left : wanted;
}

static void put_text(struct line *l, const char *text, size_t width, const char *on)
{
	bool cut = width > 1 && columns_of(text, l->style->utf8) > width;
	char shown[SHOWN_MOST];

	on = l->style->colour ? on : "";
	l->at += letters_show(shown, sizeof(shown), text, width - cut, l->style->utf8) + cut;
	fprintf(l->to, "%s%s%s%s", on, shown, !cut ? "" : l->style->utf8 ? "\u2026" : "~",
		on[0] ? "\033[0m" : "");
}

static void put_cell(struct line *l, const char *text, size_t width, bool right, bool last,
		     const char *on)
{
	size_t room = room_left(l, width), end = l->at + room;
	size_t n = right ? columns_of(text, l->style->utf8) : room;

	if (n < room)
		put_blanks(l, room - n);
	put_text(l, text, end - l->at, on);
	if (last)
		return;
	put_blanks(l, end - l->at);
	put_blanks(l, room_left(l, GAP));
}

static void put_head(const struct grid *t, struct line *l, const size_t width[COLUMNS_MOST])
{
	for (unsigned i = 0; i < t->columns; i++)
		if (width[i])
			put_cell(l, t->column[i].head, width[i], kind_of(t, i) == GRID_NUMBER,
				 i + 1 == t->columns, "\033[1m");
	putc('\n', l->to);
}

bool grid_write(const struct grid *t, FILE *to, const struct grid_style *style)
{
	size_t width[COLUMNS_MOST];
	bool empty[COLUMNS_MOST];
	struct line l = { to, style, 0 };
	unsigned at = 0;

	if (!t || t->failed)
		return false;
	measure(t, style, width, empty);
	if (style->width) {
		leave_out(t, style->width, width, empty);
		narrow(t, style->width, width);
	}
	put_head(t, &l, width);
	for (size_t i = 0; i < t->n; i++) {
		const struct cell *c = &t->cell[i];

		if (!at)
			l.at = 0;
		if (c->note) {
			put_blanks(&l, room_left(&l, GAP));
			put_text(&l, c->text, room_left(&l, SHOWN_MOST), "");
		} else {
			if (width[at])
				put_cell(&l, c->text, width[at], kind_of(t, at) == GRID_NUMBER,
					 at + 1 == t->columns, grid_tone_on(c->tone));
			at = (at + 1) % t->columns;
		}
		if (!at)
			putc('\n', to);
	}
	return true;
}

struct grid_style grid_style(FILE *to)
{
	struct grid_style style = { .utf8 = letters_utf8() };
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;

	if (!isatty(fileno(to)))
		return style;
	if (!ioctl(fileno(to), TIOCGWINSZ, &size))
		style.width = size.ws_col;
	style.colour = !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
	return style;
}

bool grid_print(const struct grid *t, const char *name)
{
	struct grid_style style = grid_style(stdout);

	if (grid_write(t, stdout, &style))
		return true;
	fprintf(stderr, "sipmoat %s: not enough memory\n", name);
	return false;
}
