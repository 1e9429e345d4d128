/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What messages make of calls. */
#include "callrecord.h"
#include "callslots.h"
#include "lasting.h"
#include "store.h"

#define CHALLENGED_S 64 /* for credentials: nobody waits longer (Timers B and H) */
#define OVER_S 60       /* for what comes late */
#define UNTAKEN_S 40    /* without even a 100 everybody has given up (Timer B) */
#define UNTESTED_S 4    /* ... and credentials that no server has looked at hold nothing */

/* Who makes room first. */
enum rank {
	RANK_NOTHING, /* what strangers ask, and what is over */
	RANK_WEAK,    /* asked by a site with standing, or by a server of ours */
	RANK_RINGS,
	RANK_ANSWERED,
};

/* ---- what is learned ---- */

/* What is to be settled once no record is held. */
struct after {
	struct call gone;
	enum settle how; /* SETTLE_NOT: nothing */
};

/* What had to go, or had gone and was not noticed yet. */
static void settle_lost(struct state *st, const struct table_lost *lost, uint64_t now)
{
	if (lost->any)
		calls_settle(st, lost->value, lost->evicted ? SETTLE_EVICTED : SETTLE_EXPIRED,
			     now);
}

static bool outbound(const struct lesson *l)
{
	return l->pkt->dir == DIR_OUTBOUND;
}

/* s that it is asked for, with nothing but 100. */
static uint64_t early_life(const struct call *c, const struct settings *s)
{
	if (c->flags & CALL_TAKEN)
		return s->dialog_early;
	return c->account.shown && !c->account.home ? UNTESTED_S : UNTAKEN_S;
}

static void keep(struct hold *h, const struct lesson *l)
{
	const struct call *c = h->value;
	const struct settings *s = l->settings;
	uint64_t life = early_life(c, s);
	uint8_t rank = RANK_WEAK;

	if (call_over(c)) {
		table_set(h, l->now, l->now + OVER_S * NS, RANK_NOTHING);
		return;
	}
	if (c->flags & CALL_CHALLENGED) {
		table_set(h, l->now, l->now + CHALLENGED_S * NS, RANK_NOTHING);
		return;
	}
	if (c->state == CALL_RINGING) {
		life = s->dialog_early > TXN_RINGS ? s->dialog_early : TXN_RINGS;
		rank = RANK_RINGS;
	} else if (c->state == CALL_ANSWERED) {
		life = c->life ? c->life * 60u : s->call_life;
		rank = RANK_ANSWERED;
	}
	table_set(h, l->now, l->now + life * NS, rank);
}

/* It is over: what it holds goes to whoever settles. */
static void end(struct call *c, enum call_state state, enum call_why why, uint64_t now,
		struct after *after)
{
	c->state = (uint8_t)state;
	c->why = (uint8_t)why;
	if (state != CALL_ENDED || !c->ended || call_ms(c, now) > c->ended + CALL_BYE_MS)
		c->ended = call_ms(c, now);
	after->gone = *c;
	after->how = SETTLE_END;
	c->slots = 0;
}

static uint8_t rank_of_asker(struct state *st, const struct lesson *l,
			     const struct call_facts *f)
{
	if (outbound(l) || (f->account && f->account->shown) || f->known)
		return RANK_WEAK;
	return source_standing(st, l->names->site, l->now) == STRANGER ? RANK_NOTHING : RANK_WEAK;
}

static void begin(struct state *st, struct call *c, uint64_t key, const struct asks *a,
		  const struct lesson *l, const struct call_facts *f)
{
	const struct call_draft *d = f->draft;
	const struct pkt *pkt = l->pkt;

	*c = (struct call){
		.key = key, .began = l->now, .price = d->price, .outside = l->outside,
		.inside = l->inside, .outside_port = l->outside_port,
		.inside_port = outbound(l) ? pkt->sport : pkt->dport, .proto = pkt->proto,
		.site = a->site, .cseq = a->cseq, .target = a->target, .branch = a->branch,
		.trunk = d->trunk,
		.warn_after = d->warn_after, .cut_after = d->cut_after,
		.duration_check = d->duration_check, .duration_rule = d->duration_rule,
		.dir = pkt->dir, .zone = f->zone, .open = 1,
		.flags = a->many ? CALL_MANY : 0, .slots = d->slots,
	};
	memcpy(c->slot, d->slot, d->slots * sizeof(*d->slot));
	if (memory_blind(st, l->settings, &l->inside, l->now))
		c->flags |= CALL_TAKEN;
	if (f->account)
		c->account = *f->account;
	if (f->number)
		c->number = *f->number;
}

/* Another INVITE of a call that is known: a repetition, a fork, or a leg further on.
 * true: what its draft holds has found its place. */
static bool go_on(struct call *c, const struct lesson *l, const struct call_draft *d, enum is is)
{
	if (call_over(c) || (l->again && is != IS_COPY))
		return false;
	/* a leg further on is answered to whoever passed it on, who then answers himself */
	if (outbound(l) != (c->dir == DIR_OUTBOUND))
		c->flags |= CALL_RELAYED;
	else if (c->open < UINT8_MAX)
		c->open++;
	if (!d->leg || c->trunk >= 0 || c->slots + d->slots > CALL_SLOTS)
		return false;
	c->trunk = d->trunk;
	/* a number may get its price only as it leaves: before, it had a prefix of the house */
	if (!c->price.then)
		c->price = d->price;
	memcpy(c->slot + c->slots, d->slot, d->slots * sizeof(*d->slot));
	c->slots = (uint8_t)(c->slots + d->slots);
	return true;
}

/* One of the two records that it may have.  true: done with. */
static bool learn_asked(struct state *st, const struct lesson *l, const struct call_facts *f,
			const struct asks *a, uint64_t key)
{
	struct call lost;
	struct table_lost room = { .value = &lost };
	struct hold h = table_make_over(st->calls, key, l->now, rank_of_asker(st, l, f), &room);
	struct call *c = h.value;
	bool kept = false;
	enum is is;

	is = !c || h.fresh ? IS_NEW : c->key != key ? IS_OTHER : call_judge(c, a, l->now);
	if (c && (is == IS_SAME || is == IS_COPY)) {
		kept = go_on(c, l, f->draft, is);
	} else if (c && is != IS_OTHER) {
		begin(st, c, key, a, l, f);
		table_set(&h, l->now, l->now + early_life(c, l->settings) * NS,
			  rank_of_asker(st, l, f));
		kept = true;
	}
	table_release(&h);
	settle_lost(st, &room, l->now);
	if (is == IS_OTHER)
		return false;
	if (!kept)
		calls_refused(st, f->draft, l->now);
	return true;
}

static void learn_invite(struct state *st, const struct lesson *l, const struct call_facts *f)
{
	struct asks a = {
		.key = call_key(l->names), .cseq = l->sip->cseq,
		.target = call_part(l->names->target), .site = call_part(l->names->site),
		.branch = call_branch_of(st, l->sip, l->names), .inside = &l->inside,
		.outbound = outbound(l), .many = f->known || f->draft->trunk >= 0,
	};
	uint64_t other = call_other_key(&a);

	if (!learn_asked(st, l, f, &a, a.key) &&
	    (call_moved(st, other, l->now) || !learn_asked(st, l, f, &a, other)))
		calls_refused(st, f->draft, l->now);
}

/* ---- answers ---- */

/* Is this an answer to the INVITE of that call, from the side that says what becomes of it?
 * Of a call that a proxy inside passes on, the answers that it passes back count. */
static bool is_answer(const struct call *c, const struct lesson *l, const struct asks *a)
{
	if ((c->dir == DIR_OUTBOUND) == outbound(l))
		return false;
	if (c->dir == DIR_OUTBOUND)
		return l->asked && l->asked->flags & TXN_INSIDE;
	if (c->cseq != l->sip->cseq || c->site != a->site)
		return false;
	if (c->flags & CALL_MANY)
		return true;
	return (!l->asked || c->target == a->target) &&
	       (c->branch.id == a->branch.id || !addr_eq(&c->inside, &l->inside));
}

static struct hold find_asked(struct state *st, const struct lesson *l)
{
	const struct transaction *t = l->asked;
	struct asks a = {
		.key = call_key(l->names), .cseq = l->sip->cseq,
		.target = t ? call_part(t->target) : 0, .site = call_part(l->names->site),
		.branch = call_branch_of(st, l->sip, l->names),
	};
	struct hold h = call_hold(st, a.key, l->now);

	if (h.value && !call_over(h.value) && is_answer(h.value, l, &a))
		return h;
	table_release(&h);
	if (!t)
		return h;
	h = call_hold(st, call_other_key(&a), l->now);
	if (h.value && (call_over(h.value) || !is_answer(h.value, l, &a)))
		table_release(&h);
	return h;
}

static void answered(struct call *c, const struct lesson *l)
{
	unsigned i = 0;

	if (!c->answered) {
		c->answered = call_ms(c, l->now);
		c->state = CALL_ANSWERED;
	}
	while (i < CALL_FORKS && c->fork[i] && c->fork[i] != call_part(l->names->to))
		i++;
	if (i < CALL_FORKS)
		c->fork[i] = call_part(l->names->to);
}

/* Servers and phones try again by themselves, or send more digits (RFC 3578): that was no
 * attempt.  Nor were credentials that a server refuses: their user has not called. */
static bool is_no_attempt(const struct lesson *l)
{
	switch (l->sip->status) {
	case 401:
	case 407:
	case 422: /* RFC 4028 6 */
	case 482: /* another leg of the same arrived */
	case 484:
	case 494: /* RFC 3329 2.3.1 */
		return true;
	case 403:
		return l->asked && l->asked->flags & TXN_LOGIN;
	default:
		return false;
	}
}

static void refused(struct call *c, const struct lesson *l, struct after *after)
{
	unsigned status = l->sip->status;

	if (l->again)
		return;
	if (c->open)
		c->open--;
	if (c->state == CALL_ANSWERED || c->flags & CALL_CHALLENGED || c->open)
		return;
	if (status == 401 || status == 407) {
		c->state = CALL_INITIAL;
		c->flags |= CALL_CHALLENGED;
		after->gone = *c;
		c->slots = 0;
	} else if (status == 487 || c->flags & CALL_CANCELS) {
		end(c, CALL_CANCELED, CALL_CANCEL, l->now, after);
	} else {
		end(c, CALL_FAILED, CALL_REFUSED, l->now, after);
	}
	after->how = is_no_attempt(l) ? SETTLE_BACK : SETTLE_END;
}

/* A further call of a name is found by its dialog from now on. */
static void move(struct state *st, const struct lesson *l, struct call *c)
{
	struct call lost;
	struct table_lost room = { .value = &lost };
	uint64_t key = call_forked_key(l->names);
	struct hold h = table_make_over(st->calls, key, l->now, RANK_ANSWERED, &room);
	bool moved = h.value && h.fresh;

	call_moves(st, c->key, l->now);
	c->key = key;
	if (moved) {
		*(struct call *)h.value = *c;
		keep(&h, l);
	}
	table_release(&h);
	settle_lost(st, &room, l->now);
	if (!moved)
		calls_settle(st, c, SETTLE_EVICTED, l->now);
}

static void learn_answer(struct state *st, const struct lesson *l)
{
	struct hold h = find_asked(st, l);
	struct call *c = h.value;
	struct after after = { .how = SETTLE_NOT };
	unsigned status = l->sip->status;
	bool moves = false;

	if (!c)
		return;
	c->flags |= CALL_TAKEN;
	if (status == 100) {
		if (c->state == CALL_INITIAL && !(c->flags & CALL_CHALLENGED))
			table_keep(&h, l->now, l->now + early_life(c, l->settings) * NS, 0);
		table_release(&h);
		return;
	}
	if (status >= 200 && !c->answered)
		c->status = (uint16_t)status;
	if (status < 200 && c->state == CALL_INITIAL && !(c->flags & CALL_CHALLENGED)) {
		c->state = CALL_RINGING;
		c->rang = call_ms(c, l->now);
	} else if (status >= 300) {
		refused(c, l, &after);
	} else if (status >= 200) {
		if (c->open && !l->again)
			c->open--;
		answered(c, l);
		moves = c->key != call_key(l->names);
	}
	keep(&h, l);
	if (moves) {
		after.gone = *c;
		table_drop(&h);
		move(st, l, &after.gone);
		return;
	}
	table_release(&h);
	calls_settle(st, &after.gone, after.how, l->now);
}

/* ---- within its dialogs ---- */

/* The place of the dialog of a message among those that were answered. */
static unsigned fork_of(const struct call *c, const struct names *n)
{
	unsigned i = 0;

	while (i < CALL_FORKS && c->fork[i] != call_part(n->to) && c->fork[i] != call_part(n->from))
		i++;
	return i;
}

/* One of its dialogs is over. */
static void leave(struct call *c, const struct lesson *l, struct after *after)
{
	unsigned at = fork_of(c, l->names), others = 0;

	for (unsigned i = 0; i < CALL_FORKS; i++)
		others += c->fork[i] && i != at;
	if (others && at < CALL_FORKS)
		c->fork[at] = 0;
	else
		end(c, CALL_ENDED, CALL_BYE, l->now, after);
}

/*
 * A server inside takes a call for over when it sends BYE, whatever the answer (RFC 3261
 * 15.1.1).  Somebody outside may send one that a server does not take, with an old CSeq
 * number for example, and go on talking: then its answer tells.
 */
static void learn_bye(struct state *st, const struct lesson *l, struct call *c,
		      struct after *after)
{
	if (!(c->flags & CALL_RELAYED) &&
	    (outbound(l) || memory_blind(st, l->settings, &c->inside, l->now)))
		leave(c, l, after);
	else if (!c->ended || call_ms(c, l->now) > c->ended + CALL_BYE_MS)
		c->ended = call_ms(c, l->now);
}

/* Whoever may say that there is no such call: another server, or the same at another port,
 * knows nothing of it. */
static bool is_its_server(const struct call *c, const struct lesson *l)
{
	if (!outbound(l))
		return true;
	return addr_eq(&c->inside, &l->inside) &&
	       (c->dir == DIR_OUTBOUND || l->pkt->proto != PROTO_UDP ||
		c->proto != PROTO_UDP || c->inside_port == l->pkt->sport);
}

/* 481, 408: the other side knows of no call, or is gone (RFC 3261 12.2.1.2). */
static void learn_bye_answer(const struct lesson *l, struct call *c, struct after *after)
{
	unsigned status = l->sip->status;

	if (status < 200)
		return;
	if (status < 300 || ((status == 481 || status == 408) && is_its_server(c, l)))
		leave(c, l, after);
	else
		c->ended = 0;
}

/* RFC 4028 10: what a server inside has agreed to, it keeps. */
static void learn_life(const struct lesson *l, struct call *c)
{
	struct lasting t;

	if (l->sip->kind != SIP_RESPONSE || l->sip->status / 100 != 2 || !outbound(l))
		return;
	lasting_read(l, &t);
	if (t.timed)
		c->life = (uint16_t)((t.seconds + 59) / 60);
}

static void learn_dialog(struct state *st, const struct lesson *l)
{
	struct hold h = call_hold_dialog(st, l->names, l->now);
	struct after after = { .how = SETTLE_NOT };
	struct call *c = h.value;

	if (!c)
		return;
	if (c->state == CALL_ANSWERED) {
		if (l->sip->method != METHOD_BYE)
			learn_life(l, c);
		else if (l->sip->kind == SIP_REQUEST)
			learn_bye(st, l, c, &after);
		else if (l->asked || outbound(l))
			learn_bye_answer(l, c, &after);
		keep(&h, l);
	}
	table_release(&h);
	calls_settle(st, &after.gone, after.how, l->now);
}

static void learn_cancel(struct state *st, const struct lesson *l)
{
	struct asks a = {
		.key = call_key(l->names), .cseq = l->sip->cseq,
		.target = call_part(l->names->target), .site = call_part(l->names->site),
		.branch = call_branch_of(st, l->sip, l->names),
	};
	const uint64_t key[] = { a.key, call_other_key(&a) };

	for (unsigned i = 0; i < 2; i++) {
		struct hold h = call_hold(st, key[i], l->now);
		struct call *c = h.value;
		bool mine = c && (c->dir == DIR_OUTBOUND) == outbound(l) &&
			    c->site == a.site && c->cseq == a.cseq;

		if (mine)
			c->flags |= CALL_CANCELS;
		table_release(&h);
		if (mine)
			return;
	}
}

void calls_learn(struct state *st, const struct lesson *l, const struct call_facts *facts)
{
	enum sip_method m = l->sip->method;
	bool asks = l->sip->kind == SIP_REQUEST;

	if (facts && m == METHOD_INVITE && asks)
		learn_invite(st, l, facts);
	else if (m == METHOD_CANCEL && asks)
		learn_cancel(st, l);
	else if (m == METHOD_INVITE && !asks && l->sip->status >= 100 &&
		 !(l->asked && l->asked->flags & TXN_IN_DIALOG))
		learn_answer(st, l);
	else if (m == METHOD_BYE || ((m == METHOD_INVITE || m == METHOD_UPDATE) && !asks))
		learn_dialog(st, l);
}

void calls_cut(struct state *st, uint64_t key, unsigned check, uint64_t now)
{
	struct hold h = call_hold(st, key, now);
	struct after after = { .how = SETTLE_NOT };
	struct call *c = h.value;

	if (c && !call_over(c)) {
		c->ended = 0; /* a BYE that was on its way is of no account */
		c->open = 0;
		c->duration_check = (uint8_t)check;
		end(c, CALL_ENDED, CALL_CUT, now, &after);
		table_set(&h, now, now + OVER_S * NS, RANK_NOTHING);
	}
	table_release(&h);
	calls_settle(st, &after.gone, after.how, now);
}
