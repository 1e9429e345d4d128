/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second opinion on a message: libosip2 reads it too, and what the two say is
 * compared.  A message that two readers understand differently is how checks are
 * walked around.
 *
 * Ownership: a strict is one worker's memory, an arena that libosip2 allocates
 * from (osip_set_allocators); nothing of libosip2 outlives a call.
 * Locking: none; one thread each.  Errors: none on the packet path.
 */
#ifndef SIPMOAT_STRICT_H
#define SIPMOAT_STRICT_H

#include "sip.h"

struct strict;

struct strict *strict_new(void); /* NULL without memory */
void strict_free(struct strict *s);

enum strict_result {
	STRICT_SAME,
	STRICT_DIFFERS,    /* *out says in what */
	STRICT_UNREADABLE, /* libosip2 refuses it */
	STRICT_SKIPPED,    /* beyond the limits: head of 4 KiB, 64 headers, 64 list items */
};

struct strict_difference {
	const char *what;    /* of READING_ITEMS: "From tag", "Call-ID" ... */
	struct slice view;   /* as the view reads it */
	struct slice other;  /* as libosip2 does; valid until the next call */
};

/* For compose.c: until strict_end libosip2 allocates from s. */
void strict_begin(struct strict *s);
bool strict_end(struct strict *s); /* false: there was not enough */

/* m: a request whose headers end (no DEFECT_NO_END). */
enum strict_result strict_compare(struct strict *s, const struct sip_msg *m,
				  struct strict_difference *out);

#endif
