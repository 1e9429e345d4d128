/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bindings.c and contacts.c share: addresses-of-record and sites go by prints of
 * their keys, ends by ticks of the tables.
 *
 * Locking: none is held between the two.
 */
#ifndef SIPMOAT_REGISTRY_H
#define SIPMOAT_REGISTRY_H

#include "bindings.h"
#include "engine.h"
#include "table.h"

static inline uint32_t tick_of(uint64_t now)
{
	return (uint32_t)(now >> TABLE_TICK_BITS);
}

/* Wraps after nine years: nothing is kept so long. */
static inline bool tick_ahead(uint32_t end, uint64_t now)
{
	return (int32_t)(end - tick_of(now)) > 0;
}

/* ns until then, from the front of the present tick; only of what is ahead. */
static inline uint64_t tick_left(uint32_t end, uint64_t now)
{
	return tick_ahead(end, now) ? (uint64_t)(end - tick_of(now)) << TABLE_TICK_BITS : 0;
}

static inline uint32_t print_of(uint64_t key)
{
	uint32_t print = (uint32_t)(key >> 32 ^ key);

	return print ? print : 1;
}

/* A REGISTER for the user passed. */
void seat_asked(struct state *st, uint64_t user, uint64_t site, uint64_t now);
/* end: of the last contact that the address-of-record has at the site, a tick; one that
 * has passed ends the binding. */
void seat_set(struct state *st, uint64_t user, uint32_t aor, uint32_t site, uint32_t end,
	      uint64_t now);

/* The site granted a server of ours a registration until then. */
void upstream_set(struct state *st, uint64_t site, uint64_t until, uint64_t now);
void bindings_site_prefetch(const struct state *st, uint64_t site, table_fetch *fetch);

/* The addresses-of-record were restored: counts their contacts anew. */
void contacts_restored(struct state *st, uint64_t now);

/* One contact more, or less, that ends then. */
void census_add(struct census *c, uint32_t end, int n, uint64_t now);

#endif
