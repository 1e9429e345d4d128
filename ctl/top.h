/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sipmoat top` knows and how that is drawn, apart from terminals and sockets: answers of
 * the daemon and keys go in (topdata.c, topkeys.c), a canvas comes out (topdraw.c).
 *
 * Ownership: a value; answers are borrowed.  Units: now is seconds that do not run backwards.
 */
#ifndef SIPMOAT_TOP_H
#define SIPMOAT_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "link.h"
#include "often.h"

enum top_pane {
	PANE_CHECKS, PANE_SOURCES, PANE_USERS, PANE_COUNTRIES, PANE_BANS, PANE_CALLS,
	PANE_LANES, PANE_EVENTS, PANES
};

#define TOP_CHECKS 48
#define TOP_ROWS 256   /* of bans, of calls, of sources */
#define TOP_EVENTS 200
#define TOP_LANES 2
#define TOP_CELLS 5
#define TOP_CELL 64
#define TOP_LINE 256

struct top_check {
	char name[32];
	uint64_t acted, observed; /* packets since the daemon's start */
	double rate;              /* of both, a second */
};

struct top_lane {
	char name[16];
	uint64_t count, depth, lost, queues;
	double sum, most, wait; /* s; wait: the mean of late */
};

struct top_row {
	char cell[TOP_CELLS][TOP_CELL];
};

struct top_list {
	struct top_row row[TOP_ROWS];
	unsigned n;
	uint64_t total; /* there may be more */
};

struct top_event {
	char time[16], text[TOP_LINE];
	enum grid_tone tone;
};

struct top {
	/* --- stats --- */
	bool known;      /* there was an answer */
	double at;       /* when it came */
	char version[32], mode[16];
	bool mode_by_hand;
	uint64_t time, started, workers, alive, registrations, bans, asked, ringing, answered;
	uint64_t packets, dropped; /* in observe mode: what would have been dropped */
	double packets_rate, dropped_rate, work; /* work: s for a packet, of late */
	uint64_t work_count;
	double work_sum;
	struct top_check check[TOP_CHECKS];
	unsigned checks;
	struct top_lane lane[TOP_LANES];
	/* --- the others --- */
	struct often users, countries; /* by what was found of them */
	struct top_list source, ban, call;
	struct top_event event[TOP_EVENTS]; /* the latest last */
	unsigned events;
	uint64_t after;  /* the last event that was seen */
	bool follows;    /* after is valid */
	uint64_t missed;
	/* --- the screen --- */
	enum top_pane focus, right;
	unsigned sort[PANES], scroll[PANES];
	bool zoom, paused, help, leave;
	unsigned interval; /* s */
	char trouble[LINK_TROUBLE]; /* "": the daemon answers */
};

#define TOP_INTERVAL_MOST 9 /* the daemon hangs up after ten seconds of silence */

void top_begin(struct top *t);

bool top_observes(const struct top *t);
/* The `sort` that "sources" is asked with. */
const char *top_source_order(const struct top *t);
/* topdata.c: answers to "stats", "sources", "bans", "calls", "events". */
void top_stats(struct top *t, struct reply *r, double now);
void top_sources(struct top *t, struct reply *r);
void top_bans(struct top *t, struct reply *r);
void top_calls(struct top *t, struct reply *r);
void top_events(struct top *t, struct reply *r, double now);

/* topkeys.c */
enum top_key {
	KEY_OF_TAB = 256, KEY_OF_BACKTAB, KEY_OF_UP, KEY_OF_DOWN, KEY_OF_LEFT, KEY_OF_RIGHT,
	KEY_OF_PAGE_UP, KEY_OF_PAGE_DOWN, KEY_OF_HOME
};
void top_key(struct top *t, int key); /* a letter, or one of these */
bool top_shows(const struct top *t, enum top_pane pane);

/* topdraw.c; clock: what the status line ends with. */
void top_draw(struct top *t, struct canvas *c, double now, const char *clock);
const char *top_pane_name(enum top_pane pane);

#endif
