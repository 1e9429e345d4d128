/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as one line of text: docs/operations.md shows them.
 *
 * Ownership: the room is the caller's.  Locking: none.
 */
#ifndef SIPMOAT_EVENTTEXT_H
#define SIPMOAT_EVENTTEXT_H

#include "engine.h"

/* "8h", "90m", "45s": the largest unit that loses nothing. */
#define EVENTS_DURATION 16
void events_duration(uint32_t seconds, char out[EVENTS_DURATION]);

/* "banned 203.0.113.9 for 5m (proven): CHECK: why (OPTIONS from ... to ...)" */
void eventtext_finding(const struct event *ev, char *out, size_t room);
/* What is refused until somebody approves. */
void eventtext_token(const struct event *ev, const struct approval *a, char *out, size_t room);
/* So many more like that. */
void eventtext_more(const struct event *ev, uint64_t more, char *out, size_t room);

#endif
