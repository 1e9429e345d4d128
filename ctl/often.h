/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often each of many names was seen, of late and in all: bounded, who was seen least of
 * late makes room.
 *
 * Ownership: a value.  Units: now is seconds that do not run backwards.
 */
#ifndef SIPMOAT_OFTEN_H
#define SIPMOAT_OFTEN_H

#include <stddef.h>
#include <stdint.h>

#define OFTEN_MOST 256
#define OFTEN_NAME 48
#define OFTEN_HALF 60.0 /* s after which what was seen counts half */

struct often_row {
	char name[OFTEN_NAME], detail[OFTEN_NAME]; /* of the last time */
	double recent, at;
	uint64_t total;
};

struct often {
	struct often_row row[OFTEN_MOST];
	size_t n;
};

enum often_order { OFTEN_RECENT, OFTEN_TOTAL, OFTEN_BY_NAME, OFTEN_ORDERS };

void often_add(struct often *t, const char *name, const char *detail, uint64_t times, double now);
/* What it was, worth now. */
double often_recent(const struct often_row *r, double now);
void often_sort(struct often *t, enum often_order order, double now);

#endif
