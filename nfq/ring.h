/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single-producer single-consumer ring of events.  The producer never waits:
 * a full ring refuses, and the caller counts the loss.
 *
 * Ownership: ring_new allocates all of it.  Locking: exactly one thread puts,
 * exactly one gets.  Waking the consumer is the caller's business (an eventfd).
 */
#ifndef SIPMOAT_RING_H
#define SIPMOAT_RING_H

#include "event.h"

struct ring;

struct ring *ring_new(unsigned slots); /* rounded up to a power of two; NULL: no memory */
void ring_free(struct ring *r);
bool ring_put(struct ring *r, const struct event *ev);
/* Refuses already when fewer than spare slots would stay free: room for what
 * matters more. */
bool ring_put_sparing(struct ring *r, const struct event *ev, unsigned spare);
bool ring_get(struct ring *r, struct event *out);

#endif
