/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the daemon: its last answer to each question, the last hour and the last
 * events.  One thread brings it from the daemon (upstream.h), browsers see it (http.h): so what
 * they cost the daemon does not depend on how many look.
 *
 * Ownership: copies in, copies out; texts returned are for the caller to free, NULL without
 * memory.  Locking: inside; held for copies only.
 * Units: seconds since 1970, but for the monotonic ones of board_wanted.
 */
#ifndef SIPMOAT_BOARD_H
#define SIPMOAT_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"

/* What is asked, and how often at most while somebody looks: X(name of the command, seconds). */
#define TOPICS(X) \
	X(stats, 1) \
	X(status, 2) \
	X(bans, 3) \
	X(sources, 3) \
	X(calls, 3)

enum topic {
#define X(name, seconds) TOPIC_##name,
	TOPICS(X)
#undef X
	TOPIC_COUNT
};

struct board;

struct board *board_new(void); /* NULL: no memory */
void board_free(struct board *b);

/* --- who brings --- */

/* The answer is one line of JSON. */
void board_answer(struct board *b, enum topic t, const char *line);
void board_counted(struct board *b, const uint64_t total[HISTORY_SERIES]);
void board_event(struct board *b, uint64_t id, const char *json, uint64_t missed);
uint64_t board_last_event(struct board *b);
/* Nobody answers, and why; "" or an answer ends it. */
void board_down(struct board *b, const char *why);
/* When somebody looked at it last, by the monotonic clock; 0: never. */
uint64_t board_wanted(struct board *b, enum topic t);
/* fd (an eventfd) is written when somebody looks at what nobody has looked at for long. */
void board_wake(struct board *b, int fd);

/* --- who looks --- */

/* As a JSON object: `up`, `text`, `now`, `at` and the daemon's `answer`, or null. */
char *board_page(struct board *b, enum topic t, size_t *n);
char *board_history(struct board *b, uint64_t since, size_t *n);
/* The daemon's answer alone, "" while it is down. */
char *board_line(struct board *b, enum topic t);
/* As tape_next; first: the id after which somebody begins who has seen nothing. */
size_t board_event_next(struct board *b, uint64_t *id, char *out, size_t room);
uint64_t board_event_first(struct board *b);

#endif
