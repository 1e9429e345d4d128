/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory with one owner and one end: what a ruleset reads from files lives until
 * the ruleset is freed, so nothing in between needs to be freed by itself.
 *
 * Locking: none; one thread loads.  Errors: NULL without memory.
 */
#ifndef SIPMOAT_ARENA_H
#define SIPMOAT_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* takes NULL */
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for anything */
const char *arena_text(struct arena *a, const char *text, size_t n); /* copy with a NUL */

#endif
