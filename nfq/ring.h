/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single-producer single-consumer ring of records of one size.  The producer never waits:
 * a full ring refuses, and the caller counts the loss.
 *
 * Ownership: ring_new allocates all of it.  Locking: exactly one thread puts,
 * exactly one gets.  Waking the consumer is the caller's business (an eventfd).
 */
#ifndef SIPMOAT_RING_H
#define SIPMOAT_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring;

/* slots: rounded up to a power of two; size: bytes of a record.  NULL: no memory. */
struct ring *ring_new(unsigned slots, size_t size);
void ring_free(struct ring *r);
bool ring_put(struct ring *r, const void *record);
/* Refuses already when fewer than spare slots would stay free: room for what
 * matters more. */
bool ring_put_sparing(struct ring *r, const void *record, unsigned spare);
bool ring_get(struct ring *r, void *out);

#endif
