/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that an operator gives to things, and names he writes that nothing has: what was
 * meant by them.
 *
 * Ownership: texts are borrowed.
 */
#ifndef SIPMOAT_NAMED_H
#define SIPMOAT_NAMED_H

#include "conf.h"

/* The name that is fewest edits away. */
struct nearest {
	const char *word, *found; /* found: NULL when all are too far away */
	unsigned edits;
};
struct nearest nearest_to(const char *word);
void nearer(struct nearest *best, const char *name);

#define NAMED_MOST 31 /* bytes */

/* May a thing be called so?  Else reported as of c's key name, and false. */
bool named_check(struct compiler *c, const char *name);
/* Reports that there is no such thing ("group", "zone") as best->word. */
void named_unknown(struct compiler *c, const struct conf_item *item, const char *key,
		   const char *what, const struct nearest *best);

#endif
