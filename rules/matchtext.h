/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text as patterns see it: ends cut, every run of white space (folds too) one
 * space, byte by byte.  Ownership: none, it points into the text.
 */
#ifndef SIPMOAT_MATCHTEXT_H
#define SIPMOAT_MATCHTEXT_H

#include "slice.h"

struct reader {
	const char *p, *end;
};

static inline struct reader reader_of(struct slice text)
{
	text = slice_trim(text);
	return (struct reader){ text.p, text.p + text.n };
}

static inline bool reader_next(struct reader *r, unsigned char *c)
{
	if (r->p == r->end)
		return false;
	*c = (unsigned char)*r->p++;
	if (!is_lws((char)*c))
		return true;
	*c = ' ';
	while (r->p < r->end && is_lws(*r->p))
		r->p++;
	return true;
}

#endif
