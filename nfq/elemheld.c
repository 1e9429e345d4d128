/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was learnt from the kernel of the elements that it holds. */
#include "elemheld.h"

#include <errno.h>
#include <stdlib.h>

#include "engine.h"

#define SWEEP_LAG (6 * NS) /* an expired element counts until the kernel's sweep, 5 s */
#define SOON (1 * NS)

uint64_t elem_refused(const struct elem *m)
{
	return m->refused;
}

bool elem_saw(struct elem *m, enum elem_kind kind, const struct addr *site, uint64_t until)
{
	struct mirror_entry *e = mirror_put(m->held[kind], site);

	if (!e)
		return false;
	e->until = until ? until : 1;
	e->mark = m->pass;
	return true;
}

bool elem_saw_offered(struct elem *m, enum elem_kind kind, const struct addr *site,
		      uint64_t until)
{
	bool room = elem_saw(m, kind, site, until);

	if (room)
		mirror_yield(m->held[kind], mirror_find(m->held[kind], site), true);
	return room;
}

bool elem_saw_mark(struct elem *m, const struct addr *site, uint32_t mark, uint64_t until)
{
	bool room = elem_saw(m, ELEM_MARK, site, until);

	if (room)
		mirror_find(m->held[ELEM_MARK], site)->value = mark;
	return room;
}

uint32_t elem_mark_of(struct elem *m, const struct addr *site)
{
	const struct mirror_entry *e = mirror_find(m->held[ELEM_MARK], site);

	return e ? e->value : 0;
}

void elem_lost(struct elem *m, enum elem_kind kind, const struct addr *site)
{
	mirror_remove(m->held[kind], site);
}

bool elem_holds(struct elem *m, enum elem_kind kind, const struct addr *site)
{
	return mirror_find(m->held[kind], site) != NULL;
}

uint64_t elem_until(struct elem *m, enum elem_kind kind, const struct addr *site)
{
	const struct mirror_entry *e = mirror_find(m->held[kind], site);

	return e ? e->until : 0;
}

uint32_t elem_count(const struct elem *m, enum elem_kind kind, bool v4)
{
	return mirror_count(m->held[kind], v4);
}

struct mirror_entry *elem_next(struct elem *m, enum elem_kind kind, uint32_t *at)
{
	return mirror_next(m->held[kind], at);
}

bool elem_counted(struct elem *m, const struct addr *site, uint32_t packets)
{
	struct mirror_entry *e = mirror_find(m->held[ELEM_BAN], site);
	bool more = e && (int32_t)(packets - e->packets) > 0;

	if (e)
		e->packets = packets;
	return more;
}

void elem_sweep(struct elem *m, uint64_t now)
{
	for (unsigned i = 0; i < ELEM_KINDS && now > SWEEP_LAG; i++)
		mirror_sweep(m->held[i], now - SWEEP_LAG);
}

int elem_list(struct elem *m, enum elem_kind kind, uint64_t now, struct addr **sites, size_t *n)
{
	size_t room = (size_t)elem_count(m, kind, true) + elem_count(m, kind, false);
	const struct mirror_entry *e;
	uint32_t at = 0;

	*n = 0;
	*sites = malloc((room + 1) * sizeof(**sites));
	if (!*sites)
		return -ENOMEM;
	while ((e = mirror_next(m->held[kind], &at)) && *n < room)
		if (e->until > now)
			(*sites)[(*n)++] = e->site;
	return 0;
}

void elem_pass_begin(struct elem *m)
{
	m->pass++;
}

void elem_pass_end(struct elem *m, enum elem_kind kind, uint64_t now, elem_each *missing, void *arg)
{
	struct mirror_entry *e;
	uint32_t at = 0;

	/* what is about to end may have ended in the kernel already */
	while ((e = mirror_next(m->held[kind], &at)))
		if (e->mark != m->pass && e->until > now + SOON)
			missing(&e->site, e->until, arg);
}
