/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The passwords that are tried, one after the other: none at all, the user's own number or
 * name and what people make of it, what many take, the operator's list, short numbers.
 *
 * Ownership: words_new copies the list; a walk is a value and ends before its words do.
 * Locking: none; one thread.
 */
#ifndef SIPMOAT_WORDS_H
#define SIPMOAT_WORDS_H

#include "audit.h"

struct words;

/* NULL: no memory. */
struct words *words_new(const struct conf_list *list, unsigned digits);
void words_free(struct words *w); /* takes NULL */

#define WORDS_ROOM 512

struct walk {
	const struct words *words;
	struct slice user, realm; /* as in the task, which must outlive the walk */
	unsigned year;            /* of today */
	unsigned stage, at;
	char room[WORDS_ROOM];
};

void walk_begin(struct walk *k, const struct words *words, const struct audit_task *task,
		unsigned year);
/* false: that was all.  *word is valid until the next call. */
bool walk_next(struct walk *k, struct slice *word, enum audit_result *kind);

#endif
