/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

static void count_kind(struct stats *s, const struct pkt *pkt, const struct decision *d)
{
	if (!d->parsed || pkt->payload.n == 0) /* a bare TCP ACK is no keepalive */
		return;
	switch ((enum sip_kind)d->kind) {
	case SIP_REQUEST:
		stats_add(&s->requests, 1);
		break;
	case SIP_RESPONSE:
		stats_add(&s->responses, 1);
		break;
	case SIP_KEEPALIVE:
		stats_add(&s->keepalives, 1);
		break;
	case SIP_NONE:
		stats_add(&s->not_sip, 1);
		break;
	}
}

static void count_direction(struct stats *s, enum direction dir)
{
	if (dir == DIR_INBOUND)
		stats_add(&s->inbound, 1);
	else if (dir == DIR_OUTBOUND)
		stats_add(&s->outbound, 1);
	else
		stats_add(&s->internal, 1);
}

static enum stats_outcome outcome_of(const struct decision *d)
{
	switch ((enum verdict)d->verdict) {
	case VERDICT_DROP:
		return d->call ? OUTCOME_cut : OUTCOME_dropped;
	case VERDICT_REJECT:
		return OUTCOME_rejected;
	case VERDICT_DECOY:
		return OUTCOME_deceived;
	case VERDICT_ACCEPT:
		break;
	}
	return d->observed ? OUTCOME_observed :
	       d->approved ? OUTCOME_approved :
	       d->mark ? OUTCOME_marked : OUTCOME_alerted;
}

void stats_hit(struct stats *s, const struct decision *d)
{
	enum stats_outcome o = outcome_of(d);

	if (d->check < CHECK_MAX)
		stats_add(&s->outcome[d->check][o], 1);
}

void stats_count(struct stats *s, const struct pkt *pkt, const struct decision *d)
{
	const unsigned damage = PKT_TRUNCATED | PKT_BAD_LENGTH | PKT_BAD_HEADER | PKT_NOT_IP;

	stats_add(&s->packets, 1);
	count_direction(s, (enum direction)d->dir);
	count_kind(s, pkt, d);
	stats_hit(s, d);
	if (d->defect < DEFECT_COUNT)
		stats_add(&s->defects[d->defect], 1);
	if (pkt->flags & damage)
		stats_add(&s->damaged, 1);
	stats_add(d->verdict == VERDICT_ACCEPT ? &s->accepted : &s->dropped, 1);
	if (decision_answers(d))
		stats_add(&s->answered, 1);
	if (d->verdict == VERDICT_DECOY)
		stats_add(&s->deceived, 1);
	if (d->answer_after)
		stats_add(&s->delayed, 1);
	if (d->kept == KEPT_CAPPED)
		stats_add(&s->answer_capped, 1);
	if (d->kept == KEPT_STRANGER)
		stats_add(&s->answer_silent, 1);
	if (d->absorbed)
		stats_add(&s->absorbed, 1);
	if (d->observed)
		stats_add(&s->observed, 1);
	if (d->mark && d->verdict == VERDICT_ACCEPT)
		stats_add(&s->marked, 1);
	if (d->mark_time)
		stats_add(&s->marks, 1);
	if (d->approved && d->verdict == VERDICT_ACCEPT)
		stats_add(&s->approved, 1);
	if (d->ban)
		stats_add(&s->bans, 1);
	if (d->ban_capped)
		stats_add(&s->ban_capped, 1);
}
