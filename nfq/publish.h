/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live ruleset: workers pin it for one batch, the main thread swaps it and
 * learns when the old one is nobody's any more.
 *
 * A worker that sleeps or stands between two batches holds nothing, so a swap
 * never waits for traffic; it waits for the batches in progress and no longer.
 *
 * Ownership: rulesets belong to the caller; nothing here frees one.
 * Locking: each reader number belongs to one thread, publish_swap to one more.
 * Units: milliseconds.
 */
#ifndef SIPMOAT_PUBLISH_H
#define SIPMOAT_PUBLISH_H

struct publish;
struct ruleset;

struct publish *publish_new(unsigned readers, struct ruleset *first); /* NULL: no memory */
void publish_free(struct publish *p);

const struct ruleset *publish_pin(struct publish *p, unsigned reader);
void publish_unpin(struct publish *p, unsigned reader);

/*
 * Makes next the live one and waits until no reader holds the old one, which is
 * returned for the caller to free.  NULL: a reader still holds it after wait_ms;
 * next is live all the same, and the old one must never be freed.
 */
struct ruleset *publish_swap(struct publish *p, struct ruleset *next, int wait_ms);
struct ruleset *publish_current(struct publish *p); /* for the swapping thread */

#endif
