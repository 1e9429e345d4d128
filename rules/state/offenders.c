/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "offenders.h"

#include "store.h"

struct record {
	uint32_t end;   /* s: of the latest ban */
	uint32_t times;
};

size_t offenders_size(void)
{
	return sizeof(struct record);
}

static unsigned remembered(const struct record *r, uint32_t memory, uint64_t now)
{
	uint32_t sec = (uint32_t)(now / NS);
	uint32_t forgotten = sec > r->end ? (sec - r->end) / memory : 0;

	return forgotten < r->times ? r->times - forgotten : 0;
}

unsigned offender_times(struct state *st, uint64_t site_key, uint32_t memory, uint64_t now)
{
	struct hold h = table_find(st->offenders, site_key, now);
	unsigned times = h.value ? remembered(h.value, memory, now) : 0;

	table_release(&h);
	return times < OFFENDER_MOST ? times + 1 : OFFENDER_MOST;
}

void offender_banned(struct state *st, uint64_t site_key, unsigned times, uint64_t until,
		     uint32_t memory, uint64_t now)
{
	uint8_t rank = (uint8_t)(times > TABLE_RANKS ? TABLE_RANKS - 1 : times - 1);
	struct hold h = table_make(st->offenders, site_key, now, rank);
	struct record *r = h.value;

	if (!r)
		return;
	*r = (struct record){ (uint32_t)(until / NS), times };
	table_set(&h, now, until + (uint64_t)times * memory * NS, rank);
	table_release(&h);
}

void offender_goes_on(struct state *st, uint64_t site_key, uint64_t until, uint32_t memory,
		      uint64_t now)
{
	struct hold h = table_find(st->offenders, site_key, now);
	struct record *r = h.value;

	if (!r)
		return;
	r->end = (uint32_t)(until / NS);
	table_keep(&h, now, until + (uint64_t)r->times * memory * NS, 0);
	table_release(&h);
}

void offender_forget(struct state *st, uint64_t site_key)
{
	(void)table_forget(st->offenders, site_key);
}
