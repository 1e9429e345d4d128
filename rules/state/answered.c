/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answered.h"

#include "store.h"

#define LIFE (32 * NS)
#define ACKS_MOST 12 /* one for each repetition of an INVITE within 32 s, and some */

struct answered {
	uint8_t acks;
};

size_t answers_size(void)
{
	return sizeof(struct answered);
}

bool answered_before(struct state *st, uint64_t txn, uint64_t now)
{
	struct hold h = table_find(st->answers, txn, now);
	bool was = h.value;

	table_release(&h);
	return was;
}

bool answered_now(struct state *st, uint64_t txn, bool stranger, uint64_t now)
{
	struct hold h = table_make(st->answers, txn, now, stranger);
	bool fresh = h.fresh;

	/* another worker may write a time that is a moment older: it is behind LIFE anyway */
	atomic_store_explicit(&st->answered_until, now + LIFE + NS, memory_order_relaxed);
	if (fresh)
		table_keep(&h, now, now + LIFE, stranger);
	table_release(&h);
	return fresh;
}

bool answered_acked(struct state *st, uint64_t invite, uint64_t now)
{
	struct answered *a;
	struct hold h;
	bool ours;

	/* hardly any ACK is of ours: no search while nothing was answered */
	if (!invite || now > atomic_load_explicit(&st->answered_until, memory_order_relaxed))
		return false;
	h = table_find(st->answers, invite, now);
	a = h.value;
	ours = a && a->acks < ACKS_MOST;
	if (ours)
		a->acks++;
	table_release(&h);
	return ours;
}
