/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dialogs.h"

#include "places.h"
#include "lasting.h"
#include "store.h"
#include "subscriptions.h"
#include "targets.h"

/* Kinds of records, mixed into keys. */
#define HALF 0x4a1f000000000000u
#define REFUSED 0x2ef0000000000000u

#define REFUSED_SECONDS 32 /* Timers B and F: no request is repeated for longer */

/* Who makes room first. */
enum rank {
	RANK_NOTHING, /* what strangers ask, and what was refused */
	RANK_WEAK,    /* answered to a stranger; asked by a site with standing; over */
	RANK_FIRM,    /* answered to a site with standing, asked by a server of ours */
	RANK_PROVEN,  /* confirmed, and the outside has repeated both tags */
};

size_t dialogs_size(void)
{
	return sizeof(struct dialog);
}

static uint64_t half_key(uint64_t tag, const struct names *n)
{
	return (tag ? tag : n->call) ^ HALF;
}

void dialogs_prefetch(const struct state *st, const struct names *n, bool makes,
		      table_fetch *fetch)
{
	if (n->to)
		fetch(st->dialogs, dialog_key(n));
	if (!n->to || makes)
		fetch(st->dialogs, half_key(n->from, n));
}

static bool find(struct state *st, uint64_t key, uint64_t now, struct dialog *out)
{
	struct hold h = table_find(st->dialogs, key, now);

	if (!h.value)
		return false;
	*out = *(const struct dialog *)h.value;
	table_release(&h);
	return true;
}

/* Called with a shard locked. */
static void let_go(void *value, bool evicted, void *arg)
{
	const struct dialog *d = value;
	struct state *st = arg;

	if (evicted && (d->state == DIALOG_ANSWERED || d->state == DIALOG_CONFIRMED))
		atomic_store_explicit(&st->dialogs_loses, true, memory_order_relaxed);
}

void dialogs_watch(struct state *st)
{
	table_on_forget(st->dialogs, let_go, st);
}

bool dialogs_forgot(const struct state *st, const struct settings *s, uint64_t now)
{
	uint64_t lost = atomic_load_explicit(&st->dialogs_lost, memory_order_relaxed);

	return lost && now < lost + s->dialog_confirmed * NS;
}

/* A record that a server vouches for; there being no room for it is remembered. */
static struct hold make(struct state *st, uint64_t key, uint64_t now, uint8_t rank)
{
	struct hold h = table_make(st->dialogs, key, now, rank);

	if ((!h.value && rank >= RANK_FIRM) ||
	    atomic_load_explicit(&st->dialogs_loses, memory_order_relaxed)) {
		atomic_store_explicit(&st->dialogs_loses, false, memory_order_relaxed);
		atomic_store_explicit(&st->dialogs_lost, now, memory_order_relaxed);
	}
	return h;
}

/* The table keeps 28 bits of a key; the tags say more. */
static bool is_of(const struct dialog *d, const struct names *n)
{
	return (d->side[0].tag == n->from && d->side[1].tag == n->to) ||
	       (d->side[0].tag == n->to && d->side[1].tag == n->from);
}

bool dialog_find(struct state *st, const struct names *n, uint64_t now, struct dialog *out)
{
	return find(st, dialog_key(n), now, out) && is_of(out, n);
}

bool dialog_find_asked(struct state *st, const struct names *n, uint64_t now, struct dialog *out)
{
	return n->to && find(st, half_key(n->to, n), now, out) && out->side[0].tag == n->to &&
	       out->side[1].site[0];
}

bool dialog_find_half(struct state *st, const struct names *n, uint64_t now, struct dialog *out)
{
	return find(st, half_key(n->from, n), now, out) && out->side[0].tag == n->from;
}

const struct dialog_side *dialog_from(const struct dialog *d, const struct names *n)
{
	return &d->side[d->side[0].tag != n->from];
}

static bool has(const struct dialog_side *side, uint32_t site)
{
	for (unsigned i = 0; i < DIALOG_SITES; i++)
		if (side->site[i] == site)
			return true;
	return false;
}

bool dialog_has_site(const struct dialog_side *side, uint64_t site_key)
{
	return has(side, dialog_site(site_key));
}

bool dialog_refused(struct state *st, const struct names *n, uint64_t now)
{
	struct hold h = table_make(st->dialogs, n->txn ^ REFUSED, now, RANK_NOTHING);
	bool again = h.value && !h.fresh;

	if (h.value && h.fresh)
		table_keep(&h, now, now + REFUSED_SECONDS * NS, RANK_NOTHING);
	table_release(&h);
	return again;
}

/* To the place at, unless it is there or further in front; the last one goes. */
static void put_site(struct dialog_side *side, uint32_t site, unsigned at)
{
	unsigned was = 0;

	while (was < DIALOG_SITES - 1 && side->site[was] != site)
		was++;
	if (side->site[was] == site && was <= at)
		return;
	for (; was > at; was--)
		side->site[was] = side->site[was - 1];
	side->site[at] = site;
}

static void put_named(struct dialog_side *side, const struct places *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->site[i] && !has(side, dialog_site(c->site[i])))
			put_site(side, dialog_site(c->site[i]), side->site[0] ? 1 : 0);
	side->by_name |= c->by_name;
}

/* The outside end of this message is where that side is. */
static void put_end(struct dialog_side *side, const struct lesson *l)
{
	put_site(side, dialog_site(l->names->site), 0);
	side->addr = l->outside;
	side->port = l->outside_port;
}

static bool begins(enum sip_method m)
{
	return m == METHOD_INVITE || m == METHOD_SUBSCRIBE || m == METHOD_REFER;
}

static bool outbound(const struct lesson *l)
{
	return l->pkt->dir == DIR_OUTBOUND;
}

/* Of what a site outside asked: more for one that has proven something. */
static uint8_t rank_of_asker(struct state *st, const struct lesson *l, uint8_t stranger)
{
	return source_standing(st, l->names->site, l->now) == STRANGER ? stranger :
									(uint8_t)(stranger + 1);
}

/* Some go on as they began, whatever Contact they were given.  Of several hosts that
 * were asked nobody knows which one a server has answered for. */
static void put_asked(struct dialog_side *side, uint64_t asked, bool first)
{
	side->asks_many |= !first && side->targets != asked;
	side->targets = side->asks_many ? TARGETS_NONE : asked;
}

/* RFC 3261 12.1 and RFC 6665 4.1.2.4: a request that may begin a dialog. */
static void learn_half(struct state *st, const struct lesson *l)
{
	const struct names *n = l->names;
	struct places c = { { 0, 0 }, false };
	uint8_t rank = outbound(l) ? RANK_FIRM : rank_of_asker(st, l, RANK_NOTHING);
	uint64_t asked = TARGETS_NONE;
	struct dialog *d;
	struct hold h;

	if (!outbound(l)) {
		places_read(st, l, &c);
		asked = targets_asked(st, l->sip->uri);
	}
	h = make(st, half_key(n->from, n), l->now, rank);
	d = h.value;
	if (!d)
		return;
	d->state = DIALOG_HALF;
	d->side[0].tag = n->from;
	d->side[0].user = n->from_user;
	d->side[0].cseq = l->sip->cseq;
	if (outbound(l)) {
		put_end(&d->side[1], l);
	} else {
		put_end(&d->side[0], l);
		put_named(&d->side[0], &c);
		put_asked(&d->side[0], asked, h.fresh);
	}
	table_keep(&h, l->now, l->now + l->settings->dialog_early * NS, rank);
	table_release(&h);
}

/* ---- dialogs ---- */

/* A new one, before anything is known of its sides but what its halves say. */
static void draw(struct state *st, const struct lesson *l, struct dialog *d)
{
	const struct names *n = l->names;
	struct dialog half;

	*d = (struct dialog){ .state = DIALOG_CONFIRMED, .call = lasting_is_call(l) };
	if (find(st, half_key(n->from, n), l->now, &half) && half.side[0].tag == n->from)
		d->side[0] = half.side[0];
	if (find(st, half_key(n->to, n), l->now, &half) && half.side[0].tag == n->to)
		d->side[1] = half.side[0];
	d->side[0].tag = n->from;
	d->side[1].tag = n->to;
	d->side[0].user = name_user_of_uri(st, l->sip->from.uri);
	d->side[1].user = name_user_of_uri(st, l->sip->to.uri);
	if (l->sip->kind != SIP_RESPONSE || !begins(l->sip->method))
		d->side[0].targets = TARGETS_NONE; /* its answer, with a Contact, was not seen */
	else if (l->sip->method == METHOD_INVITE)
		d->state = l->sip->status < 200 ? DIALOG_EARLY : DIALOG_ANSWERED;
}

/* makes: the message says by itself that the dialog exists. */
static struct hold take(struct state *st, const struct lesson *l, bool makes)
{
	const struct names *n = l->names;
	uint64_t key = n->from + n->to; /* dialog_key(), but for phones without tags, too */
	struct hold h = table_find(st->dialogs, key, l->now);
	struct dialog drawn;
	uint8_t rank = RANK_FIRM;

	if (!h.value && makes) {
		draw(st, l, &drawn);
		if (drawn.state == DIALOG_EARLY && outbound(l))
			rank = rank_of_asker(st, l, RANK_WEAK);
		h = make(st, key, l->now, rank);
		if (h.fresh)
			*(struct dialog *)h.value = drawn;
	}
	if (h.value && !is_of(h.value, n))
		table_release(&h);
	return h;
}

/* Its life begins anew. */
static void settle(struct hold *h, const struct lesson *l)
{
	const struct dialog *d = h->value;
	const struct settings *s = l->settings;
	uint32_t life = d->life ? d->life : s->dialog_confirmed;
	uint8_t rank = d->heard ? RANK_PROVEN : RANK_FIRM;

	if (d->state == DIALOG_EARLY) {
		/* its rank is what it was made with */
		table_keep(h, l->now, l->now + s->dialog_early * NS, RANK_WEAK);
		table_release(h);
		return;
	}
	if (d->state == DIALOG_ANSWERED) {
		life = s->dialog_unacknowledged;
		rank = RANK_FIRM;
	} else if (d->state == DIALOG_ENDED) {
		life = s->dialog_ended;
		rank = RANK_WEAK;
	}
	table_set(h, l->now, l->now + life * NS, rank);
	table_release(h);
}

/* A subscription that is over, unless a call lives in the same dialog (RFC 5057). */
static void last(struct dialog *d, const struct lesson *l, const struct lasting *t)
{
	d->call |= lasting_is_of_call(l->sip->method);
	if (t->subscribed && !d->call) {
		d->life = t->seconds;
		d->state = t->seconds ? DIALOG_CONFIRMED : DIALOG_ENDED;
	} else if (t->timed && d->call) {
		d->life = t->seconds;
	}
}

static struct dialog_side *from_of(struct dialog *d, const struct names *n)
{
	return &d->side[d->side[0].tag != n->from];
}

static struct dialog_side *to_of(struct dialog *d, const struct names *n)
{
	return &d->side[d->side[0].tag == n->from];
}

/*
 * Is the sender a side that we know, so that what it says counts?  A request may
 * have passed because nobody knew better: then the server's answer tells.
 */
static bool sender_known(struct dialog *d, const struct lesson *l)
{
	if (has(from_of(d, l->names), dialog_site(l->names->site)))
		return true;
	/* whoever repeats the tag that was just given out received it */
	return l->sip->method == METHOD_ACK && d->state == DIALOG_ANSWERED;
}

static unsigned spoke(const struct dialog *d, const struct lesson *l)
{
	bool in_call = d->call && d->heard && d->state == DIALOG_CONFIRMED;

	return (dialog_has_site(dialog_from(d, l->names), l->names->site) ? SPOKE_ITS_SIDE : 0u) |
	       (in_call ? SPOKE_IN_CALL : 0u);
}

static unsigned learn_request(struct state *st, const struct lesson *l)
{
	struct places c = { { 0, 0 }, false };
	uint64_t told = TARGETS_NONE;
	struct dialog *d, same;
	struct lasting t;
	struct hold h;
	unsigned how;

	/* the ACK of a refusal belongs to its INVITE (RFC 3261 17.1.1.3) */
	if (l->sip->method == METHOD_ACK && l->asked && l->asked->status >= 300)
		return dialog_find(st, l->names, l->now, &same) ? spoke(&same, l) : 0;
	lasting_read(l, &t);
	if (!outbound(l) && !l->again && lasting_is_refresh(l->sip->method))
		places_read(st, l, &c);
	if (outbound(l) && lasting_is_refresh(l->sip->method))
		told = targets_told(st, l);
	h = take(st, l, outbound(l));
	d = h.value;
	if (!d)
		return 0;
	if (outbound(l)) {
		put_end(to_of(d, l->names), l);
		to_of(d, l->names)->targets |= told;
		if (l->sip->method == METHOD_BYE)
			d->state = DIALOG_ENDED;
	} else if (sender_known(d, l)) {
		put_end(from_of(d, l->names), l);
		put_named(from_of(d, l->names), &c);
		d->heard = true;
	} else {
		how = spoke(d, l);
		table_release(&h);
		return how;
	}
	if (l->sip->cseq > from_of(d, l->names)->cseq)
		from_of(d, l->names)->cseq = l->sip->cseq;
	if (d->state == DIALOG_ANSWERED)
		d->state = DIALOG_CONFIRMED;
	last(d, l, &t);
	how = spoke(d, l);
	settle(&h, l);
	return how;
}

/* Does this response belong to a dialog, and does it make one? */
enum weight { NO_DIALOG, TOUCHES, MAKES };

static enum weight weigh(const struct lesson *l)
{
	enum sip_method m = l->sip->method;
	unsigned status = l->sip->status;
	bool inside = l->asked && l->asked->flags & TXN_INSIDE;
	bool mid = l->asked ? l->asked->flags & TXN_IN_DIALOG : !begins(m);

	if (status <= 100 || (!outbound(l) && !inside) || (!mid && !begins(m)))
		return NO_DIALOG;
	if (begins(m) && (status / 100 == 2 || (m == METHOD_INVITE && status < 200)))
		return MAKES;
	return mid && l->asked && status / 100 == 2 && m != METHOD_BYE ? MAKES : TOUCHES;
}

/* Servers keep their tag for the same Call-ID: refused with a challenge after 183, the
 * next INVITE is answered with it, and maybe a second call after the first. */
static bool is_reused(const struct dialog *d, const struct lesson *l)
{
	return d->state == DIALOG_ENDED && l->sip->method == METHOD_INVITE && l->asked &&
	       !(l->asked->flags & TXN_IN_DIALOG) && !l->again;
}

static void conclude(struct dialog *d, const struct lesson *l)
{
	enum sip_method m = l->sip->method;
	unsigned status = l->sip->status;
	bool asks = status == 401 || status == 407;

	if (m == METHOD_BYE && !asks)
		d->state = DIALOG_ENDED;
	else if (m == METHOD_BYE && d->state == DIALOG_ENDED)
		d->state = DIALOG_CONFIRMED; /* not yet: it comes again, with credentials */
	if (is_reused(d, l))
		d->state = DIALOG_EARLY;
	if (m != METHOD_INVITE || d->state != DIALOG_EARLY)
		return;
	if (status / 100 == 2)
		d->state = DIALOG_ANSWERED;
	else if (status >= 300)
		d->state = DIALOG_ENDED; /* RFC 3261 12.3 */
}

static void learn_response(struct state *st, const struct lesson *l)
{
	enum weight w = weigh(l);
	bool good = l->sip->status < 300, call;
	struct places c = { { 0, 0 }, false };
	uint64_t told = TARGETS_NONE;
	struct lasting t;
	struct hold h;
	struct dialog *d;

	if (w == NO_DIALOG)
		return;
	lasting_read(l, &t);
	/* "again" may be the first answer of another fork */
	if (good && lasting_is_refresh(l->sip->method)) {
		places_read(st, l, &c);
		if (outbound(l))
			told = targets_told(st, l);
	}
	h = take(st, l, w == MAKES);
	d = h.value;
	if (!d)
		return;
	if (good && outbound(l)) {
		put_end(from_of(d, l->names), l);
		put_named(from_of(d, l->names), &c);
		from_of(d, l->names)->targets |= told;
	} else if (good) {
		put_site(to_of(d, l->names), dialog_site(l->asked->site), 0);
		put_end(to_of(d, l->names), l);
		put_named(to_of(d, l->names), &c);
		d->heard = true;
	}
	if (l->sip->cseq > from_of(d, l->names)->cseq)
		from_of(d, l->names)->cseq = l->sip->cseq;
	conclude(d, l);
	if (!l->names->to)
		d->state = DIALOG_CONFIRMED; /* its ACK has no tag either */
	last(d, l, &t);
	call = d->call;
	settle(&h, l);
	if (!call && l->sip->method == METHOD_SUBSCRIBE && good && t.seconds)
		subscription_put(st, l, l->names->from + l->names->to, t.seconds);
}

/* A phone of RFC 2543 answers without a tag; what it will say in the call has ours. */
static bool answers_old(const struct lesson *l)
{
	return !outbound(l) && l->sip->kind == SIP_RESPONSE && l->sip->method == METHOD_INVITE &&
	       l->sip->status / 100 == 2 && l->names->from;
}

unsigned dialogs_learn(struct state *st, const struct lesson *l)
{
	enum sip_method m = l->sip->method;

	if (m == METHOD_REGISTER || m == METHOD_CANCEL)
		return 0; /* neither is ever part of one */
	if (l->sip->kind == SIP_REQUEST && l->names->to)
		return learn_request(st, l);
	if (l->sip->kind == SIP_RESPONSE && (l->names->to || answers_old(l)))
		learn_response(st, l);
	else if (l->sip->kind == SIP_REQUEST && begins(m) && !l->again)
		learn_half(st, l);
	return 0;
}
