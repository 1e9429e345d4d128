/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Through all live records of a table, on copies: no lock is held while `each` runs, nor for
 * longer than to copy a few KiB, however large the table is.
 *
 * Ownership: value lives until each returns.
 */
#ifndef SIPMOAT_WALK_H
#define SIPMOAT_WALK_H

#include "table.h"

/* false: no memory. */
bool table_walk(struct table *t, uint64_t now, void (*each)(const void *value, void *arg),
		void *arg);

#endif
