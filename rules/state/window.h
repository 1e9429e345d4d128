/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one direction of a connection that are kept: any of them, in any
 * order, each once.  A byte that is here never changes.
 *
 * Ownership: a window owns its chunks; window_clear gives them back.  All zero is
 * an empty one.  Locking: none of its own.  Units: TCP sequence numbers in host
 * order; all that is here lies within 2^31 of each other (RFC 9293 3.4).
 */
#ifndef SIPMOAT_WINDOW_H
#define SIPMOAT_WINDOW_H

#include "pool.h"
#include "slice.h"

struct window {
	uint32_t first, last; /* a chain of chunks, ascending */
	uint32_t chunks;
};

/* Is sequence number a before b? */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

enum window_put {
	WINDOW_KEPT,
	WINDOW_DIFFERS, /* one of them is here, and it is another byte; nothing was kept */
	WINDOW_FULL,    /* no memory; nothing was kept */
};

/* most: chunks that this window may own. */
enum window_put window_put(struct window *w, struct pool *p, uint32_t seq, struct slice bytes,
			   uint32_t most);
/* The first byte, from `from` on, that is not here. */
uint32_t window_reach(const struct window *w, struct pool *p, uint32_t from);
/* The end of its last chunk; `from` when it has none. */
uint32_t window_end(const struct window *w, struct pool *p, uint32_t from);
/* Copies n bytes, all of which must be here. */
void window_copy(const struct window *w, struct pool *p, uint32_t from, uint32_t n, char *out);
/* Bytes before seq need not be kept any more. */
void window_forget(struct window *w, struct pool *p, uint32_t seq);
/* n bytes from seq on are not here any more. */
void window_remove(struct window *w, struct pool *p, uint32_t seq, uint32_t n);
void window_clear(struct window *w, struct pool *p);

#endif
