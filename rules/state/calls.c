/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of calls, and which one a message is about. */
#include "callrecord.h"
#include "store.h"
#include "told.h"

/* Kinds of records, mixed into keys: further calls of the same name. */
#define OTHER 0x9c11ab3f00000000u
#define FORKED 0x41cade7700000000u

#define CALL_CROSSES_MS 5000 /* what crosses a final answer on its way (Timer T4) */

_Static_assert(sizeof(struct call) <= 528, "50,000 calls in 64 MB, with what ends them");

size_t calls_size(void)
{
	return sizeof(struct call);
}

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t key = (a ^ b * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

uint64_t call_other_key(const struct asks *a)
{
	uint32_t request = a->cseq ^ a->site ^ a->branch.id;

	return mixed(a->key ^ OTHER, (uint64_t)a->target << 32 | request);
}

uint64_t call_forked_key(const struct names *n)
{
	return mixed(n->from + n->to, FORKED);
}

void calls_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		    table_fetch *fetch)
{
	enum sip_method m = sip->method;

	if ((m != METHOD_INVITE && m != METHOD_BYE && m != METHOD_UPDATE && m != METHOD_CANCEL) ||
	    sip->status == 100)
		return;
	fetch(st->calls, call_key(n));
	/* who was called may speak, too; an answer to INVITE is for who called, mostly */
	if (n->to && m != METHOD_INVITE)
		fetch(st->calls, n->to);
}

uint64_t call_lasted(const struct call *c, uint64_t now)
{
	uint64_t from = c->began + c->answered * (NS / 1000);
	uint64_t to = c->ended ? c->began + c->ended * (NS / 1000) : now; /* or BYE is on its way */

	return c->answered && to > from ? to - from : 0;
}

/* ---- which call ---- */

struct call_branch call_branch_of(const struct state *st, const struct sip_msg *sip,
				  const struct names *n)
{
	uint64_t host = name_bytes(st, NAME_HOST, sip->via.host);

	return (struct call_branch){
		.id = call_part(name_bytes(st, NAME_BRANCHES, sip->branch)),
		.by = call_part(mixed(host ^ n->guess, sip->via.port)),
	};
}

bool call_moved(struct state *st, uint64_t key, uint64_t now)
{
	return told_before(st, key_with(key, OTHER), now);
}

void call_moves(struct state *st, uint64_t key, uint64_t now)
{
	(void)told_now(st, key_with(key, OTHER), now, now + CALL_CROSSES_MS * (NS / 1000));
}

static bool same_request(const struct call *c, const struct asks *a)
{
	return c->cseq == a->cseq && c->site == a->site && c->target == a->target &&
	       c->branch.id == a->branch.id;
}

/*
 * Some servers keep a transaction no longer than for what crosses their answer: what comes
 * later with its name is to them a new call, and no phone's repetition.  Nor is what has
 * another sender, who is part of that name.
 */
static enum is judge_repeated(const struct call *c, const struct asks *a, uint64_t now)
{
	uint32_t done = call_over(c) ? c->ended : c->answered;

	if (c->branch.by != a->branch.by || (done && call_ms(c, now) > done + CALL_CROSSES_MS))
		return IS_COPY;
	return IS_SAME;
}

/*
 * Whoever outside asks with a name that is taken, for another number or with another
 * CSeq number, has servers begin another call (RFC 3261 8.2.2.2); so has who does in
 * another transaction, but where he tries another server, as the first does not answer.
 * What our servers send with it is what they make of the call.
 */
enum is call_judge(const struct call *c, const struct asks *a, uint64_t now)
{
	bool outbound = c->dir == DIR_OUTBOUND;

	if (call_over(c))
		return outbound || a->outbound || !same_request(c, a) ? IS_NEW :
									judge_repeated(c, a, now);
	if (a->outbound)
		return outbound && c->flags & CALL_CHALLENGED ? IS_RETRY : IS_SAME;
	if (outbound)
		return a->many ? IS_SAME : IS_OTHER;
	if (c->site != a->site)
		return IS_OTHER;
	if (c->flags & CALL_CHALLENGED)
		return same_request(c, a) && c->branch.by == a->branch.by ? IS_SAME : IS_RETRY;
	if (a->many)
		return c->cseq == a->cseq ? IS_SAME : IS_OTHER;
	if (same_request(c, a))
		return judge_repeated(c, a, now);
	return c->cseq == a->cseq && c->target == a->target && c->state == CALL_INITIAL &&
	       !addr_eq(&c->inside, a->inside) ? IS_SAME : IS_OTHER;
}

struct hold call_hold(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->calls, key, now);

	if (h.value && ((const struct call *)h.value)->key != key)
		table_release(&h);
	return h;
}

void call_draft_begin(struct state *st, const struct call_asks *asks, uint64_t now,
		      struct call_draft *out)
{
	struct asks a = {
		.key = call_key(asks->names), .cseq = asks->cseq,
		.target = call_part(asks->names->target), .site = call_part(asks->names->site),
		.branch = asks->branch, .inside = asks->inside,
		.outbound = asks->outbound, .many = asks->known || asks->trunk >= 0,
	};
	uint64_t key[2] = { a.key, call_other_key(&a) };
	enum is is = IS_OTHER;

	memset(out, 0, offsetof(struct call_draft, slot));
	out->key = a.key;
	out->trunk = asks->trunk;
	out->room = CALL_SLOTS;
	for (unsigned i = 0; i < 2 && is == IS_OTHER; i++) {
		struct hold h = call_hold(st, key[i], now);
		const struct call *c = h.value;

		is = c ? call_judge(c, &a, now) : IS_NEW;
		out->copy = is == IS_COPY;
		out->again = is == IS_SAME || is == IS_COPY;
		out->leg = out->again && c->trunk < 0 && asks->trunk >= 0;
		if (out->leg)
			out->room = c->slots < CALL_SLOTS ? CALL_SLOTS - c->slots : 0;
		table_release(&h);
		out->again |= i && is == IS_NEW && call_moved(st, key[i], now);
	}
}

static bool has_fork(const struct call *c, uint64_t tag)
{
	for (unsigned i = 0; i < CALL_FORKS; i++)
		if (c->fork[i] == call_part(tag))
			return true;
	return false;
}

struct hold call_hold_dialog(struct state *st, const struct names *n, uint64_t now)
{
	const uint64_t key[] = { call_key(n), n->to ? n->to : n->call };
	const uint64_t tag[] = { n->to, n->from };

	for (unsigned i = 0; i < 2; i++) {
		struct hold h = call_hold(st, key[i], now);

		if (h.value && has_fork(h.value, tag[i]))
			return h;
		table_release(&h);
	}
	return call_hold(st, call_forked_key(n), now);
}

bool call_find(struct state *st, const struct names *n, uint64_t now, struct call *out)
{
	struct hold h = call_hold_dialog(st, n, now);

	if (!h.value) /* not answered yet */
		h = call_hold(st, call_key(n), now);
	if (!h.value && n->to)
		h = call_hold(st, n->to, now);
	if (!h.value)
		return false;
	*out = *(const struct call *)h.value;
	table_release(&h);
	return true;
}

