/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written for people about an operator's entries: text, cut where the room ends.
 *
 *   struct text w = { out, room, 0 };
 *
 * Ownership: the room is the caller's.  Locking: none.
 */
#ifndef SIPMOAT_TEXT_H
#define SIPMOAT_TEXT_H

#include "conf.h"

struct text {
	char *out; /* ends with NUL */
	size_t room, n;
};

void text_put(struct text *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "before a, b and 7 more"; nothing when it is empty. */
void text_list(struct text *w, const char *before, const struct conf_list *l);
void text_duration(struct text *w, uint32_t s); /* "90s", "15m" */

#endif
