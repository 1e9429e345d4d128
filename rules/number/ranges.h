/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classes of numbers that ship.
 *
 * Ownership: const tables.
 */
#ifndef SIPMOAT_RANGES_H
#define SIPMOAT_RANGES_H

struct ranges {
	const char *name;
	const char *const *prefixes; /* E.164, blanks between; NULL ends them */
};

/* A name of NULL ends the table. */
extern const struct ranges ranges[];

#endif
