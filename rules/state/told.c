/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told.h"

#include "store.h"

#define FROM_OUTSIDE 0x0175
#define RELAYED (32 * NS) /* a proxy passes an answer on at once, and its repetitions */

size_t told_size(void)
{
	return 1; /* that it is there says all */
}

bool told_before(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->told, key, now);
	bool told = h.value;

	table_release(&h);
	return told;
}

bool told_now(struct state *st, uint64_t key, uint64_t now, uint64_t until)
{
	struct hold h = table_make(st->told, key, now, 0);
	bool fresh = h.fresh;

	if (fresh)
		table_keep(&h, now, until, 0);
	table_release(&h);
	return fresh;
}

void told_learn(struct state *st, const struct lesson *l)
{
	uint64_t key = key_with(l->names->to, FROM_OUTSIDE);
	struct hold h;

	/* servers ask phones whether they are there: these answers go nowhere */
	if (l->pkt->dir != DIR_INBOUND || l->sip->kind != SIP_RESPONSE || !l->asked ||
	    !l->names->to || l->sip->method == METHOD_OPTIONS)
		return;
	h = table_make(st->told, key, l->now, 0);
	if (!h.value)
		return;
	table_keep(&h, l->now, l->now + RELAYED, 0);
	table_release(&h);
}

bool told_from_outside(struct state *st, const struct names *n, uint64_t now)
{
	return n->to && told_before(st, key_with(n->to, FROM_OUTSIDE), now);
}
