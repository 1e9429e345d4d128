/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of address prefixes: sorted disjoint ranges, binary search.  Built once,
 * then const and safe to read from any thread.
 */
#ifndef SIPMOAT_PREFIXSET_H
#define SIPMOAT_PREFIXSET_H

#include "addr.h"

struct addr_range {
	struct addr lo, hi; /* both inclusive */
};

struct prefixset {
	struct addr_range *range;
	unsigned n;
};

/* 0 or -ENOMEM; overlaps are merged.  Frees what *s held before. */
int prefixset_build(struct prefixset *s, const struct prefix *p, size_t n);
void prefixset_free(struct prefixset *s); /* takes a zeroed set */
bool prefixset_has(const struct prefixset *s, const struct addr *a);
/* Is any address of the prefix in it? */
bool prefixset_meets(const struct prefixset *s, const struct prefix *p);

#endif
