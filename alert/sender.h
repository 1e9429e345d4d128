/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that delivers: what it cannot deliver it tries again, each time after a longer
 * pause, and gives up after so many times; the backlog fills up meanwhile, and loses the oldest.
 *
 * Ownership: sender_put takes the alert's texts.  Locking: inside; any thread.
 */
#ifndef SIPMOAT_SENDER_H
#define SIPMOAT_SENDER_H

#include "deliver.h"

struct sender;

struct sender_conf {
	struct deliver_conf deliver;
	unsigned room, per_minute, retries;
};

struct sender *sender_start(const struct sender_conf *c); /* NULL: no memory, no thread */
void sender_put(struct sender *s, const struct alert *a);
/* So many alerts are gone that nobody has seen. */
void sender_lose(struct sender *s, uint64_t n);

#endif
