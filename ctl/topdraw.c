/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "times.h"
#include "top.h"

#define HEAD_ROWS 4
#define LEAST_ROWS 10
#define LEAST_COLUMNS 40
#define TWO_COLUMNS 76 /* of the terminal, from which two panes are side by side */
#define CELLS 5
#define TEXT 256

struct column {
	const char *head;
	unsigned width; /* 0: what is left */
	bool right;
	const char *observing; /* its head in observe mode, if it is another */
};

/* One line of a pane, as text. */
struct line {
	char cell[CELLS][TEXT];
	enum grid_tone tone;
};

/* Where a pane is. */
struct box {
	unsigned row, column, rows, columns;
};

struct pane {
	const char *name;
	struct column column[CELLS];
	unsigned (*count)(const struct top *t);
	void (*line)(const struct top *t, unsigned i, double now, struct line *out);
	const char *orders[OFTEN_ORDERS]; /* of 's', if it does something */
};

__attribute__((format(printf, 2, 3)))
static void cell(char out[TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, TEXT, fmt, ap);
	va_end(ap);
}

/* ---- what each pane has ---- */

static unsigned checks_count(const struct top *t)
{
	return t->checks;
}

static void checks_line(const struct top *t, unsigned i, double now, struct line *out)
{
	const struct top_check *c = &t->check[i];

	(void)now;
	cell(out->cell[0], "%s", c->name);
	cell(out->cell[1], "%.1f", c->rate);
	cell(out->cell[2], "%" PRIu64, c->acted);
	cell(out->cell[3], "%" PRIu64, c->observed);
	out->tone = c->rate > 0 ? TONE_WARN : c->acted + c->observed ? TONE_PLAIN : TONE_QUIET;
}

static void often_line(const struct often *t, unsigned i, double now, struct line *out)
{
	const struct often_row *r = &t->row[i];

	cell(out->cell[0], "%s", r->name);
	cell(out->cell[1], "%.0f", often_recent(r, now));
	cell(out->cell[2], "%" PRIu64, r->total);
	cell(out->cell[3], "%s", r->detail);
	out->tone = often_recent(r, now) >= 1 ? TONE_WARN : TONE_PLAIN;
}

static unsigned users_count(const struct top *t)
{
	return (unsigned)t->users.n;
}

static void users_line(const struct top *t, unsigned i, double now, struct line *out)
{
	often_line(&t->users, i, now, out);
}

static unsigned countries_count(const struct top *t)
{
	return (unsigned)t->countries.n;
}

static void countries_line(const struct top *t, unsigned i, double now, struct line *out)
{
	often_line(&t->countries, i, now, out);
}

static void list_line(const struct top_list *l, unsigned i, struct line *out)
{
	for (unsigned k = 0; k < TOP_CELLS; k++)
		cell(out->cell[k], "%s", l->row[i].cell[k]);
}

static unsigned sources_count(const struct top *t)
{
	return t->source.n;
}

static void sources_line(const struct top *t, unsigned i, double now, struct line *out)
{
	const char *state = t->source.row[i].cell[2];

	(void)now;
	list_line(&t->source, i, out);
	if (strcmp(state, "banned") == 0)
		out->tone = TONE_BAD;
	else if (strcmp(state, "registered") == 0 || strcmp(state, "allowed") == 0)
		out->tone = TONE_GOOD;
	else if (strcmp(t->source.row[i].cell[4], "0") != 0)
		out->tone = TONE_WARN;
}

static unsigned bans_count(const struct top *t)
{
	return t->ban.n;
}

static void bans_line(const struct top *t, unsigned i, double now, struct line *out)
{
	(void)now;
	list_line(&t->ban, i, out);
	out->tone = strcmp(t->ban.row[i].cell[1], "banned") == 0 ? TONE_BAD : TONE_GOOD;
}

static unsigned calls_count(const struct top *t)
{
	return t->call.n;
}

static void calls_line(const struct top *t, unsigned i, double now, struct line *out)
{
	(void)now;
	list_line(&t->call, i, out);
	out->tone = strcmp(t->call.row[i].cell[0], "answered") == 0 ? TONE_GOOD : TONE_PLAIN;
}

static unsigned lanes_count(const struct top *t)
{
	return t->lane[0].name[0] ? t->lane[1].name[0] ? 2 : 1 : 0;
}

static void lanes_line(const struct top *t, unsigned i, double now, struct line *out)
{
	const struct top_lane *l = &t->lane[i];

	(void)now;
	cell(out->cell[0], "%s", l->name);
	cell(out->cell[1], "%.3f", l->wait * 1e3);
	cell(out->cell[2], "%.3f", l->most * 1e3);
	cell(out->cell[3], "%" PRIu64, l->depth);
	cell(out->cell[4], "%" PRIu64, l->lost);
	out->tone = l->lost ? TONE_BAD : TONE_PLAIN;
}

static unsigned events_count(const struct top *t)
{
	return t->events;
}

/* The latest first. */
static void events_line(const struct top *t, unsigned i, double now, struct line *out)
{
	const struct top_event *e = &t->event[t->events - 1 - i];

	(void)now;
	cell(out->cell[0], "%s", e->time);
	cell(out->cell[1], "%s", e->text);
	out->tone = e->tone;
}

#define OFTEN_COLUMNS(what) { { what, 0, false, NULL }, { "late", 6, true, NULL }, \
			      { "all", 6, true, NULL }, { "check", 9, false, NULL } }
#define OFTEN_SORTS { "of late", "in all", "by name" }

static const struct pane panes[PANES] = {
	[PANE_CHECKS] = { "checks", { { "check", 0, false, NULL }, { "/s", 5, true, NULL },
				      { "acted", 7, true, NULL }, { "told", 6, true, "would" } },
			  checks_count, checks_line, OFTEN_SORTS },
	[PANE_SOURCES] = { "sources", { { "source", 0, false, NULL }, { "in", 3, false, NULL },
					{ "is", 10, false, NULL }, { "msg/s", 6, true, NULL },
					{ "score", 5, true, NULL } },
			   sources_count, sources_line, { "by rate", "by score", "last seen" } },
	[PANE_USERS] = { "users", OFTEN_COLUMNS("user"), users_count, users_line, OFTEN_SORTS },
	[PANE_COUNTRIES] = { "countries", OFTEN_COLUMNS("country"), countries_count, countries_line,
			     OFTEN_SORTS },
	[PANE_BANS] = { "bans", { { "who", 21, false, NULL }, { "is", 8, false, NULL },
				  { "for", 12, false, NULL }, { "by", 12, false, NULL },
				  { "why", 0, false, NULL } },
			bans_count, bans_line, { NULL } },
	[PANE_CALLS] = { "calls", { { "state", 8, false, NULL }, { "who", 8, false, NULL },
				    { "whom", 14, false, NULL }, { "time", 5, true, NULL },
				    { "source", 0, false, NULL } },
			 calls_count, calls_line, { NULL } },
	[PANE_LANES] = { "lanes", { { "lane", 0, false, NULL }, { "wait ms", 8, true, NULL },
				    { "most ms", 8, true, NULL }, { "waiting", 8, true, NULL },
				    { "lost", 6, true, NULL } },
			 lanes_count, lanes_line, { NULL } },
	[PANE_EVENTS] = { "events", { { "time", 9, false, NULL }, { "what", 0, false, NULL } },
			  events_count, events_line, { NULL } },
};

const char *top_pane_name(enum top_pane pane)
{
	return panes[pane].name;
}

/* ---- sorting ---- */

const char *top_source_order(const struct top *t)
{
	static const char *const orders[OFTEN_ORDERS] = { "rate", "score", "last" };

	return orders[t->sort[PANE_SOURCES] % OFTEN_ORDERS];
}

static int by_rate(const void *x, const void *y)
{
	const struct top_check *a = x, *b = y;

	if (a->rate != b->rate)
		return a->rate < b->rate ? 1 : -1;
	if (a->acted + a->observed != b->acted + b->observed)
		return a->acted + a->observed < b->acted + b->observed ? 1 : -1;
	return strcmp(a->name, b->name);
}

static int by_total(const void *x, const void *y)
{
	const struct top_check *a = x, *b = y;
	uint64_t p = a->acted + a->observed, q = b->acted + b->observed;

	return p != q ? p < q ? 1 : -1 : strcmp(a->name, b->name);
}

static int by_name(const void *x, const void *y)
{
	const struct top_check *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static void sort_all(struct top *t, double now)
{
	static int (*const orders[OFTEN_ORDERS])(const void *, const void *) = {
		by_rate, by_total, by_name };

	for (unsigned i = 0; i < PANES; i++)
		t->sort[i] %= OFTEN_ORDERS;
	qsort(t->check, t->checks, sizeof(t->check[0]), orders[t->sort[PANE_CHECKS]]);
	often_sort(&t->users, (enum often_order)t->sort[PANE_USERS], now);
	often_sort(&t->countries, (enum often_order)t->sort[PANE_COUNTRIES], now);
}

/* ---- a pane ---- */

static unsigned flexible(const struct pane *p, unsigned columns)
{
	unsigned fixed = 0;

	for (unsigned i = 0; i < CELLS && p->column[i].head; i++)
		fixed += p->column[i].width + (i > 0);
	return columns > fixed + 8 ? columns - fixed : 8;
}

static void draw_cells(struct canvas *c, const struct pane *p, const struct box *b, unsigned row,
		       const struct line *l, enum canvas_look look)
{
	unsigned at = b->column, end = b->column + b->columns;

	for (unsigned i = 0; i < CELLS && p->column[i].head && at < end; i++) {
		unsigned width = p->column[i].width ? p->column[i].width :
						      flexible(p, b->columns);
		unsigned room = width < end - at ? width : end - at;

		if (p->column[i].right)
			canvas_put_right(c, row, at, room, l->cell[i], l->tone, look);
		else
			(void)canvas_put(c, row, at, room, l->cell[i], l->tone, look);
		at += width + 1;
	}
}

static void draw_title(struct top *t, struct canvas *c, enum top_pane pane, const struct box *b)
{
	const struct pane *p = &panes[pane];
	const char *order = p->orders[t->sort[pane]];
	enum canvas_look look = t->focus == pane ? LOOK_REVERSED : LOOK_BOLD;
	char text[TEXT];

	cell(text, " %u %s%s%s%s (%u)", pane + 1u, p->name, order ? " [" : "", order ? order : "",
	     order ? "]" : "", p->count(t));
	canvas_bar(c, b->row, b->column, b->columns, look);
	(void)canvas_put(c, b->row, b->column, b->columns, text, TONE_PLAIN, look);
}

static void draw_pane(struct top *t, struct canvas *c, enum top_pane pane, struct box b,
		      double now)
{
	const struct pane *p = &panes[pane];
	unsigned n = p->count(t), room = b.rows > 2 ? b.rows - 2 : 0;
	unsigned *first = &t->scroll[pane];
	struct line l = { .tone = TONE_QUIET };

	if (b.rows < 2)
		return;
	if (*first + room > n)
		*first = n > room ? n - room : 0;
	draw_title(t, c, pane, &b);
	for (unsigned i = 0; i < CELLS && p->column[i].head; i++)
		cell(l.cell[i], "%s", p->column[i].observing && top_observes(t) ?
		     p->column[i].observing : p->column[i].head);
	draw_cells(c, p, &b, b.row + 1, &l, LOOK_PLAIN);
	for (unsigned i = 0; i < room && *first + i < n; i++) {
		l = (struct line){ .tone = TONE_PLAIN };
		p->line(t, *first + i, now, &l);
		draw_cells(c, p, &b, b.row + 2 + i, &l, LOOK_PLAIN);
	}
}

/* ---- the whole ---- */

static void draw_status(const struct top *t, struct canvas *c, const char *clock)
{
	char text[TEXT], up[TIME_TEXT] = "?";

	if (t->time >= t->started)
		time_short(t->time - t->started, up);
	cell(text, " sipmoat %s  %s%s  %.0f packets/s  %.0f %s/s  up %s", t->version, t->mode,
	     t->mode_by_hand ? " by hand" : "", t->packets_rate, t->dropped_rate,
	     top_observes(t) ? "would drop" : "dropped", up);
	canvas_bar(c, 0, 0, c->columns, LOOK_REVERSED);
	(void)canvas_put(c, 0, 0, c->columns, t->known ? text : " sipmoat", TONE_PLAIN,
			 LOOK_REVERSED);
	cell(text, "  %s%s ", t->paused ? "paused " : "", clock);
	canvas_put_right(c, 0, 0, c->columns, text, TONE_PLAIN, LOOK_REVERSED);
}

static void draw_lanes(const struct top *t, struct canvas *c)
{
	unsigned at = 1;

	for (unsigned i = 0; i < lanes_count(t); i++) {
		const struct top_lane *l = &t->lane[i];
		char text[TEXT];

		cell(text, "%s: %.2f ms, %" PRIu64 " queued, %" PRIu64 " lost   ", l->name,
		     l->wait * 1e3, l->depth, l->lost);
		at = canvas_put(c, 1, at, c->columns, text, l->lost ? TONE_BAD : TONE_PLAIN,
				LOOK_PLAIN);
	}
}

static void draw_counts(const struct top *t, struct canvas *c)
{
	char text[TEXT];

	if (t->known) {
		cell(text, "calls: %" PRIu64 " talk, %" PRIu64 " ring   phones: %" PRIu64
		     "   bans: %" PRIu64 "   workers: %" PRIu64 "/%" PRIu64
		     "   judging: %.1f us", t->answered, t->ringing + t->asked,
		     t->registrations, t->bans, t->alive, t->workers, t->work * 1e6);
		(void)canvas_put(c, 2, 1, c->columns, text, TONE_PLAIN, LOOK_PLAIN);
	}
	if (t->trouble[0]) {
		(void)canvas_put(c, 3, 1, c->columns, t->trouble, TONE_BAD, LOOK_BOLD);
	} else if (t->missed) {
		cell(text, "%" PRIu64 " events were gone before they could be read", t->missed);
		(void)canvas_put(c, 3, 1, c->columns, text, TONE_WARN, LOOK_PLAIN);
	}
}

static void draw_help(struct canvas *c)
{
	static const char *const lines[] = {
		"1-8, tab, left, right   choose a pane",
		"up, down, page, home    scroll it",
		"z, enter                it alone, or all again",
		"s                       sort it by something else",
		"p, space                pause, go on",
		"+, -                    seconds between two readings",
		"q                       leave",
		"",
		"Users and countries are those that events tell of;",
		"what is of late halves every minute.",
		"Any of these keys, and ? again, closes this.",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		(void)canvas_put(c, HEAD_ROWS + 1 + i, 3, c->columns, lines[i], TONE_PLAIN,
				 LOOK_PLAIN);
}

static void draw_panes(struct top *t, struct canvas *c, double now)
{
	unsigned rows = c->rows - HEAD_ROWS - 1, low = rows / 3 < 5 ? 5 : rows / 3;
	unsigned half = c->columns * 43 / 100, high = rows > low + 3 ? rows - low : rows;
	struct box whole = { HEAD_ROWS, 0, rows, c->columns };
	enum top_pane left = t->focus == PANE_EVENTS ? PANE_CHECKS : t->focus;

	if (t->zoom) {
		draw_pane(t, c, t->focus, whole, now);
		return;
	}
	if (c->columns >= TWO_COLUMNS) {
		draw_pane(t, c, PANE_CHECKS, (struct box){ HEAD_ROWS, 0, high, half - 1 }, now);
		draw_pane(t, c, t->right,
			  (struct box){ HEAD_ROWS, half, high, c->columns - half }, now);
	} else {
		draw_pane(t, c, left, (struct box){ HEAD_ROWS, 0, high, c->columns }, now);
	}
	if (high < rows)
		draw_pane(t, c, PANE_EVENTS,
			  (struct box){ HEAD_ROWS + high, 0, rows - high, c->columns }, now);
}

static void draw_keys(const struct top *t, struct canvas *c)
{
	char text[TEXT];

	cell(text, " q leave  tab pane  arrows scroll  s sort  z zoom  p pause  +- every %u s  "
	     "? help", t->interval);
	canvas_bar(c, c->rows - 1, 0, c->columns, LOOK_REVERSED);
	(void)canvas_put(c, c->rows - 1, 0, c->columns, text, TONE_PLAIN, LOOK_REVERSED);
}

void top_draw(struct top *t, struct canvas *c, double now, const char *clock)
{
	if (c->rows < LEAST_ROWS || c->columns < LEAST_COLUMNS) {
		(void)canvas_put(c, 0, 0, c->columns, "sipmoat top: too small here", TONE_BAD,
				 LOOK_PLAIN);
		return;
	}
	sort_all(t, now);
	draw_status(t, c, clock);
	draw_lanes(t, c);
	draw_counts(t, c);
	if (t->help)
		draw_help(c);
	else
		draw_panes(t, c, now);
	draw_keys(t, c);
}
