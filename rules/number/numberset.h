/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of number prefixes, each with a value: longest match.  Built once, then const and
 * safe to read from any thread; nothing allocates in a look-up.
 *
 * Digits are '0' to '9', in E.164 without the plus sign.
 */
#ifndef SIPMOAT_NUMBERSET_H
#define SIPMOAT_NUMBERSET_H

#include "slice.h"

struct numberset;

struct number_prefix {
	struct slice digits; /* 1 to NUMBERSET_DIGITS of them */
	uint32_t value;      /* below NUMBERSET_NONE */
};

#define NUMBERSET_DIGITS 16 /* E.164 has at most 15; digits behind them do not matter */
#define NUMBERSET_NONE UINT32_MAX

/* Of several equal prefixes the last one counts.  NULL without memory.  prefixes: at most
 * a million. */
struct numberset *numberset_build(const struct number_prefix *prefix, size_t n);
void numberset_free(struct numberset *s); /* takes NULL */
/* The value of the longest prefix of digits, NUMBERSET_NONE without one, or of NULL.
 * length: of that prefix, may be NULL. */
uint32_t numberset_find(const struct numberset *s, struct slice digits, unsigned *length);
size_t numberset_bytes(const struct numberset *s);

#endif
