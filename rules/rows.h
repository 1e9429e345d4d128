/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one reader of values: rows (include/conf.h) say what may stand where, and
 * every group of the config goes through here.
 *
 * Ownership: texts and lists live in the reader's arena.
 * Errors: reported, never returned; a value that is wrong leaves what was there.
 */
#ifndef SIPMOAT_ROWS_H
#define SIPMOAT_ROWS_H

#include "node.h"

struct reader {
	struct conf_report *report;
	struct arena *arena;
	const char *dir; /* of the main file: lists/ is beside it */
};

/* Where the values of some rows go. */
struct rows_into {
	const struct conf_row *rows;
	void *base;
};

#define KEY_TEXT 128

/* "flood" and "budget" make "flood.budget"; an empty group is the top level. */
void key_join(char out[KEY_TEXT], const char *group, const char *name);

void rows_defaults(struct reader *r, const struct conf_row *rows, void *base, const char *group);

/*
 * Reads every key of a group into the first of the targets (ended by one without
 * rows) that has a row for it.  others: names that may stand there and are read
 * elsewhere, NULL-terminated or NULL.  The rest are unknown keys.
 */
void rows_read(struct reader *r, const struct rows_into *into, const struct node *group,
	       const char *path, const char *const *others);

/* Of a copy of all values: entries of lists of groups of its own, before they are compiled. */
void rows_split(struct reader *r, const struct conf_row *rows, void *base, const char *group);

/* Digits and an optional unit, "90" or "15m", in s; false: it is no duration. */
bool rows_duration(const char *text, int64_t *seconds);

/* n is not a group (a list, a text ...): said, and false. */
bool rows_is_group(struct reader *r, const struct node *n, const char *path);

#endif
