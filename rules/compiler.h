/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of text into lists of values, for zones and checks alike.
 *
 * Ownership: the caller frees *out.  Errors: 0, or -1 after having reported every
 * entry that is wrong.
 */
#ifndef SIPMOAT_COMPILER_H
#define SIPMOAT_COMPILER_H

#include "addr.h"
#include "conf.h"

/* For messages about one entry of a list of groups; at: how the entry begins. */
static inline struct compiler compiler_of_entry(const struct compiler *c,
						const struct conf_item *at)
{
	struct compiler entry = *c;

	entry.group = at->text;
	entry.file = at->file;
	entry.line = at->line;
	return entry;
}

int compiler_prefixes(struct compiler *c, const struct conf_list *l, const char *key,
		      struct prefix **out, size_t *n);
/* ISO 3166 codes as geo_country gives them, sorted. */
int compiler_countries(struct compiler *c, const struct conf_list *l, const char *key,
		       uint32_t **out, unsigned *n);
/* "AS64496" or 64496, sorted. */
int compiler_asns(struct compiler *c, const struct conf_list *l, const char *key, uint32_t **out,
		  unsigned *n);

/* Is v in a sorted list? */
bool compiler_has(const uint32_t *sorted, unsigned n, uint32_t v);

#endif
