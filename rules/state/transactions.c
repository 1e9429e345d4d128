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

static bool is_other(const struct transaction *had, const struct transaction *t)
{
	return had->cseq != t->cseq || had->target != t->target ||
	       (t->guess && had->guess != t->guess);
}

enum asked txn_open(struct state *st, uint64_t key, const struct transaction *t, unsigned rank,
		    uint64_t now, struct transaction *other)
{
	uint8_t r = t->flags & TXN_INSIDE ? RANK_INSIDE : (uint8_t)rank;
	uint32_t life = t->method == METHOD_INVITE ? TXN_EARLY : TXN_SHORT;
	struct hold h = table_make(st->transactions, key, now, r);
	struct transaction *had = h.value;
	enum asked is = ASKED_NEW;

	if (!had)
		return ASKED_AGAIN;
	if (!h.fresh) {
		is = is_other(had, t) ? ASKED_OTHER : ASKED_AGAIN;
		*other = *had;
	}
	if (is != ASKED_AGAIN) {
		*had = *t;
		table_keep(&h, now, now + life * NS, r);
	}
	table_release(&h);
	return is;
}

/* 100 says nothing; of the others the first of each kind is news. */
static bool is_news(unsigned before, unsigned status)
{
	if (status >= 200)
		return before < 200;
	return status > 100 && before <= 100;
}

/* How long an answer, or one more, may come after this one. */
static uint64_t life_of(const struct transaction *t, unsigned status)
{
	if (status >= 200)
		return TXN_FINAL * NS;
	if (t->method != METHOD_INVITE)
		return 0;
	return (t->flags & TXN_INSIDE && status > 100 ? TXN_RINGS : TXN_EARLY) * NS;
}

enum answer txn_answer(struct state *st, uint64_t key, uint32_t cseq, unsigned status,
		       uint64_t now, struct transaction *asked)
{
	struct hold h = table_find(st->transactions, key, now);
	struct transaction *t = h.value;
	bool news;

	if (!t || t->cseq != cseq) {
		table_release(&h);
		return ANSWER_UNASKED;
	}
	*asked = *t;
	news = is_news(t->status, status);
	if (status > t->status && t->status < 200)
		t->status = (uint16_t)status;
	/* it rings no more: rank and life are those of a request of ours that was answered */
	if (t->flags & TXN_INSIDE && news && status >= 200)
		table_set(&h, now, now + TXN_FINAL * NS, RANK_INSIDE);
	else
		table_keep(&h, now, now + life_of(t, status), 0);
	table_release(&h);
	return news ? ANSWER_FIRST : ANSWER_AGAIN;
}
