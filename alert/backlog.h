/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts that wait to be delivered: bounded in number, and so many a minute.  What is more
 * than that is counted by its check, and told together when the minute is over; so is what
 * was lost because the receiver was too slow or would not have it.
 *
 * Ownership: backlog_put takes the alert's texts, backlog_take gives them, for alert_free.
 * Locking: the caller's.  Units: ns of any clock that does not run backwards.
 */
#ifndef SIPMOAT_BACKLOG_H
#define SIPMOAT_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALERT_WORD 64
#define BACKLOG_CHECKS 32

struct alert {
	char *json, *text; /* the event; its line for people */
	char event[ALERT_WORD], check[ALERT_WORD], action[ALERT_WORD], source[ALERT_WORD];
};
void alert_free(struct alert *a);

struct backlog {
	struct alert *at; /* a ring */
	unsigned room, first, n;
	unsigned per_minute, sent; /* in the minute that began at since */
	uint64_t since;
	uint64_t lost, more;       /* not told yet */
	struct {
		char name[ALERT_WORD];
		uint64_t n;
	} of[BACKLOG_CHECKS];      /* more, by check; "" ends them */
};

bool backlog_init(struct backlog *b, unsigned room, unsigned per_minute);
void backlog_free(struct backlog *b);
void backlog_put(struct backlog *b, const struct alert *a, uint64_t now);
/* An alert could not be delivered. */
void backlog_lose(struct backlog *b, uint64_t n);
/* false: nothing is to be sent before *wait ns have gone by, UINT64_MAX: before the next put.
 * Without memory for it a digest waits. */
bool backlog_take(struct backlog *b, uint64_t now, struct alert *out, uint64_t *wait);

#endif
