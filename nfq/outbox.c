/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outbox.h"

#include <stdlib.h>

#include "tuple.h"

struct place {
	struct parcel parcel;
	uint64_t due;
	uint32_t link;
	bool untracked; /* it leaves from where its request was sent to, before DNAT */
};

struct outbox {
	struct place now[QUEUE_BATCH];
	unsigned n;
	unsigned places, first, waiting;
	struct place ring[];
};

struct outbox *outbox_new(unsigned places)
{
	struct outbox *o = calloc(1, sizeof(*o) + places * sizeof(o->ring[0]));

	if (o)
		o->places = places;
	return o;
}

void outbox_free(struct outbox *o)
{
	free(o);
}

/*
 * The kernel writes the public address into answers of connections that it knows, but what
 * is refused with its first packet never becomes one, and an answer to another port is none.
 */
static bool sent_elsewhere(const struct outbox_asked *asked, struct tuple *to)
{
	const struct pkt *pkt = asked->pkt;

	return pkt->proto == PROTO_UDP && pkt->dir == DIR_INBOUND &&
	       tuple_of_packet(asked->packet->entry, asked->packet->entry_info, to) &&
	       to->proto == PROTO_UDP && addr_is_v4(&to->dst) == addr_is_v4(&pkt->dst) &&
	       (to->dport != pkt->dport || !addr_eq(&to->dst, &pkt->dst));
}

static void fill(struct place *p, const struct parcel *parcel, const struct outbox_asked *asked)
{
	struct tuple to;

	p->parcel = *parcel;
	p->link = asked->packet->link;
	p->untracked = sent_elsewhere(asked, &to);
	if (!p->untracked)
		return;
	p->parcel.from = to.dst;
	p->parcel.sport = to.dport;
}

static void put_now(struct outbox *o, const struct parcel *parcel, const struct outbox_asked *asked)
{
	if (!parcel->n || o->n == QUEUE_BATCH)
		return;
	fill(&o->now[o->n], parcel, asked);
	o->n++;
}

static bool put_later(struct outbox *o, const struct parcel *parcel,
		      const struct outbox_asked *asked, uint64_t due)
{
	struct place *p = &o->ring[(o->first + o->waiting) % o->places];

	if (o->waiting == o->places)
		return false;
	fill(p, parcel, asked);
	p->due = due;
	o->waiting++;
	return true;
}

void outbox_put(struct outbox *o, const struct scratch *s, const struct decision *d,
		const struct outbox_asked *asked, uint64_t now, struct stats *stats)
{
	if (!decision_answers(d))
		return;
	if (!d->answer_after)
		put_now(o, engine_answer(s), asked);
	else if (put_later(o, engine_answer(s), asked, now + d->answer_after * (NS / 1000)))
		put_now(o, engine_trying(s), asked);
	else
		stats_add(&stats->delay_full, 1);
}

/* Who was banned since he asked hears nothing any more. */
static bool may_leave(const struct place *p, struct state *st, uint64_t now, struct stats *stats)
{
	struct ban ban;

	if (!state_ban_find(st, &p->parcel.to, now, &ban))
		return true;
	stats_add(&stats->answer_capped, 1);
	return false;
}

static void send_one(const struct place *p, struct inject *in, struct stats *stats)
{
	if (!in || !inject_parcel(in, &p->parcel, p->link, p->untracked))
		stats_add(&stats->answer_lost, 1);
}

bool outbox_send(struct outbox *o, struct inject *in, struct state *st, uint64_t now,
		 struct stats *stats)
{
	unsigned waited = o->waiting, left = o->n;

	for (unsigned i = 0; i < o->n; i++)
		send_one(&o->now[i], in, stats);
	o->n = 0;
	while (o->waiting && o->ring[o->first].due <= now) {
		if (may_leave(&o->ring[o->first], st, now, stats))
			send_one(&o->ring[o->first], in, stats);
		o->first = (o->first + 1) % o->places;
		o->waiting--;
	}
	return left || o->waiting < waited;
}

unsigned outbox_wait(const struct outbox *o, uint64_t now, unsigned most)
{
	const uint64_t ms = NS / 1000;
	uint64_t due = o->waiting ? o->ring[o->first].due : UINT64_MAX;

	if (due >= now + most * ms)
		return most;
	return due > now ? (unsigned)((due - now + ms - 1) / ms) : 0;
}
