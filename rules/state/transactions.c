/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transactions.h"

#include "sip.h"
#include "store.h"

enum { RANK_INSIDE = 3 };

size_t transactions_size(void)
{
	return sizeof(struct transaction);
}

bool txn_find(struct state *st, uint64_t key, uint64_t now, struct transaction *out)
{
	struct hold h = table_find(st->transactions, key, now);

	if (!h.value)
		return false;
	*out = *(const struct transaction *)h.value;
	table_release(&h);
	return true;
}

bool txn_open(struct state *st, uint64_t key, const struct transaction *t, unsigned rank,
	      uint64_t now)
{
	uint8_t r = t->flags & TXN_INSIDE ? RANK_INSIDE : (uint8_t)rank;
	uint32_t life = t->method == METHOD_INVITE ? TXN_EARLY : TXN_SHORT;
	struct hold h = table_make(st->transactions, key, now, r);
	bool fresh = h.value && h.fresh;

	if (fresh) {
		*(struct transaction *)h.value = *t;
		table_keep(&h, now, now + life * NS, r);
	}
	table_release(&h);
	return fresh;
}

/* 100 says nothing; of the others the first of each kind is news. */
static bool is_news(unsigned before, unsigned status)
{
	if (status >= 200)
		return before < 200;
	return status > 100 && before <= 100;
}

enum answer txn_answer(struct state *st, uint64_t key, unsigned status, uint64_t now,
		       struct transaction *asked)
{
	struct hold h = table_find(st->transactions, key, now);
	struct transaction *t = h.value;
	bool news;

	if (!t)
		return ANSWER_UNASKED;
	*asked = *t;
	news = is_news(t->status, status);
	if (status > t->status && t->status < 200)
		t->status = (uint16_t)status;
	if (status >= 200)
		table_keep(&h, now, now + TXN_FINAL * NS, 0);
	else if (t->method == METHOD_INVITE)
		table_keep(&h, now, now + TXN_EARLY * NS, 0);
	table_release(&h);
	return news ? ANSWER_FIRST : ANSWER_AGAIN;
}

void txn_cancel(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->transactions, key, now);

	if (h.value)
		((struct transaction *)h.value)->flags |= TXN_CANCELLED;
	table_release(&h);
}
