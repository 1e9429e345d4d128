/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "visitors.h"

#include "store.h"

#define PROVEN_SECONDS 86400
#define SECONDS 3600

enum { RANK_STRANGER, RANK_PROVEN };

size_t visitors_size(void)
{
	return sizeof(struct visitor);
}

void visitor_note(struct state *st, const struct addr *site, uint64_t site_key, bool proven,
		  uint64_t now)
{
	uint8_t rank = proven ? RANK_PROVEN : RANK_STRANGER;
	struct hold h = table_make(st->visitors, site_key, now, rank);
	struct visitor *v = h.value;

	if (!v)
		return;
	if (h.fresh || !addr_eq(&v->site, site))
		*v = (struct visitor){ .site = *site, .first = (uint32_t)(now / NS) };
	v->last = (uint32_t)(now / NS);
	table_keep(&h, now, now + (proven ? PROVEN_SECONDS : SECONDS) * NS, rank);
	table_release(&h);
}

bool visitor_find(struct state *st, uint64_t site_key, uint64_t now, struct visitor *out)
{
	struct hold h = table_find(st->visitors, site_key, now);

	if (!h.value)
		return false;
	*out = *(const struct visitor *)h.value;
	table_release(&h);
	return true;
}
