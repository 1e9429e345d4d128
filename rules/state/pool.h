/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chunks of memory for bytes of TCP connections, taken once at the start.
 *
 * Ownership: a chunk belongs to whoever took it until he gives it back; it is
 * named by a number, 0 is none.  Locking: taking and giving are lock-free and may
 * be done under any lock; a chunk's contents are its owner's.
 */
#ifndef SIPMOAT_POOL_H
#define SIPMOAT_POOL_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_BYTES 512 /* a power of two: chunks are aligned in sequence space */

struct chunk {
	uint32_t next; /* of a chain, for its owner */
	uint32_t seq;  /* sequence number of bytes[0], a multiple of CHUNK_BYTES */
	uint64_t here[CHUNK_BYTES / 64]; /* a bit for each byte that came */
	char bytes[CHUNK_BYTES];
};

struct pool;

struct pool *pool_new(uint32_t kib); /* at least one chunk; NULL without memory */
void pool_free(struct pool *p);
size_t pool_bytes(const struct pool *p);
uint32_t pool_chunks(const struct pool *p);
uint64_t pool_refused(const struct pool *p); /* how often pool_take had none left */
uint32_t pool_left(const struct pool *p); /* chunks nobody has; a moment's truth */

uint32_t pool_take(struct pool *p); /* 0: none left; here[], next and seq are zero */
void pool_give(struct pool *p, uint32_t number);
struct chunk *pool_chunk(struct pool *p, uint32_t number);

#endif
