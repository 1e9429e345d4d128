/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of TCP connections: made, ended, swept. */
#include "flow.h"

#include <stdlib.h>

#include "store.h"

/* when memory is short nobody may take longer for a message: unproven, and else */
#define PRESSED (5 * NS)
#define PRESSED_TALKS (20 * NS)

struct flow_room *flow_room_new(void)
{
	return calloc(1, sizeof(struct flow_room));
}

void flow_room_free(struct flow_room *r)
{
	free(r);
}

void flow_let_go(struct flow *f, struct flows *all)
{
	window_clear(&f->side[0].window, all->pool);
	window_clear(&f->side[1].window, all->pool);
}

static void let_go(void *value, bool evicted, void *arg)
{
	struct flow *f = value;
	struct flows *all = arg;

	flow_let_go(f, all);
	if (evicted && f->rank != RANK_OPENING)
		atomic_store_explicit(&all->evicted, true, memory_order_relaxed);
}

size_t flows_size(void)
{
	return sizeof(struct flow);
}

struct flows *flows_new(struct table *table, uint32_t kib)
{
	struct flows *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->table = table;
	f->pool = pool_new(kib);
	if (!f->pool) {
		flows_free(f);
		return NULL;
	}
	table_on_forget(f->table, let_go, f);
	return f;
}

void flows_free(struct flows *f)
{
	if (!f)
		return;
	pool_free(f->pool);
	free(f);
}

struct pool *flows_pool(struct flows *f)
{
	return f->pool;
}

uint64_t flow_key(const struct state *st, const struct reset *ends)
{
	uint8_t b[36];

	memcpy(b, &ends->outside, 16);
	memcpy(b + 16, &ends->inside, 16);
	memcpy(b + 32, &ends->outside_port, 2);
	memcpy(b + 34, &ends->inside_port, 2);
	return hash_bytes(&st->secret, b, sizeof(b));
}

bool flow_between(const struct flow *f, const struct reset *ends)
{
	return f->outside_port == ends->outside_port && f->inside_port == ends->inside_port &&
	       addr_eq(&f->outside, &ends->outside) && addr_eq(&f->inside, &ends->inside);
}

static void end(struct flow *f, struct flows *all, uint64_t now)
{
	flow_let_go(f, all);
	f->ended = true;
	f->last = now;
}

void flow_end(struct state *st, const struct segment *seg, uint64_t now)
{
	struct hold h = table_find(st->tcp->table, seg->key, now);
	struct flow *f = h.value;

	if (f && flow_between(f, &seg->ending) && !f->ended) {
		end(f, st->tcp, now);
		f->side[FROM_OUTSIDE].next = seg->ending.to_inside;
		if (f->guessed)
			table_drop(&h);
	}
	table_release(&h);
}

/* What each end expects next: of what came, and of what we have put in. */
static void fill_numbers(const struct flow *f, struct reset *ends)
{
	const struct side *in = &f->side[FROM_OUTSIDE], *out = &f->side[FROM_INSIDE];

	ends->to_inside = f->cut && !f->answered ?
				  f->base[FROM_OUTSIDE] + f->put[FROM_OUTSIDE] : in->next;
	ends->to_outside = f->cut ? f->base[FROM_INSIDE] + f->put[FROM_INSIDE] : out->next;
}

static struct reset ends_of(const struct flow *f)
{
	struct reset r = { f->outside, f->inside, f->outside_port, f->inside_port, 0, 0,
			   f->answered ? RESET_OUTSIDE : RESET_BOTH };

	fill_numbers(f, &r);
	return r;
}

/* The record between the ends, of a connection that goes on. */
static struct hold find_living(struct state *st, const struct reset *ends, uint64_t now)
{
	struct hold h = table_find(st->tcp->table, flow_key(st, ends), now);
	const struct flow *f = h.value;

	if (f && (f->ended || !flow_between(f, ends)))
		table_release(&h);
	return h;
}

/* cut: only one with bytes of ours in it. */
static bool end_living(struct state *st, struct reset *ends, bool cut, uint64_t now)
{
	struct hold h = find_living(st, ends, now);
	struct flow *f = h.value;
	bool can = f && (!cut || (f->cut && !f->answered));

	if (can) {
		fill_numbers(f, ends);
		end(f, st->tcp, now);
		f->side[FROM_OUTSIDE].next = ends->to_inside;
	}
	table_release(&h);
	return can;
}

bool flow_expire(struct state *st, struct reset *ends, uint64_t now)
{
	return end_living(st, ends, false, now);
}

bool flow_put_end(struct state *st, struct reset *ends, uint64_t now)
{
	return end_living(st, ends, true, now);
}

void flow_spare(struct state *st, const struct reset *ends, uint64_t now)
{
	struct hold h = find_living(st, ends, now);
	struct flow *f = h.value;

	if (f && f->waiting && !f->closing) {
		f->waiting = 0;
	} else if (f) {
		flow_let_go(f, st->tcp);
		table_drop(&h);
	}
	table_release(&h);
}

/* Can something follow what this end has said? */
static bool is_between(const struct side *side)
{
	return side->synced && side->done == side->next && !side->fin;
}

static bool is_open(const struct flow *f)
{
	return !f->closing && f->rank != RANK_OPENING;
}

static bool between_messages(const struct flow *f)
{
	for (unsigned i = 0; i < 2; i++)
		if (!is_between(&f->side[i]) || f->side[i].stream.kind != STREAM_SIP)
			return false;
	return is_open(f);
}

/* From here on the bytes of its ends count no more. */
static void begin_put(struct flow *f)
{
	f->base[0] = f->side[0].next;
	f->base[1] = f->side[1].next;
	f->cut = true;
}

static void put(struct flow *f, unsigned from, uint16_t n, uint32_t *seq, uint32_t *ack)
{
	*seq = f->base[from] + f->put[from];
	*ack = f->base[!from];
	f->put[from] += n;
}

bool flow_put(struct state *st, const struct reset *ends, bool to_inside, uint16_t n,
	      uint64_t now, uint32_t *seq, uint32_t *ack)
{
	unsigned from = to_inside ? FROM_OUTSIDE : FROM_INSIDE;
	struct hold h = find_living(st, ends, now);
	struct flow *f = h.value;
	bool can = f && !f->answered && (f->cut || between_messages(f));

	if (can && !f->cut)
		begin_put(f);
	if (can)
		put(f, from, n, seq, ack);
	table_release(&h);
	return can;
}

/* A server that has said nothing yet says SIP by our answer. */
static bool may_answer(const struct flow *f)
{
	const struct side *in = &f->side[FROM_OUTSIDE], *out = &f->side[FROM_INSIDE];

	return !f->cut && !f->guessed && is_open(f) && in->synced && is_between(out) &&
	       (out->stream.kind == STREAM_NEW || out->stream.kind == in->stream.kind);
}

bool flow_answer(struct state *st, const struct segment *seg, uint16_t n, uint64_t last,
		 uint64_t now, uint32_t *seq, uint32_t *ack)
{
	struct hold h = find_living(st, &seg->ending, now);
	struct flow *f = h.value;
	bool can = f && (f->answered || may_answer(f));

	if (can && !f->answered) {
		begin_put(f);
		flow_let_go(f, st->tcp);
		f->answered = true;
	}
	if (can) {
		put(f, FROM_INSIDE, n, seq, ack);
		f->waiting = last;
	}
	table_release(&h);
	return can;
}

void flow_undo(struct state *st, const struct segment *seg, uint64_t now)
{
	struct hold h = table_find(st->tcp->table, seg->key, now);
	const struct taken *t = &seg->taken;
	struct flow *f = h.value;

	if (f && t->any && flow_between(f, &seg->ending)) {
		struct side *side = &f->side[FROM_OUTSIDE];

		if (side->next == t->next_after && side->synced) {
			uint32_t from = seq_before(t->seq, t->next) ? t->next : t->seq;

			if (seq_before(from, t->seq + t->n))
				window_remove(&side->window, st->tcp->pool, from,
					      t->seq + t->n - from);
			side->done = t->done;
			side->next = t->next;
			side->stream = t->stream;
		}
	}
	table_release(&h);
}

struct sweep {
	struct flows *all;
	bool pressed; /* memory is short */
	const struct settings *s;
	uint64_t now;
	struct reset *out;
	size_t n, room;
};

/* Workers read the clock each for himself: another one may be a little ahead. */
static uint64_t since(uint64_t when, uint64_t now)
{
	return now > when ? now - when : 0;
}

/*
 * An end that only its sender knows of ends nothing at the server when it never gets
 * there: nor may it stop the clock for the rest of a message, or make us forget that
 * we wait for it.
 */
static bool too_late(const struct sweep *w, const struct flow *f)
{
	uint64_t patience = w->s->tcp_first * NS, silent = since(f->last, w->now);
	uint64_t pressed = f->rank == RANK_TALKS ? PRESSED_TALKS : PRESSED;

	if (w->pressed && patience > pressed)
		patience = pressed;
	if (f->answered)
		patience = ANSWERED;
	return (f->waiting && since(f->waiting, w->now) > patience) ||
	       (f->closing && silent > LINGER) || silent > w->s->tcp_idle * NS;
}

static bool sweep_one(void *value, void *arg)
{
	struct sweep *w = arg;
	struct flow *f = value;
	bool over = f->ended || f->closed;
	uint64_t silent = since(f->last, w->now);

	if ((f->ended && silent > LINGER) || (f->closed && silent > CLOSED) ||
	    (f->rank == RANK_OPENING && silent > OPENING) ||
	    silent > w->s->tcp_idle * NS + LINGER) {
		flow_let_go(f, w->all);
		return true;
	}
	if (over || f->rank == RANK_OPENING || w->n == w->room || !too_late(w, f))
		return false;
	w->out[w->n++] = ends_of(f);
	return false;
}

size_t flows_sweep(struct state *st, const struct settings *s, uint64_t now, struct reset *out,
		   size_t room)
{
	uint32_t chunks = pool_chunks(st->tcp->pool);
	struct sweep w = { st->tcp, pool_left(st->tcp->pool) < chunks / 2, s, now, out, 0,
			   room };

	for (unsigned i = 0; i < table_shards(st->tcp->table) && w.n < room; i++)
		table_sweep_shard(st->tcp->table, i, sweep_one, &w);
	return w.n;
}

struct living {
	struct reset *out;
	size_t n;
};

static bool show(void *value, bool lives, void *arg)
{
	struct living *l = arg;
	const struct flow *f = value;

	/* what is ours in it has to be read before it ends, which it does in a moment */
	if (lives && !f->ended && !f->closed && !f->cut && f->rank != RANK_OPENING)
		l->out[l->n++] = ends_of(f);
	return false;
}

bool flows_share(struct state *st, uint32_t bans, uint64_t now, struct reset out[FLOWS_PART],
		 size_t *n)
{
	unsigned shards = table_shards(st->flows);
	struct ban_round *r = &st->flow_round.bans;
	uint64_t due = now / (NS / shards), *turn = &st->flow_round.turn;
	struct living l = { out, 0 };
	bool goes_on = r->left;

	if (!ban_round_begin(r, bans, shards))
		return false;
	if (!goes_on && *turn < due)
		*turn = due - 1;
	if (*turn >= due)
		return false;
	table_visit(st->flows, r->left - 1, &st->flow_round.at, FLOWS_PART / TABLE_WAYS, now,
		    show, &l);
	*n = l.n;
	if (st->flow_round.at >= table_shape(st->flows).buckets) {
		st->flow_round.at = 0;
		++*turn;
		ban_round_step(r);
	}
	return true;
}

uint32_t state_bans_cut(const struct state *st)
{
	return ban_round_done(&st->flow_round.bans);
}
