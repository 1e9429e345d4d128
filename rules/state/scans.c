/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scans.h"

#include "dialled.h"
#include "logins.h"
#include "memory.h"
#include "outcome.h"
#include "sip/marks.h"
#include "slow.h"
#include "store.h"
#include "visitors.h"

#define DAY 86400
#define AROUND 0x4001 /* the address of a prefix may be that of a site */

#define SLOW_LEAST 2   /* targets in vain that make a record last for a day, */
#define SLOW_FIRST 7200 /* s: ... and how long it does with fewer */
#define SLOW_MANY 8    /* and with so many it makes no room for those of strangers */

enum { RANK_SLOW = 1, RANK_LOGIN = 2 };

/* Targets of the whole site, and of one port of it. */
struct both {
	struct sketch site, port;
};

enum { FRESH = 1, RIPE = 2, LEFT = 4, SPURNED = 8, DIALLED = 16, SLOW = 32 };

/*
 * Of a site; of a prefix only refused and reached are used.  A line for what every
 * message needs, and then a line each for what few do: `has` says in which is anything.
 * now and before are the halves of a window.  Times in s.
 *
 * A challenge is followed up within a round trip, when the phone is there and the
 * server not overwhelmed: it is fresh, then ripe, and only counts when it has waited
 * for SCANS_GRACE.  The port is the one that asks most, that of a scanner among an
 * office's phones, found by majority vote (Boyer, Moore: "MJRTY", 1981).
 */
struct record {
	uint32_t began;  /* the half window that is now */
	uint32_t stage;  /* when fresh began */
	uint32_t login_until;
	uint16_t half;   /* length of half a window */
	uint16_t day;    /* number of the half day that is now */
	struct scan_facts facts; /* of what is below; changes with it, and with time */
	uint16_t port;
	uint8_t votes, has;
	uint16_t marks, marks_before;
	uint64_t reached, reached_before; /* few bits will do: each pays for several refused */
	struct both fresh, ripe, left, left_before, refused, refused_before;
	struct dialled_log numbers;
	struct slow slow;
};
_Static_assert(offsetof(struct record, fresh) == 64 && sizeof(struct record) % 64 == 0 &&
		       MARK_COUNT <= 16, "lines, and marks");

size_t scans_size(void)
{
	return sizeof(struct record);
}

static void both_add(struct both *b, uint64_t target, bool mine)
{
	sketch_add(&b->site, target);
	if (mine)
		sketch_add(&b->port, target);
}

static void both_drop(struct both *b, uint64_t target)
{
	sketch_drop(&b->site, target);
	sketch_drop(&b->port, target);
}

static bool both_empty(const struct both *b)
{
	return !sketch_count(&b->site, &b->port);
}

/* The elder half goes, the younger becomes it. */
static void both_turn(struct record *r, struct both *now, struct both *before, uint8_t what,
		      unsigned turns)
{
	if (!turns || !(r->has & what))
		return;
	*before = turns == 1 ? *now : (struct both){ 0 };
	*now = (struct both){ 0 };
	if (both_empty(before))
		r->has &= (uint8_t)~what;
}

static void ripen(struct record *r)
{
	if (r->has & RIPE) {
		sketch_join(&r->left.site, &r->ripe.site);
		sketch_join(&r->left.port, &r->ripe.port);
		sketch_join(&r->slow.now.vain, &r->ripe.site);
		sketch_join(&r->slow.now.port, &r->ripe.port);
		r->has = (uint8_t)((r->has & ~RIPE) | LEFT | SLOW);
	}
	if (r->has & FRESH) {
		r->ripe = r->fresh;
		r->fresh = (struct both){ 0 };
		r->has = (uint8_t)((r->has & ~FRESH) | RIPE);
	}
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

static void recount(struct record *r)
{
	struct scan_facts *f = &r->facts;

	f->open = f->port_open = f->refused = f->port_refused = 0;
	f->vain = f->port_vain = f->shown = 0;
	if (r->has & SLOW) {
		const struct slow_half *now = &r->slow.now, *before = &r->slow.before;

		f->vain = (uint16_t)sketch_count(&now->vain, &before->vain);
		f->port_vain = (uint16_t)sketch_count(&now->port, &before->port);
		f->shown = (uint16_t)sketch_count(&r->slow.shown, &r->slow.shown);
	}
	if (r->has & DIALLED)
		f->ways = (uint16_t)dialled_ways(&r->numbers);
	if (r->has & LEFT) {
		f->open = (uint16_t)sketch_count(&r->left.site, &r->left_before.site);
		f->port_open = (uint16_t)sketch_count(&r->left.port, &r->left_before.port);
	}
	if (r->has & SPURNED) {
		f->refused = (uint16_t)sketch_count(&r->refused.site, &r->refused_before.site);
		f->port_refused = (uint16_t)sketch_count(&r->refused.port,
							 &r->refused_before.port);
	}
}

static uint16_t reached(const struct record *r)
{
	return (uint16_t)__builtin_popcountll(r->reached | r->reached_before);
}

static void advance_day(struct record *r, uint32_t now)
{
	uint16_t day = (uint16_t)(now / (DAY / 2)), gone = (uint16_t)(day - r->day);

	if (!gone || gone > UINT16_MAX / 2)
		return;
	r->reached_before = gone == 1 ? r->reached : 0;
	r->reached = 0;
	r->day = day;
	r->facts.reached = reached(r);
	if (!(r->has & SLOW))
		return;
	slow_turn(&r->slow, gone);
	recount(r);
	if (!r->facts.vain && !r->facts.shown)
		r->has &= (uint8_t)~SLOW;
}

static void marks_turn(struct record *r, unsigned windows)
{
	for (; windows; windows--) {
		r->marks_before = r->marks;
		r->marks = 0;
	}
}

/* Lets go what is too old. */
static void advance(struct record *r, uint32_t now)
{
	unsigned stages = turns(&r->stage, SCANS_GRACE, now);
	unsigned windows = turns(&r->began, r->half, now);
	bool moved = windows || (stages && r->has & (FRESH | RIPE));

	for (; stages; stages--)
		ripen(r);
	both_turn(r, &r->left, &r->left_before, LEFT, windows);
	both_turn(r, &r->refused, &r->refused_before, SPURNED, windows);
	if (r->has & DIALLED)
		dialled_turn(&r->numbers, windows);
	marks_turn(r, windows);
	if (windows == 2)
		r->facts.around_refused = r->facts.around_reached = 0;
	if (moved)
		recount(r);
	advance_day(r, now);
}

static struct record *record_of(const struct hold *h, uint32_t now)
{
	struct record *r = h->value;

	if (!r)
		return NULL;
	if (h->fresh) {
		r->began = r->stage = now;
		r->day = (uint16_t)(now / (DAY / 2));
		r->half = SCANS_WINDOW / 2;
	}
	advance(r, now);
	return r;
}

static void keep(struct hold *h, const struct record *r, uint64_t now)
{
	bool day = r->facts.reached || r->login_until || r->facts.vain >= SLOW_LEAST;
	uint32_t life = 2 * (r->half + SCANS_GRACE), least = day ? DAY : SLOW_FIRST;

	table_keep(h, now, now + (life > least ? life : least) * NS,
		   r->login_until ? RANK_LOGIN : r->facts.vain >= SLOW_MANY ? RANK_SLOW : 0);
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
	((struct record *)h.value)->half = (uint16_t)(window / 2);
	r = record_of(&h, sec);
	*out = r->facts;
	out->login = r->login_until > sec;
	if (r->port != port)
		out->port_refused = out->port_open = 0;
	table_release(&h);
	return true;
}

static void port_clear(struct record *r)
{
	struct both *all[] = { &r->fresh, &r->ripe, &r->left, &r->left_before, &r->refused,
			       &r->refused_before };
	static const uint8_t what[] = { FRESH, RIPE, LEFT, LEFT, SPURNED, SPURNED };

	for (unsigned i = 0; i < sizeof(what); i++)
		if (r->has & what[i])
			all[i]->port = (struct sketch){ { 0 } };
	slow_clear_port(&r->slow);
	r->facts.port_refused = r->facts.port_open = r->facts.port_vain = 0;
}

/* Is this the port that is watched?  It may become it. */
static bool port_votes(struct record *r, uint16_t number)
{
	if (r->port == number) {
		r->votes += r->votes < UINT8_MAX;
		return true;
	}
	if (r->votes) {
		r->votes--;
		return false;
	}
	port_clear(r);
	r->port = number;
	r->votes = 1;
	return true;
}

static void note_refused(struct record *r, uint64_t target, bool mine)
{
	both_add(&r->refused, target, mine);
	sketch_add(&r->slow.now.vain, target);
	if (mine)
		sketch_add(&r->slow.now.port, target);
	r->has |= SPURNED | SLOW;
	recount(r);
}

static void note_site(struct record *r, const struct lesson *l, uint64_t target,
		      enum outcome what)
{
	if (what == REFUSED) {
		note_refused(r, target, port_votes(r, l->outside_port));
	} else if (what == OPEN) {
		both_add(&r->fresh, target, port_votes(r, l->outside_port));
		r->has |= FRESH;
	} else if (what == REACHED) {
		r->reached |= (uint64_t)1 << target % 64;
		r->facts.reached = reached(r);
	}
}

/* Commonly the challenge was a moment ago, and nothing else is open. */
static void follow_up(struct record *r, uint64_t target)
{
	if (r->has & FRESH) {
		both_drop(&r->fresh, target);
		if (both_empty(&r->fresh))
			r->has &= (uint8_t)~FRESH;
	}
	if (r->has & RIPE)
		both_drop(&r->ripe, target);
	if (!(r->has & (LEFT | SLOW)))
		return;
	both_drop(&r->left, target);
	both_drop(&r->left_before, target);
	slow_drop(&r->slow, target);
	recount(r);
}

static void note_shown(struct record *r, uint64_t target)
{
	sketch_add(&r->slow.shown, target);
	r->has |= SLOW;
	recount(r);
}

/* A call that was refused, or not even tried. */
static void note_number(struct record *r, const struct dialled *d)
{
	dialled_note(&r->numbers, d);
	r->has |= DIALLED;
	r->facts.ways = (uint16_t)dialled_ways(&r->numbers);
}

/* One that got through tells how it is done: what was tried before is forgiven. */
static void forgive_numbers(struct record *r)
{
	if (!(r->has & DIALLED))
		return;
	r->numbers = (struct dialled_log){ 0 };
	r->has &= (uint8_t)~DIALLED;
	r->facts.ways = 0;
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

/* true: its prefix has been refused something too. */
static bool learn_site(struct state *st, const struct lesson *l, uint64_t target,
		       enum outcome what, const struct scan_facts *around)
{
	struct dialled number;
	bool make = what == REFUSED || what == OPEN, invite = l->sip->method == METHOD_INVITE;
	bool dialled = make && invite && dialled_read(st, l->sip->to.uri, &number);
	bool told;
	uint64_t key = l->names->site;
	struct hold h = make ? table_make(st->scans, key, l->now, 0) :
			       table_find(st->scans, key, l->now);
	uint32_t now = (uint32_t)(l->now / NS);
	struct record *r = record_of(&h, now);

	if (!r)
		return false;
	note_site(r, l, target, what);
	if (make && l->asked && l->asked->flags & TXN_SHOWN)
		note_shown(r, target);
	if (dialled)
		note_number(r, &number);
	if (what == REACHED && invite)
		forgive_numbers(r);
	if (login_accepted(l)) {
		follow_up(r, target);
		/* 404 or 503 to credentials does not say that they were good */
		if (what == REACHED && login_vouches(l->asked))
			r->login_until = now + DAY;
	}
	if (what == REFUSED) {
		r->facts.around_refused = around->refused;
		r->facts.around_reached = around->reached;
	}
	told = r->facts.around_refused;
	keep(&h, r, l->now);
	table_release(&h);
	return told;
}

static void learn_around(struct state *st, const struct lesson *l, uint64_t target,
			 enum outcome what, struct scan_facts *out)
{
	struct prefix around = addr_around(&l->outside);
	uint64_t key = key_with(key_of_addr(st, &around.addr), AROUND);
	struct hold h = what == REFUSED ? table_make(st->scans, key, l->now, 0) :
					  table_find(st->scans, key, l->now);
	struct record *r = record_of(&h, (uint32_t)(l->now / NS));

	*out = (struct scan_facts){ 0 };
	if (!r)
		return;
	note_site(r, l, target, what);
	*out = r->facts;
	keep(&h, r, l->now);
	table_release(&h);
}

static bool is_answer(const struct lesson *l)
{
	return l->sip->kind == SIP_RESPONSE && l->asked && l->pkt->dir == DIR_OUTBOUND &&
	       !(l->asked->flags & (TXN_INSIDE | TXN_IN_DIALOG));
}

/* The ACK of a refusal, or of a challenge: whoever sends it has asked for that himself, as
 * answers to what he did not ask are acknowledged by nobody (RFC 3261 17.1.1.3). */
static bool is_owned(const struct lesson *l)
{
	return l->sip->method == METHOD_ACK && l->sip->kind == SIP_REQUEST &&
	       l->shows == SHOWS_SENDER && l->asked && l->asked->target &&
	       (outcome_is_refusal(l->asked->status) || l->asked->status == 401 ||
		l->asked->status == 407);
}

static void own(struct state *st, const struct lesson *l)
{
	struct hold h = table_find(st->scans, l->names->site, l->now);
	struct record *r = record_of(&h, (uint32_t)(l->now / NS));

	if (r)
		note_shown(r, l->asked->target);
	table_release(&h);
}

void scans_learn(struct state *st, const struct lesson *l)
{
	struct scan_facts around = { 0 };
	enum outcome what = NOTHING;
	uint64_t target = l->names->target;

	if (is_owned(l))
		own(st, l);
	if (is_answer(l)) {
		what = outcome_of(l);
		target = l->asked->target;
	} else if (l->other && l->pkt->dir == DIR_INBOUND) {
		what = OPEN; /* the answer to it will be taken for that to this one */
		target = l->other->target;
	} else if (l->sip->kind == SIP_REQUEST && target) {
		what = outcome_unseen(st, l);
	}
	if (what != NOTHING && l->sip->method == METHOD_OPTIONS)
		target ^= key_of_addr(st, &l->inside);
	if (what == NOTHING || !target || (what == FOLLOWED && !login_accepted(l)))
		return;
	if (what == REFUSED) {
		struct addr site = addr_site(&l->outside);

		learn_around(st, l, target, what, &around);
		visitor_note(st, &site, l->names->site, false, l->now);
	}
	if (learn_site(st, l, target, what, &around) && what == REACHED)
		learn_around(st, l, target, what, &around);
}

void scans_again(struct state *st, uint64_t site_key, uint64_t now)
{
	struct hold h = table_find(st->scans, site_key, now);
	struct record *r = record_of(&h, (uint32_t)(now / NS));

	if (!r)
		return;
	slow_renew(&r->slow);
	keep(&h, r, now);
	table_release(&h);
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
	*fresh = marks & ~(uint32_t)(r->marks | r->marks_before);
	r->marks |= (uint16_t)marks;
	all = (uint32_t)(r->marks | r->marks_before);
	keep(&h, r, now);
	table_release(&h);
	return all;
}
