/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all feeds of a kind come to: single addresses, and ranges of more than one.  Nothing is
 * in it twice.
 *
 * Ownership: a mix owns its arrays; feedmix_free takes a zeroed one.  Locking: none.
 */
#ifndef SIPMOAT_FEEDMIX_H
#define SIPMOAT_FEEDMIX_H

#include "feedlist.h"
#include "plan.h"

struct feedmix {
	struct addr *host; /* sorted */
	size_t hosts;
	struct plan_ranges nets;
};

/* 0 or -ENOMEM.  *m is overwritten. */
int feedmix_build(struct feedmix *m, const struct feed_text *const *text, unsigned n);
void feedmix_free(struct feedmix *m);
bool feedmix_has(const struct feedmix *m, const struct addr *a);

/* One of the ranges that has an address of lo to hi in it, or NULL. */
const struct plan_range *feedmix_meets(const struct plan_ranges *s, const struct addr *lo,
				       const struct addr *hi);

#endif
