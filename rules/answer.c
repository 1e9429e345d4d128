/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include "sip/reply.h"
#include "state/meter.h"
#include "state/names.h"
#include "state/state.h"

#define METER_SITE 0x80 /* kinds of meters */
#define METER_ALL 0x81
#define TAG 0x616e73776572 /* mixed into the key of a call */

/* Whoever repeats Call-ID and From tag gets it; nobody else can know it. */
static uint64_t tag_of(const struct probe *p)
{
	return key_with(p->names->from, TAG) ^ key_with(TAG, p->names->from);
}

/* What leaves comes from a server of ours. */
static bool receives(const struct probe *p)
{
	return p->pkt->dir == DIR_OUTBOUND || p->trusted || p->proof != PROOF_NONE ||
	       source_standing(p->state, p->site_key, p->now) != STRANGER;
}

static bool within(const struct probe *p, uint64_t key, uint32_t budget)
{
	const struct meter_limit limit = { budget, budget, NS };
	bool over;

	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	return !over;
}

bool answer_make(const struct probe *p, const struct policy *policy, struct parcel *out)
{
	struct reply r = { .status = policy->code, .phrase = slice_of(policy->phrase) };

	if (!p->sip || p->sip->kind != SIP_REQUEST || p->sip->method == METHOD_ACK || !p->names ||
	    p->pkt->proto != PROTO_UDP || !receives(p))
		return false;
	if (!within(p, key_with(p->site_key, METER_SITE), ANSWERS_SITE) ||
	    !within(p, key_with(0, METER_ALL), ANSWERS_ALL))
		return false;
	r.tag = tag_of(p);
	return reply_make(out, p->pkt, p->sip, &r);
}

bool answer_acked(const struct probe *p)
{
	return p->sip->kind == SIP_REQUEST && p->sip->method == METHOD_ACK && p->names &&
	       p->names->from && reply_tag_is(p->sip->to.tag, tag_of(p));
}
