/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include "store.h"

size_t calls_size(void)
{
	return sizeof(struct call);
}

void calls_prefetch(const struct state *st, const struct names *n, table_fetch *fetch)
{
	(void)st, (void)n, (void)fetch;
}

void calls_learn(struct state *st, const struct lesson *l, const struct call_draft *draft)
{
	(void)st, (void)l, (void)draft;
}

void calls_refused(struct state *st, const struct call_draft *draft, uint64_t now)
{
	(void)st, (void)draft, (void)now;
}
