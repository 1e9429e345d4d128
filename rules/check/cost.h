/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls cost, for reports: the check itself is in cost.c.
 *
 * Ownership: none.  Locking: none.
 */
#ifndef SIPMOAT_COST_H
#define SIPMOAT_COST_H

#include "number/number.h"

/* "0.09 EUR a minute, setup 0.02, 60/60, at least 0.10 (Germany mobile)"; false: there is
 * no rate card for callers of that zone. */
bool cost_print(const struct ruleset *rs, unsigned zone, const struct number *n, char *out,
		size_t room);

#endif
