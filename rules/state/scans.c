/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scans.h"

#include "dialled.h"
#include "memory.h"
#include "sight.h"
#include "sketch.h"
#include "store.h"

#define DAY 86400
#define AROUND 0x4001 /* the address of a prefix may be that of a site */

enum { RANK_LOGIN = 1 };

/* What happened within the window: two halves of it. */
struct halves {
	struct sketch now, before;
};

/*
 * Targets that nothing came of.  A challenge is followed up within a round trip,
 * when the phone is there and the server not overwhelmed: only what has waited for
 * SCANS_GRACE counts.
 */
struct pending {
	struct sketch fresh, ripe;
	struct halves old;
};

/* The port that asks most: that of a scanner among an office's phones.  Found by
 * majority vote (Boyer, Moore: "MJRTY", 1981). */
struct favourite {
	uint16_t number, votes;
	struct halves refused;
	struct pending open;
};

/* The numbers that were tried last; a scanner takes one through all its prefixes. */
#define NUMBERS 4
struct number {
	uint64_t number;      /* 0: free */
	uint64_t now, before; /* ways, as bits */
};

/* Of a site; of a prefix only refused and reached are used.  Times in s. */
struct record {
	uint32_t began, half;  /* the half window that is now, and its length */
	uint32_t day;          /* ... and the half day */
	uint32_t stage;        /* when pending.fresh began */
	uint32_t login_until;
	struct scan_facts facts; /* of what is below; changes with it, and with time */
	struct halves refused, reached;
	struct pending open;
	struct favourite port;
	struct number number[NUMBERS];
	uint32_t marks, marks_before;
};

/* What an answer says of its target. */
enum outcome { NOTHING, REFUSED, REACHED, OPEN, FOLLOWED };

size_t scans_size(void)
{
	return sizeof(struct record);
}

static void halves_turn(struct halves *h, unsigned turns)
{
	if (!turns)
		return;
	h->before = turns == 1 ? h->now : (struct sketch){ { 0 } };
	h->now = (struct sketch){ { 0 } };
}

/* true: neither half had it. */
static bool halves_add(struct halves *h, uint64_t target)
{
	bool fresh = !sketch_has(&h->now, target) && !sketch_has(&h->before, target);

	sketch_add(&h->now, target);
	return fresh;
}

static void pending_ripen(struct pending *p, bool all)
{
	sketch_join(&p->old.now, &p->ripe);
	p->ripe = p->fresh;
	p->fresh = (struct sketch){ { 0 } };
	if (!all)
		return;
	sketch_join(&p->old.now, &p->ripe);
	p->ripe = p->fresh;
}

/* true: it had become old. */
static bool pending_drop(struct pending *p, uint64_t target)
{
	bool old = sketch_has(&p->old.now, target) || sketch_has(&p->old.before, target);

	sketch_drop(&p->fresh, target);
	sketch_drop(&p->ripe, target);
	sketch_drop(&p->old.now, target);
	sketch_drop(&p->old.before, target);
	return old;
}

/* How many halves have gone by; *began becomes the start of the one that is now. */
static unsigned turns(uint32_t *began, uint32_t half, uint32_t now)
{
	uint32_t gone = now - *began;

	if (now < *began || gone < half)
		return 0;
	*began = gone < 2 * half ? *began + half : now;
	return gone < 2 * half ? 1 : 2;
}

static uint16_t count(const struct halves *h)
{
	return (uint16_t)sketch_count(&h->now, &h->before);
}

static unsigned ways_of(const struct number *n)
{
	return (unsigned)__builtin_popcountll(n->now | n->before);
}

static void recount_ways(struct record *r)
{
	unsigned most = 0;

	for (unsigned i = 0; i < NUMBERS; i++)
		most = ways_of(&r->number[i]) > most ? ways_of(&r->number[i]) : most;
	r->facts.ways = (uint16_t)most;
}

static void numbers_turn(struct record *r, unsigned turns)
{
	for (unsigned i = 0; turns && i < NUMBERS; i++) {
		r->number[i].before = turns == 1 ? r->number[i].now : 0;
		r->number[i].now = 0;
	}
	for (; turns; turns--) {
		r->marks_before = r->marks;
		r->marks = 0;
	}
}

/* What this number has, or a place for it: a free one, or of him who tried least. */
static struct number *number_of(struct record *r, uint64_t number)
{
	struct number *least = &r->number[0];

	for (unsigned i = 0; i < NUMBERS; i++) {
		if (r->number[i].number == number)
			return &r->number[i];
		if (ways_of(&r->number[i]) < ways_of(least))
			least = &r->number[i];
	}
	*least = (struct number){ .number = number };
	return least;
}

static void recount(struct record *r)
{
	recount_ways(r);
	r->facts.refused = count(&r->refused);
	r->facts.reached = count(&r->reached);
	r->facts.open = count(&r->open.old);
	r->facts.port_refused = count(&r->port.refused);
	r->facts.port_open = count(&r->port.open.old);
}

/* Lets go what is too old. */
static void advance(struct record *r, uint32_t now)
{
	unsigned stages = turns(&r->stage, SCANS_GRACE, now);
	unsigned windows = turns(&r->began, r->half, now), days = turns(&r->day, DAY / 2, now);

	if (stages) {
		pending_ripen(&r->open, stages == 2);
		pending_ripen(&r->port.open, stages == 2);
	}
	halves_turn(&r->refused, windows);
	halves_turn(&r->open.old, windows);
	halves_turn(&r->port.refused, windows);
	halves_turn(&r->port.open.old, windows);
	numbers_turn(r, windows);
	halves_turn(&r->reached, days);
	if (windows == 2)
		r->facts.around_refused = r->facts.around_reached = 0;
	if (stages || windows || days)
		recount(r);
}

static struct record *record_of(const struct hold *h, uint32_t now)
{
	struct record *r = h->value;

	if (!r)
		return NULL;
	if (h->fresh) {
		r->began = r->day = r->stage = now;
		r->half = SCANS_WINDOW / 2;
	}
	advance(r, now);
	return r;
}

static void keep(struct hold *h, const struct record *r, uint64_t now)
{
	bool good = r->facts.reached || r->login_until;

	table_keep(h, now, now + (good ? DAY : 2 * (r->half + SCANS_GRACE)) * NS,
		   r->login_until ? RANK_LOGIN : 0);
}

bool scans_find(struct state *st, uint64_t site_key, uint16_t port, uint32_t window,
		uint64_t now, struct scan_facts *out)
{
	struct hold h = table_find(st->scans, site_key, now);
	uint32_t sec = (uint32_t)(now / NS);
	struct record *r;

	if (!h.value) {
		*out = (struct scan_facts){ 0 };
		return false;
	}
	((struct record *)h.value)->half = window / 2;
	r = record_of(&h, sec);
	*out = r->facts;
	out->login = r->login_until > sec;
	if (r->port.number != port)
		out->port_refused = out->port_open = 0;
	table_release(&h);
	return true;
}

/* Is this the port that is watched?  It may become it. */
static bool port_votes(struct record *r, uint16_t number)
{
	struct favourite *p = &r->port;

	if (p->number == number) {
		p->votes += p->votes < UINT16_MAX;
		return true;
	}
	if (p->votes) {
		p->votes--;
		return false;
	}
	*p = (struct favourite){ .number = number, .votes = 1 };
	r->facts.port_refused = r->facts.port_open = 0;
	return true;
}

static void note_site(struct record *r, const struct lesson *l, uint64_t target,
		      enum outcome what)
{
	struct scan_facts *f = &r->facts;
	bool mine = false;

	if (what == REFUSED || what == OPEN)
		mine = port_votes(r, l->outside_port);
	if (what == REFUSED) {
		f->refused += halves_add(&r->refused, target);
		f->port_refused += mine && halves_add(&r->port.refused, target);
	} else if (what == OPEN) {
		sketch_add(&r->open.fresh, target);
		if (mine)
			sketch_add(&r->port.open.fresh, target);
	} else if (what == REACHED) {
		f->reached += halves_add(&r->reached, target);
	}
}

/* A call that was refused, or not even tried, whatever stood before the number. */
static void note_number(struct record *r, const struct dialled *d, enum outcome what)
{
	struct number *n = number_of(r, d->number);

	if (what == REACHED)
		n->now = n->before = 0;
	else if (what == REFUSED || what == OPEN)
		n->now |= d->way;
	recount_ways(r);
}

static void follow_up(struct record *r, uint64_t target)
{
	r->facts.open -= pending_drop(&r->open, target);
	r->facts.port_open -= pending_drop(&r->port.open, target);
}

/*
 * A login counts when the server has taken its credentials: with those that it did not
 * take the challenge is still open.  Where no answer is seen they are taken for good.
 */
static bool login_accepted(const struct lesson *l)
{
	unsigned status = l->sip->status;

	if (l->sip->method == METHOD_OPTIONS)
		return false;
	if (l->sip->kind == SIP_REQUEST)
		return l->names->login;
	return l->asked->flags & TXN_LOGIN && status != 401 && status != 407 && status != 403;
}

static void learn_site(struct state *st, const struct lesson *l, uint64_t target,
		       enum outcome what, const struct scan_facts *around)
{
	struct dialled number;
	bool dialled = l->sip->method == METHOD_INVITE && what != FOLLOWED &&
		       dialled_read(st, l->sip->to.uri, &number);
	bool make = what == REFUSED || what == OPEN;
	uint64_t key = l->names->site;
	struct hold h = make ? table_make(st->scans, key, l->now, 0) :
			       table_find(st->scans, key, l->now);
	uint32_t now = (uint32_t)(l->now / NS);
	struct record *r = record_of(&h, now);

	if (!r)
		return;
	note_site(r, l, target, what);
	if (dialled)
		note_number(r, &number, what);
	if (login_accepted(l)) {
		follow_up(r, target);
		/* 404 or 503 to credentials does not say that they were good */
		if (what == REACHED)
			r->login_until = now + DAY;
	}
	if (what == REFUSED) {
		r->facts.around_refused = around->refused;
		r->facts.around_reached = around->reached;
	}
	keep(&h, r, l->now);
	table_release(&h);
}

static void learn_around(struct state *st, const struct lesson *l, uint64_t target,
			 enum outcome what, struct scan_facts *out)
{
	unsigned len = addr_is_v4(&l->outside) ? ADDR_V4_BITS + 24 : 48;
	struct addr prefix = addr_masked(&l->outside, len);
	uint64_t key = key_with(key_of_addr(st, &prefix), AROUND);
	struct hold h = what == REFUSED ? table_make(st->scans, key, l->now, 0) :
					  table_find(st->scans, key, l->now);
	struct record *r = record_of(&h, (uint32_t)(l->now / NS));

	*out = (struct scan_facts){ 0 };
	if (!r)
		return;
	sketch_add(what == REFUSED ? &r->refused.now : &r->reached.now, target);
	recount(r);
	*out = r->facts;
	keep(&h, r, l->now);
	table_release(&h);
}

/* The server knows no such user, or will not say, or he is not there. */
static bool is_refusal(unsigned status)
{
	switch (status) {
	case 403:
	case 404:
	case 410:
	case 480:
	case 484:
	case 604:
		return true;
	default:
		return false;
	}
}

static enum outcome outcome_of(const struct lesson *l)
{
	unsigned status = l->sip->status;

	/* that it tries says that it liked the credentials, long before it rings */
	if (status == 100)
		return l->asked->flags & TXN_LOGIN ? FOLLOWED : NOTHING;
	if (l->again)
		return NOTHING;
	if (status == 401 || status == 407)
		return OPEN;
	/* it rang, and nobody came */
	if (is_refusal(status))
		return l->asked->status > 100 ? NOTHING : REFUSED;
	/* servers say 200 without a look at the credentials */
	if (l->asked->method == METHOD_OPTIONS)
		return status >= 200 ? OPEN : NOTHING;
	if (status < 300 || status == 486 || status == 600)
		return REACHED;
	return FOLLOWED;
}

/* A call may be one of a trunk, which never needs credentials: unseen it is none. */
static enum outcome outcome_unseen(struct state *st, const struct lesson *l)
{
	if (l->pkt->dir != DIR_INBOUND || l->again || l->sip->method == METHOD_INVITE ||
	    l->sip->method == METHOD_ACK || l->sip->method == METHOD_CANCEL ||
	    sight_replies(st, &l->inside, l->now))
		return NOTHING;
	return l->names->login && l->sip->method != METHOD_OPTIONS ? FOLLOWED : OPEN;
}

static bool is_answer(const struct lesson *l)
{
	return l->sip->kind == SIP_RESPONSE && l->asked && l->pkt->dir == DIR_OUTBOUND &&
	       !(l->asked->flags & (TXN_INSIDE | TXN_IN_DIALOG));
}

void scans_learn(struct state *st, const struct lesson *l)
{
	struct scan_facts around = { 0 };
	enum outcome what = NOTHING;
	uint64_t target = l->names->target;

	if (is_answer(l)) {
		what = outcome_of(l);
		target = l->asked->target;
	} else if (l->sip->kind == SIP_REQUEST && target) {
		what = outcome_unseen(st, l);
	}
	if (what != NOTHING && l->sip->method == METHOD_OPTIONS)
		target ^= key_of_addr(st, &l->inside);
	if (what == NOTHING || !target)
		return;
	if (what == REFUSED || what == REACHED)
		learn_around(st, l, target, what, &around);
	learn_site(st, l, target, what, &around);
}

uint32_t scans_mark(struct state *st, uint64_t site_key, uint32_t marks, uint64_t now,
		    uint32_t *fresh)
{
	struct hold h = table_make(st->scans, site_key, now, 0);
	struct record *r = record_of(&h, (uint32_t)(now / NS));
	uint32_t all = marks;

	*fresh = marks;
	if (!r)
		return all;
	*fresh = marks & ~(r->marks | r->marks_before);
	r->marks |= marks;
	all = r->marks | r->marks_before;
	keep(&h, r, now);
	table_release(&h);
	return all;
}
