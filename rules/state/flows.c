/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet on its way through its connection. */
#include "flows.h"

#include "flow.h"
#include "memory.h"
#include "store.h"

#define GRACE (600 * NS)  /* after the start, connections older than we are may go on */

#define ACK_BEHIND (1u << 18) /* bytes that may be on their way to somebody who sends */

#define SHARE 64        /* of the free memory an unproven connection may have one part, */
#define SHARE_TALKS 8   /* one whom a server has answered, which it does to many, */
#define SHARE_LEAST 4   /* or so many chunks: enough for an ordinary message */

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, URG = 32 };

static struct reset ending_of(const struct pkt *pkt)
{
	if (pkt->dir == DIR_OUTBOUND)
		return (struct reset){ pkt->dst, pkt->src, pkt->dport, pkt->sport, pkt->tcp_ack,
				       pkt->tcp_seq, RESET_BOTH };
	return (struct reset){ pkt->src, pkt->dst, pkt->sport, pkt->dport, pkt->tcp_seq,
			       pkt->tcp_ack, RESET_BOTH };
}

/* A packet on its way through its connection. */
struct passing {
	struct flows *all;
	const struct settings *s;
	const struct pkt *pkt;
	struct flow_room *room;
	struct segment *seg;
	struct hold hold;
	struct flow *f; /* hold's */
	uint64_t now, age; /* memory_awake() */
	bool in;        /* from outside */
};

static void flow_init(struct passing *p)
{
	const struct reset *ends = &p->seg->ending;

	flow_let_go(p->f, p->all);
	*p->f = (struct flow){ .outside = ends->outside, .inside = ends->inside,
			       .outside_port = ends->outside_port,
			       .inside_port = ends->inside_port };
}

static void rise(struct flow *f, enum rank rank)
{
	if (f->rank < rank)
		f->rank = (uint8_t)rank;
}

/* The record of the packet's connection; false: there is none. */
static bool look_up(struct passing *p)
{
	p->hold = table_find(p->all->table, p->seg->key, p->now);
	p->f = p->hold.value;
	if (p->f && !flow_between(p->f, &p->seg->ending)) {
		table_release(&p->hold);
		p->f = NULL;
	}
	return p->f != NULL;
}

static bool make(struct passing *p, enum rank rank)
{
	p->hold = table_make(p->all->table, p->seg->key, p->now, (uint8_t)rank);
	p->f = p->hold.value;
	if (!p->f)
		return false;
	flow_init(p);
	p->f->rank = (uint8_t)rank;
	return true;
}

static void keep(struct passing *p)
{
	uint64_t life = p->f->rank == RANK_OPENING ? OPENING : p->s->tcp_idle * NS + LINGER;

	if (!p->f->ended)
		p->f->last = p->now;
	table_keep(&p->hold, p->now, p->now + life, p->f->rank);
	table_release(&p->hold);
}

/*
 * Connections that are older than we are may go on for a while.  Not when one of
 * ours was pushed out: that one would be taken for an old one.
 */
static bool in_grace(const struct passing *p)
{
	return p->s->midstream == MIDSTREAM_LEARN && p->age < GRACE &&
	       !atomic_load_explicit(&p->all->evicted, memory_order_relaxed);
}

static bool may_begin(const struct passing *p)
{
	return p->s->midstream == MIDSTREAM_LEARN && stream_begins(p->pkt->payload);
}

/* Bytes of a connection that we know nothing of. */
static void meet_unknown(struct passing *p)
{
	struct side *side;

	if (!p->pkt->payload.n || p->pkt->tcp_flags & (SYN | RST))
		return;
	/* nothing is easier to forge than this: it must push out nobody who is known */
	if (!may_begin(p) || !make(p, p->in ? RANK_OPENING : RANK_OPEN)) {
		if (p->in && !in_grace(p))
			p->seg->notes |= FLOW_UNKNOWN;
		return;
	}
	p->f->guessed = p->in;
	side = &p->f->side[p->in ? FROM_OUTSIDE : FROM_INSIDE];
	side_start(side, p->all->pool, p->pkt->tcp_seq, true);
}

/* SYN from a server, or its SYN-ACK: a connection begins, or begins anew. */
static void open_from_inside(struct passing *p)
{
	const struct pkt *pkt = p->pkt;
	struct flow *f = p->f;
	bool answer = pkt->tcp_flags & ACK;

	/* repeated: the other end's ACK was lost, or is still on its way */
	if (f && !f->ended && f->called == !answer && f->first[FROM_INSIDE] == pkt->tcp_seq + 1 &&
	    (!answer || f->first[FROM_OUTSIDE] == pkt->tcp_ack))
		return;
	if (!f && !make(p, RANK_OPENING))
		return;
	f = p->f;
	flow_init(p);
	f->called = !answer;
	f->first[FROM_INSIDE] = pkt->tcp_seq + 1;
	side_start(&f->side[FROM_INSIDE], p->all->pool, pkt->tcp_seq + 1, false);
	if (!answer)
		return;
	f->first[FROM_OUTSIDE] = pkt->tcp_ack;
	side_start(&f->side[FROM_OUTSIDE], p->all->pool, pkt->tcp_ack, false);
	f->side[FROM_OUTSIDE].acked = pkt->tcp_ack;
	f->side[FROM_OUTSIDE].acks = true;
}

static void opened(struct passing *p)
{
	p->seg->notes |= FLOW_OPENED;
	p->f->shown = true;
	p->f->waiting = p->now;
	/* a server says RST to a wrong ACK, and waits on for the right one */
	p->f->closing = p->f->closed = false;
	rise(p->f, RANK_OPEN);
}

/* The ends of the handshake that come from outside. */
static void open_from_outside(struct passing *p)
{
	const struct pkt *pkt = p->pkt;
	struct flow *f = p->f;
	struct side *in = &f->side[FROM_OUTSIDE];

	if (f->rank != RANK_OPENING || f->guessed || !(pkt->tcp_flags & ACK) ||
	    pkt->tcp_flags & RST)
		return;
	if (f->called && pkt->tcp_flags & SYN && pkt->tcp_ack == f->first[FROM_INSIDE]) {
		f->first[FROM_OUTSIDE] = pkt->tcp_seq + 1;
		side_start(in, p->all->pool, pkt->tcp_seq + 1, false);
		opened(p);
	} else if (!f->called && !(pkt->tcp_flags & SYN) &&
		   !seq_before(pkt->tcp_ack, f->first[FROM_INSIDE]) &&
		   !seq_before(f->side[FROM_INSIDE].next, pkt->tcp_ack)) {
		opened(p);
	}
}

/*
 * Chunks that a direction may own: part of what is left, so however many want all
 * of it, there is some for the next one.  Of the last quarter nobody gets more than
 * the least, and half of it is for those that have proven themselves.
 */
static uint32_t share(const struct passing *p)
{
	uint32_t left = pool_left(p->all->pool), spare = pool_chunks(p->all->pool) / 4;
	bool talks = p->f->rank == RANK_TALKS;

	if (!talks && left <= spare / 2)
		return 0;
	left = left > spare ? (left - spare) / (talks ? SHARE_TALKS : SHARE) : 0;
	return left > SHARE_LEAST ? left : SHARE_LEAST;
}

static unsigned take(struct passing *p, struct side *side)
{
	struct taken *t = &p->seg->taken;
	unsigned notes;

	*t = (struct taken){ .seq = p->pkt->tcp_seq, .n = p->pkt->payload.n,
			     .done = side->done, .next = side->next, .stream = side->stream };
	notes = side_take(side, p->all->pool, p->room, p->pkt->tcp_seq, p->pkt->payload, share(p));
	t->any = !notes;
	t->next_after = side->next;
	stream_settle(&p->f->side[p->f->called].stream, &p->f->side[!p->f->called].stream);
	return notes;
}

/*
 * A direction whose framing is not known: it starts where a message begins, at the
 * place the server waits for, if we know that.
 */
static unsigned resume(struct passing *p, struct side *side)
{
	uint32_t seq = p->pkt->tcp_seq;

	if (side->acks && !seq_before(side->acked, seq + p->pkt->payload.n))
		return 0;
	if (may_begin(p) && (!side->acks || side->acked == seq)) {
		side_start(side, p->all->pool, seq, true);
		return take(p, side);
	}
	if (in_grace(p))
		return 0;
	return side->acks && side->acked != seq ? FLOW_OUTSIDE : FLOW_UNKNOWN;
}

static void note_tls(struct passing *p, const struct side *in)
{
	const struct stream *caller = &p->f->side[p->f->called].stream;
	const struct stream *other = &p->f->side[!p->f->called].stream;

	if (p->seg->taken.any && in->stream.tls & ~p->seg->taken.stream.tls & TLS_HELLO)
		p->seg->notes |= FLOW_TLS_HELLO;
	if ((caller->tls | other->tls) & TLS_DATA)
		p->f->waiting = 0;
	if (caller->tls & other->tls & TLS_DATA)
		rise(p->f, RANK_TALKS);
	/* by the ACK of the server's FIN its side is lost: what went both ways is told by rank */
	if (p->f->closing && !p->f->failed_told && p->f->rank != RANK_TALKS &&
	    stream_tls_failed(caller, other)) {
		p->seg->notes |= FLOW_TLS_FAILED;
		p->f->failed_told = true;
	}
}

static void count_messages(struct passing *p, const struct side *side)
{
	struct flow *f = p->f;

	if (p->room->n && p->in) {
		p->seg->first_message = !f->spoken;
		f->spoken = true;
	}
	if (p->room->n && !p->in)
		rise(f, RANK_TALKS);
	if (p->room->n)
		f->waiting = 0;
	/* the rest of a message is awaited like a first one */
	if (p->in && side->stream.kind != STREAM_TLS && side->done != side->next && !f->waiting)
		f->waiting = p->now;
}

/* Bytes from outside. */
static void take_inbound(struct passing *p)
{
	struct side *in = &p->f->side[FROM_OUTSIDE], *out = &p->f->side[FROM_INSIDE];
	const struct pkt *pkt = p->pkt;

	if (!pkt->payload.n)
		return;
	/* a server takes no bytes whose acknowledgement is out of this world (RFC 5961
	 * 5.2); some way ahead it may be when we missed some of what the server sent */
	if ((p->f->rank == RANK_OPENING && !p->f->guessed) ||
	    (out->synced && pkt->tcp_flags & ACK &&
	     pkt->tcp_ack - out->next + ACK_BEHIND > ACK_BEHIND + SIDE_MAX)) {
		p->seg->notes |= FLOW_OUTSIDE;
		return;
	}
	p->seg->ending.to_inside = in->synced || in->acks ? in->next : pkt->tcp_seq;
	p->seg->notes |= (uint16_t)(in->synced ? take(p, in) : resume(p, in));
	p->seg->flaw = in->flaw;
	if (p->seg->taken.any && !p->seg->taken.stream.flaw && in->stream.flaw && !in->flaw) {
		/* stream_settle found it broken: no message of it is given out */
		p->seg->flaw = in->stream.flaw;
	} else if (in->stream.kind == STREAM_OTHER) {
		p->seg->notes |= FLOW_NOT_SIP;
		p->seg->other = in->other;
	}
	count_messages(p, in);
}

/* A server knows the connection. */
static void confirm(struct flow *f)
{
	if (!f->guessed)
		return;
	f->guessed = false;
	rise(f, RANK_OPEN);
}

/* From a server: never refused; what we cannot follow we give up. */
static void take_outbound(struct passing *p)
{
	struct side *in = &p->f->side[FROM_OUTSIDE], *out = &p->f->side[FROM_INSIDE];
	const struct pkt *pkt = p->pkt;

	if (p->f->ended) { /* the RST did not reach it: now we know which one would */
		if (pkt->tcp_flags & ACK)
			in->next = pkt->tcp_ack;
		return;
	}
	if (pkt->tcp_flags & RST) /* also to what it knows nothing of */
		p->f->closing = p->f->closed = true;
	else
		confirm(p->f);
	if (pkt->tcp_flags & ACK) {
		if (!(pkt->tcp_flags & RST))
			p->f->closed = in->fin && pkt->tcp_ack == in->next + 1;
		side_acknowledge(in, p->all->pool, pkt->tcp_ack);
	}
	if (pkt->tcp_flags & FIN)
		p->f->closing = true;
	if (!pkt->payload.n)
		return;
	if (!out->synced && stream_begins(pkt->payload))
		side_start(out, p->all->pool, pkt->tcp_seq, true);
	if (!out->synced || take(p, out))
		side_lose(out, p->all->pool, pkt->tcp_seq + pkt->payload.n);
	count_messages(p, out);
}

/* Is it where the server goes on, as far as we know? */
static bool is_expected(const struct side *in, uint32_t seq)
{
	return (in->synced && seq == in->next) || (in->acks && seq == in->acked);
}

static void pass_inbound(struct passing *p)
{
	const struct pkt *pkt = p->pkt;
	struct side *in = &p->f->side[FROM_OUTSIDE], *out = &p->f->side[FROM_INSIDE];

	if (p->f->ended) {
		p->seg->notes |= FLOW_ENDED;
		p->seg->ending.to_inside = in->next;
		return;
	}
	open_from_outside(p);
	if (pkt->tcp_flags & SYN)
		return;
	if (p->f->rank != RANK_OPENING && pkt->tcp_flags & ACK &&
	    pkt->tcp_ack - out->low <= 2 * SIDE_MAX)
		side_acknowledge(out, p->all->pool, pkt->tcp_ack);
	if (pkt->payload.n && !(pkt->tcp_flags & RST))
		p->f->closing = false;
	if (!(pkt->tcp_flags & RST))
		take_inbound(p);
	/* a blind sender does not know these numbers (RFC 5961 3.2); whoever does may
	 * still see to it that the server never gets the segment */
	if (pkt->tcp_flags & FIN && in->synced && pkt->tcp_seq + pkt->payload.n == in->next)
		p->f->closing = in->fin = true;
	if (pkt->tcp_flags & RST && is_expected(in, pkt->tcp_seq))
		p->f->closing = true;
	p->seg->guessed = p->f->guessed;
	p->seg->shown = p->f->shown;
	p->seg->missed = out->missed || !out->synced;
	p->seg->kind = (uint8_t)stream_kind_of(&p->f->side[p->f->called].stream,
					       &p->f->side[!p->f->called].stream);
	note_tls(p, in);
}

/* The ends know nothing of what we put in, and their numbers do not tell of each other any
 * more: each direction is read for itself. */
static void pass_cut(struct passing *p)
{
	struct side *side = &p->f->side[p->in ? FROM_OUTSIDE : FROM_INSIDE];

	p->seg->notes |= FLOW_CUT;
	if (!p->f->answered && p->pkt->payload.n && !(p->pkt->tcp_flags & (SYN | RST)) &&
	    side->synced)
		(void)take(p, side);
}

static void pass(struct passing *p)
{
	bool syn = p->pkt->tcp_flags & SYN, ack = p->pkt->tcp_flags & ACK;

	if (p->in && syn) {
		p->seg->notes |= (uint16_t)((ack ? 0 : FLOW_OPENING) |
					    (p->pkt->payload.n ? FLOW_EARLY : 0));
		if (p->pkt->payload.n || !ack)
			return;
	}
	if (!look_up(p) && !(syn && !p->in))
		meet_unknown(p);
	if (syn && !p->in)
		open_from_inside(p);
	if (!p->f)
		return;
	if (p->f->cut && !p->f->ended)
		pass_cut(p);
	else if (p->in)
		pass_inbound(p);
	else if (!syn)
		take_outbound(p);
	keep(p);
}

void flow_take(struct state *st, const struct settings *s, struct flow_room *room,
	       const struct pkt *pkt, uint64_t now, struct segment *seg)
{
	struct passing p = { .all = st->tcp, .s = s, .pkt = pkt, .room = room, .seg = seg,
			     .now = now, .age = memory_awake(st, now),
			     .in = pkt->dir != DIR_OUTBOUND };

	*seg = (struct segment){ .room = room, .ending = ending_of(pkt) };
	room->n = room->used = 0;
	if (pkt->flags & PKT_BAD_CHECKSUM) {
		seg->notes = FLOW_CHECKSUM;
		return;
	}
	/* even without bytes: the urgent one may come in a later segment */
	if (p.in && pkt->tcp_flags & URG) {
		seg->notes = FLOW_URGENT;
		return;
	}
	seg->key = flow_key(st, &seg->ending);
	pass(&p);
}

bool flow_next(struct segment *seg, struct slice *message)
{
	if (seg->at >= seg->room->n)
		return false;
	*message = seg->room->message[seg->at++];
	return true;
}
