/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rate card: what a minute costs, by the longest prefix of the number.
 *
 * Lines, with ',', ';' or a tab between the fields, the name or not, and what is behind the
 * price or not:
 *
 *   prefix, name, price of a minute, setup, increments, minimum
 *   49151, Germany mobile, 0.09, 0.02, 60/60, 0.10
 *   4420, 0.012
 *
 * Increments: "60/60" is billed by the minute, "30/6" 30 s and then by 6 s; 60/60 where
 * nothing is written.  A line that begins with "prefix" is a headline.
 *
 * Ownership: names point into the list it was made of.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_RATES_H
#define SIPMOAT_RATES_H

#include "conf.h"
#include "number.h"
#include "state/calls.h"

struct rate {
	struct call_price price;
	struct slice name; /* empty: none was written */
};

struct rates;

/* *out is NULL when the list is empty; 0 or -1, every wrong line reported. */
int rates_compile(const struct conf_list *l, struct compiler *c, const char *key,
		  struct rates **out);
void rates_free(struct rates *r); /* takes NULL */
/* NULL: nobody has said what that costs; r may be NULL. */
const struct rate *rates_find(const struct rates *r, const struct number *n);
size_t rates_count(const struct rates *r);

/* "12.50", at most four digits behind the dot (six with parts = CALL_MICRO), into parts of
 * a unit of the currency; false: it is none, or too much. */
bool money_read(struct slice text, uint32_t parts, uint32_t *out);
/* "12.50" of parts, no more digits than say something, but two; returns the length. */
#define MONEY_TEXT 24
size_t money_print(uint64_t amount, uint32_t parts, char out[MONEY_TEXT]);

#endif
