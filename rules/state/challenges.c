/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "challenges.h"

#include "memory.h"
#include "store.h"

enum { RANK_ASKED = 2, RANK_COMMON = 2 };
#define ASKED_MIX 0x9e3779b97f4a7c15u

struct given {
	uint32_t site[NONCE_SITES]; /* halves of their keys; of ASKED: unused */
	uint32_t what; /* transaction.what of the request that it answered last */
	uint16_t n;
	uint16_t more; /* it was given to others as well */
};

size_t challenges_size(void)
{
	return sizeof(struct given);
}

static uint32_t half(uint64_t site)
{
	return (uint32_t)(site >> 32);
}

static bool is_given(const struct given *g, uint64_t site)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->site[i] == half(site))
			return true;
	return false;
}

enum nonce_from nonce_find(struct state *st, uint64_t nonce, uint64_t site, uint64_t now)
{
	struct hold h = table_find(st->challenges, nonce, now);
	const struct given *g = h.value;
	enum nonce_from from = NONCE_UNKNOWN;

	if (!g)
		return from;
	if (is_given(g, site)) {
		from = NONCE_OURS;
		table_keep(&h, now, now + NONCE_SECONDS * NS, 0);
	} else {
		from = g->more ? NONCE_SHARED : NONCE_FOREIGN;
	}
	table_release(&h);
	return from;
}

uint8_t nonce_flags(struct state *st, uint64_t nonce, const struct transaction *t, uint64_t now)
{
	struct hold h = table_find(st->challenges, nonce, now);
	const struct given *g = h.value;
	uint8_t flags = 0;

	if (g && is_given(g, t->site)) {
		flags = t->what && g->what == t->what ? TXN_CHALLENGED | TXN_SAME : TXN_CHALLENGED;
		flags |= g->n == 1 ? TXN_ALONE : 0;
	}
	table_release(&h);
	return flags;
}

bool nonce_alone(struct state *st, uint64_t nonce, uint64_t site, uint64_t now)
{
	const struct transaction t = { .site = site };

	return nonce_flags(st, nonce, &t, now) & TXN_ALONE;
}

static void add(struct given *g, uint64_t site)
{
	if (is_given(g, site))
		return;
	if (g->n < NONCE_SITES)
		g->site[g->n++] = half(site);
	else
		g->more = 1;
}

static void give(struct state *st, uint64_t nonce, const struct lesson *l, unsigned rank)
{
	uint64_t site = l->names->site, now = l->now;
	struct hold h = table_make(st->challenges, nonce, now, (uint8_t)rank);
	struct given *g = h.value;

	if (!g)
		return;
	add(g, site);
	g->what = l->asked ? l->asked->what : 0;
	table_keep(&h, now, now + NONCE_SECONDS * NS, (uint8_t)rank);
	table_release(&h);
}

static void give_all(struct state *st, const struct lesson *l, enum sip_header header)
{
	struct slice line, nonce;
	enum standing standing;
	unsigned at = 0;

	standing = source_standing(st, l->names->site, l->now);
	while (sip_next(l->sip, header, &at, &line))
		if (sip_digest_param(line, SLICE("nonce"), &nonce) && nonce.n)
			give(st, name_bytes(st, NAME_NONCE, nonce), l,
			     standing == STRANGER ? 0 : 1);
}

/* Nearly all challenges have one nonce, which is read already. */
static void challenged(struct state *st, const struct lesson *l)
{
	unsigned www = l->sip->seen[HDR_WWW_AUTHENTICATE];
	unsigned proxy = l->sip->seen[HDR_PROXY_AUTHENTICATE];

	if (www + proxy == 1 && l->names->nonce) {
		give(st, l->names->nonce, l,
		     source_standing(st, l->names->site, l->now) == STRANGER ? 0 : 1);
		return;
	}
	if (www)
		give_all(st, l, HDR_WWW_AUTHENTICATE);
	if (proxy)
		give_all(st, l, HDR_PROXY_AUTHENTICATE);
}

static void asked(struct state *st, uint64_t site, uint64_t now)
{
	struct hold h = table_make(st->challenges, site ^ ASKED_MIX, now, RANK_ASKED);

	if (h.value)
		table_keep(&h, now, now + ASKED_SECONDS * NS, RANK_ASKED);
	table_release(&h);
}

bool challenge_expected(struct state *st, uint64_t site, uint64_t now)
{
	struct hold h = table_find(st->challenges, site ^ ASKED_MIX, now);
	bool found = h.value != NULL;

	table_release(&h);
	return found;
}

static uint64_t key_of_tag(const struct state *st, struct slice tag)
{
	tag.n = tag.n < TAG_BEGINS ? tag.n : TAG_BEGINS;
	return name_bytes(st, NAME_TAG_BEGIN, tag);
}

/* Those who are many stay, however many tags there are of one. */
static void refused(struct state *st, const struct lesson *l)
{
	struct hold h = table_make(st->challenges, key_of_tag(st, l->sip->to.tag), l->now, 0);
	struct given *g = h.value;

	if (!g)
		return;
	add(g, l->names->site);
	if (g->n > 1)
		table_keep(&h, l->now, l->now + TAG_SECONDS * NS, RANK_COMMON);
	else
		table_keep(&h, l->now, l->now + NONCE_SECONDS * NS, 0);
	table_release(&h);
}

bool tag_common(struct state *st, struct slice tag, uint64_t now)
{
	struct hold h = table_find(st->challenges, key_of_tag(st, tag), now);
	const struct given *g = h.value;
	bool common = g && g->n > 1;

	table_release(&h);
	return common;
}

void challenges_learn(struct state *st, const struct lesson *l)
{
	const struct sip_msg *sip = l->sip;

	if (l->pkt->dir != DIR_OUTBOUND)
		return;
	if (sip->kind == SIP_RESPONSE && (sip->status == 401 || sip->status == 407))
		challenged(st, l);
	if (sip->kind == SIP_RESPONSE && sip->method == METHOD_INVITE && sip->status >= 300 &&
	    sip->to.tag.n)
		refused(st, l);
	if (sip->kind == SIP_REQUEST && !l->names->to && !l->again &&
	    (sip->method == METHOD_INVITE || sip->method == METHOD_REGISTER))
		asked(st, l->names->site, l->now);
}
