/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

#include "bindings.h"
#include "calls.h"
#include "challenges.h"
#include "dialogs.h"
#include "legs.h"
#include "logins.h"
#include "scans.h"
#include "store.h"
#include "told.h"

void memory_begin(struct state *st, uint64_t now)
{
	uint64_t never = 0;

	if (atomic_load_explicit(&st->woke, memory_order_relaxed))
		return;
	atomic_compare_exchange_strong(&st->began, &never, now);
	never = 0;
	atomic_compare_exchange_strong(&st->woke, &never, now);
}

static uint64_t since(const _Atomic uint64_t *start, uint64_t now)
{
	uint64_t at = atomic_load_explicit(start, memory_order_relaxed);

	return at && now > at ? now - at : 0;
}

uint64_t memory_age(const struct state *st, uint64_t now)
{
	return since(&st->began, now);
}

uint64_t memory_awake(const struct state *st, uint64_t now)
{
	return since(&st->woke, now);
}

bool memory_learning(const struct state *st, const struct settings *s, uint64_t now)
{
	return memory_age(st, now) < s->learning * NS;
}

uint64_t state_learns(const struct state *st, uint32_t learning, uint64_t now)
{
	uint64_t age = memory_age(st, now) / NS;

	return age < learning ? learning - age : 0;
}

bool memory_blind(struct state *st, const struct settings *s, const struct addr *server,
		  uint64_t now)
{
	return memory_learning(st, s, now) || !sight_spoke(st, server) ||
	       !sight_replies(st, server, now);
}

void memory_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		     table_fetch *fetch)
{
	fetch(st->transactions, n->txn);
	if (n->invite)
		fetch(st->transactions, n->invite);
	if (!n->aor) {
		calls_prefetch(st, sip, n, fetch);
		legs_prefetch(st, sip, n, fetch);
		dialogs_prefetch(st, n, sip->kind == SIP_RESPONSE && sip->status < 200, fetch);
	}
	if (!n->to)
		fetch(st->scans, n->site);
	if (n->from_user)
		binding_prefetch(st, n->from_user, n->site, fetch);
	if (n->aor)
		contacts_prefetch(st, n, fetch);
	if (n->login || n->from_user)
		logins_prefetch(st, n->login ? n->login : n->from_user, n->site, fetch);
	if (n->nonce)
		fetch(st->challenges, n->nonce);
}

/* What servers go by when they decide whether a call needs credentials; another one, or
 * the same at another port, may go by something else. */
static uint32_t what_of(const struct state *st, const struct lesson *l)
{
	uint64_t from;

	if (l->pkt->dir == DIR_OUTBOUND || l->sip->method != METHOD_INVITE || l->names->to)
		return 0;
	from = name_aor_of_uri(st, l->names->from_user, l->sip->from.uri) ^
	       key_with(key_of_addr(st, &l->inside), l->pkt->dport);
	return (uint32_t)((name_bytes(st, NAME_CALLED, l->sip->uri) ^ from) >> 32) | 1;
}

/* Is the request that this one took the name of, one of those that *other hides? */
static bool hides(const struct transaction *t, const struct transaction *other)
{
	return other->status < 200 && (t->target != other->target || t->guess != other->guess ||
				       t->cseq != other->cseq);
}

static void ask(struct state *st, struct lesson *l, struct transaction *asked,
		struct transaction *other)
{
	bool out = l->pkt->dir == DIR_OUTBOUND;
	const struct names *n = l->names;
	enum standing standing = STRANGER;
	enum asked is;
	struct transaction t = {
		.site = n->site, .user = n->from_user, .target = n->target,
		.cseq = l->sip->cseq, .method = (uint8_t)l->sip->method,
		.flags = (out ? TXN_INSIDE : 0) | (n->to ? TXN_IN_DIALOG : 0) |
			 (l->shows ? TXN_SHOWN : 0),
		.what = what_of(st, l),
	};

	if (n->login) {
		t.flags |= TXN_LOGIN | nonce_flags(st, n->nonce, &t, l->now) |
			   (n->several ? TXN_SEVERAL : 0);
		t.user = n->login;
		t.guess = n->guess;
	}
	if (n->invite && txn_find(st, n->invite, l->now, asked))
		l->asked = asked;
	/* ACK has no answer; those of ours may come back to us, as any request (spiral) */
	if (!n->txn || (l->sip->method == METHOD_ACK && (!out || l->asked)))
		return;
	if (!out)
		standing = source_standing(st, n->site, l->now);
	is = txn_open(st, n->txn, &t, standing, l->now, other);
	l->again = is == ASKED_AGAIN && l->sip->method != METHOD_ACK;
	if (is == ASKED_OTHER && hides(&t, other))
		l->other = other;
}

static void answer(struct state *st, struct lesson *l, struct transaction *asked)
{
	enum answer a = txn_answer(st, l->names->txn, l->sip->cseq, l->sip->status, l->now, asked);

	if (a != ANSWER_UNASKED)
		l->asked = asked;
	l->again = a == ANSWER_AGAIN;
}

/* A login that is accepted names its nonce, which its site was given.  Of dialogs a server
 * speaks to whoever began one.  Calls: call_proves. */
static bool is_partner(const struct lesson *l)
{
	const unsigned login = TXN_LOGIN | TXN_CHALLENGED;
	unsigned asked = l->asked ? l->asked->flags : TXN_IN_DIALOG;

	if (l->pkt->dir != DIR_OUTBOUND)
		return l->shows == SHOWS_ASKED && !(asked & TXN_IN_DIALOG);
	return (asked & (login | TXN_INSIDE)) == login && l->sip->kind == SIP_RESPONSE &&
	       l->sip->status / 100 == 2 && login_vouches(l->asked);
}

bool memory_learn(struct state *st, const struct settings *s, const struct pkt *pkt,
		  const struct sip_msg *sip, const struct names *n,
		  const struct call_facts *facts, enum shows shows, uint64_t now)
{
	bool out = pkt->dir == DIR_OUTBOUND;
	struct transaction asked, other;
	struct lesson l = {
		.settings = s, .pkt = pkt, .sip = sip, .names = n, .now = now,
		.outside = out ? pkt->dst : pkt->src, .inside = out ? pkt->src : pkt->dst,
		.outside_port = out ? pkt->dport : pkt->sport, .shows = shows,
	};

	if (sip->kind == SIP_REQUEST)
		ask(st, &l, &asked, &other);
	else
		answer(st, &l, &asked);
	sight_learn(st, &l);
	scans_learn(st, &l);
	bindings_learn(st, &l);
	logins_learn(st, &l);
	told_learn(st, &l);
	challenges_learn(st, &l);
	l.spoke = dialogs_learn(st, &l);
	legs_learn(st, &l);
	calls_learn(st, &l, facts);
	if (is_partner(&l))
		source_met(st, &l.outside, n->site, now);
	return l.spoke & SPOKE_IN_CALL;
}
