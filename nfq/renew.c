/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "renew.h"

#include "log.h"
#include "steer.h"

#define EVERY (15 * NS)
#define STEP (5 * NS / 1000) /* between two steps of a round: 65,536 elements take 5 s */
#define LOOKED_AT 4096       /* places of the mirror in a step */

struct batch {
	struct addr site[2][NFTREAD_COUNTS]; /* IPv6, IPv4 */
	unsigned n[2];
};

/* The next ones of which the counters count; false: that was all. */
static bool gather(struct renew *r, struct banlist *l, struct batch *out)
{
	uint32_t end = r->at + LOOKED_AT;
	const struct mirror_entry *e = NULL;

	while (out->n[0] + out->n[1] < NFTREAD_COUNTS && r->at < end &&
	       (e = elem_next(l->elems, ELEM_BAN, &r->at))) {
		bool v4 = addr_is_v4(&e->site);

		if (!state_ban_renewable(l->state, &e->site, l->now))
			continue;
		out->site[v4][out->n[v4]++] = e->site;
	}
	return e != NULL || r->at >= end;
}

static void begin_anew(struct renew *r, struct banlist *l, const struct addr *site)
{
	struct ban b;

	if (state_ban_renew(l->state, site, &l->plan->growth, l->now, &b))
		r->renewed += banlist_put(l, &b);
}

static void ask(struct renew *r, struct banlist *l, struct nftlink *reader, const struct batch *b,
		bool v4)
{
	uint8_t key[NFTREAD_COUNTS][16];
	uint64_t packets[NFTREAD_COUNTS] = { 0 };

	for (unsigned i = 0; i < b->n[v4]; i++)
		memcpy(key[i], b->site[v4][i].b + (v4 ? 12 : 0), v4 ? 4 : 16);
	if (!b->n[v4] || nftread_counts(reader, &steer_main, v4 ? "banned4" : "banned6",
					v4 ? 4 : 16, (const uint8_t (*)[16])key, b->n[v4],
					packets) < 0)
		return;
	for (unsigned i = 0; i < b->n[v4]; i++)
		if (elem_counted(l->elems, &b->site[v4][i], (uint32_t)packets[i]))
			begin_anew(r, l, &b->site[v4][i]);
}

static void end_round(struct renew *r)
{
	r->round = false;
	if (r->renewed == 1)
		log_info("1 ban renewed: its source keeps sending");
	else if (r->renewed)
		log_info("%u bans renewed: their sources keep sending", r->renewed);
	r->renewed = 0;
}

void renew_begin(struct renew *r, uint64_t now)
{
	*r = (struct renew){ .begun = now, .due = now + EVERY };
}

uint64_t renew_due(const struct renew *r, const struct plan *plan)
{
	return plan->renew && plan->counters ? r->due : 0;
}

void renew_step(struct renew *r, struct banlist *l, struct nftlink *reader)
{
	struct batch b = { .n = { 0, 0 } };
	bool more;

	if (!reader) {
		r->round = false;
		r->due = l->now + EVERY;
		return;
	}
	if (!r->round) {
		r->round = true;
		r->begun = l->now;
		r->at = 0;
	}
	more = gather(r, l, &b);
	ask(r, l, reader, &b, true);
	ask(r, l, reader, &b, false);
	r->due = l->now + STEP;
	if (more)
		return;
	end_round(r);
	if (r->begun + EVERY > r->due)
		r->due = r->begun + EVERY;
}
