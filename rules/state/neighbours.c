/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "neighbours.h"

#include "sketch.h"
#include "store.h"

struct record {
	struct sketch recent, before; /* of this half window, and of the one before it */
	uint64_t until;
	uint32_t half; /* number of this half window */
};

size_t neighbours_size(void)
{
	return sizeof(struct record);
}

static uint64_t bit_of(const struct addr *site, uint64_t site_key)
{
	return addr_is_v4(site) ? site->b[15] : site_key;
}

static uint64_t key_around(const struct state *st, const struct addr *a)
{
	struct prefix around = addr_around(a);

	return key_of_addr(st, &around.addr);
}

static void advance(struct record *r, uint64_t now)
{
	uint32_t half = (uint32_t)(now / (NEIGHBOURS_WINDOW / 2 * NS));

	if (half == r->half)
		return;
	r->before = half == r->half + 1 ? r->recent : (struct sketch){ { 0 } };
	r->recent = (struct sketch){ { 0 } };
	r->half = half;
}

void neighbours_add(struct state *st, const struct addr *site, uint64_t site_key, uint64_t until,
		    uint64_t now, struct neighbours *out)
{
	struct hold h = table_make(st->neighbours, key_around(st, site), now, 0);
	struct record *r = h.value;

	*out = (struct neighbours){ 1, until };
	if (!r)
		return;
	advance(r, now);
	sketch_add(&r->recent, bit_of(site, site_key));
	r->until = until > r->until ? until : r->until;
	*out = (struct neighbours){ sketch_count(&r->recent, &r->before), r->until };
	/* whoever has many stays, however many prefixes there are with one */
	table_keep(&h, now, now + NEIGHBOURS_WINDOW * NS,
		   (uint8_t)(out->sites < TABLE_RANKS ? out->sites - 1 : TABLE_RANKS - 1));
	table_release(&h);
}

void neighbours_drop(struct state *st, const struct addr *site, uint64_t site_key)
{
	struct hold h = table_find(st->neighbours, key_around(st, site), 0);
	struct record *r = h.value;

	if (!r)
		return;
	sketch_drop(&r->recent, bit_of(site, site_key));
	sketch_drop(&r->before, bit_of(site, site_key));
	table_release(&h);
}

void neighbours_forget(struct state *st, const struct prefix *around)
{
	(void)table_forget(st->neighbours, key_around(st, &around->addr));
}
