/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled set of patterns over one text, tried in one pass.
 *
 * Patterns as an operator writes them, all case-insensitive:
 *   "text"      contains text       "=text"  equals text
 *   "^text"     starts with text    "/re/"   PCRE2 expression, anywhere
 * Literals of all three kinds go through one case-folded Aho-Corasick automaton;
 * expressions through PCRE2 one by one with a match limit, after the literals.
 *
 * Locking: const after compile; any number of threads may match at once.
 * Nothing allocates in match_find.
 */
#ifndef SIPMOAT_MATCH_H
#define SIPMOAT_MATCH_H

#include "conf.h"

struct match;

/* NULL with the error reported when a pattern is wrong (bad expression, empty). */
struct match *match_compile(const struct conf_list *patterns, struct compiler *c, const char *key);
/* The same for a list that may be empty, which leaves *out NULL; 0 or -1. */
int match_list_compile(const struct conf_list *patterns, struct compiler *c, const char *key,
		       struct match **out);
void match_free(struct match *m);
/*
 * Index of a pattern that matches, or -1: the first literal in the list's order,
 * without one the first expression.  White space is normalised first: ends cut,
 * every run of it (folds too) one space.  Expressions see the first 2048 bytes.
 */
int match_find(const struct match *m, struct slice text);
const char *match_text(const struct match *m, int index);

#endif
