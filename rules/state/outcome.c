/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include "sight.h"

bool outcome_is_refusal(unsigned status)
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

enum outcome outcome_of(const struct lesson *l)
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
	if (outcome_is_refusal(status))
		return l->asked->status > 100 ? NOTHING : REFUSED;
	/* servers say 200 without a look at the credentials */
	if (l->asked->method == METHOD_OPTIONS)
		return status >= 200 ? OPEN : NOTHING;
	if (status < 300 || status == 486 || status == 600)
		return REACHED;
	return FOLLOWED;
}

/* A call may be one of a trunk, which never needs credentials: unseen it is none. */
enum outcome outcome_unseen(struct state *st, const struct lesson *l)
{
	if (l->pkt->dir != DIR_INBOUND || l->again || l->sip->method == METHOD_INVITE ||
	    l->sip->method == METHOD_ACK || l->sip->method == METHOD_CANCEL ||
	    sight_replies(st, &l->inside, l->now))
		return NOTHING;
	return l->names->login && l->sip->method != METHOD_OPTIONS ? FOLLOWED : OPEN;
}
