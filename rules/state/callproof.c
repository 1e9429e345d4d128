/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callproof.h"

#include "transactions.h"

/* A ringing has used up the proof that a branch is: but who asks, whom, and under which branch
 * the transaction knows.  Without the cookie a caller might have chosen what names it. */
static bool answers(struct state *st, const struct sip_msg *sip, const struct names *n,
		    uint64_t now)
{
	struct transaction t;

	return name_has_cookie(sip->branch) && txn_find(st, n->txn, now, &t) &&
	       t.flags & TXN_INSIDE && t.site == n->site && t.cseq == sip->cseq &&
	       t.status / 100 == 2;
}

bool call_proves(struct state *st, const struct sip_msg *sip, const struct names *n,
		 enum proof proof, bool in_call, uint64_t now)
{
	/* tags of refusals come back in ACKs, too: but only 2xx makes a dialog that can be
	 * confirmed */
	if (sip->kind == SIP_REQUEST)
		return sip->method == METHOD_ACK && proof == PROOF_TAG && in_call;
	return sip->kind == SIP_RESPONSE && sip->method == METHOD_INVITE &&
	       sip->status / 100 == 2 && answers(st, sip, n, now);
}
