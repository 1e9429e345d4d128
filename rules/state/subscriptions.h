/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of subscriptions, for people: of calls legs.h has them.  Written when a 2xx to SUBSCRIBE
 * makes one or prolongs it, and never read by a check.
 *
 * Locking: inside.
 */
#ifndef SIPMOAT_SUBSCRIPTIONS_H
#define SIPMOAT_SUBSCRIPTIONS_H

#include "memory.h"

#define SUBSCRIPTION_NAME 32

struct subscription {
	uint64_t key;   /* of its dialog */
	uint32_t since; /* s of the engine's clock */
	uint16_t inside_port;
	struct addr inside;
	char call_id[64], from[SUBSCRIPTION_NAME], to[SUBSCRIPTION_NAME];
};

/* Kept for so many seconds. */
void subscription_put(struct state *st, const struct lesson *l, uint64_t key, uint32_t seconds);
bool subscription_find(struct state *st, uint64_t key, uint64_t now, struct subscription *out);

#endif
