/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shown.h"

#include "groups.h"
#include "ruleset.h"
#include "state/challenges.h"
#include "state/flows.h"
#include "state/names.h"
#include "state/state.h"

/* Some servers give all whom they challenge in a second the same nonce. */
static bool shows_nonce(const struct probe *p)
{
	return p->proof == PROOF_NONCE && p->names &&
	       nonce_alone(p->state, p->names->nonce, p->site_key, p->now);
}

enum shows shown_by(const struct probe *p)
{
	if (p->proof == PROOF_BRANCH)
		return SHOWS_ASKED;
	return p->proof == PROOF_DECOY || (p->segment && p->segment->shown) || shows_nonce(p) ||
			       (p->proof == PROOF_TAG && !p->tag_shared) ?
		       SHOWS_SENDER : SHOWS_NOTHING;
}

bool shown_partner(const struct probe *p)
{
	struct source s;

	source_find(p->state, p->site_key, p->now, &s);
	return s.met || trunk_of(p->rules, &p->pkt->src) >= 0;
}
