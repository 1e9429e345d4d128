/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second factor: what a check refused with action = "approve" waits here under a one-time
 * token, and once somebody has approved it, the account may have it for a while.
 *
 * Who asks is an account: its user wherever he is when he has SHOWN himself, else that
 * name at one site.  What was granted to the name at a site holds there when he has shown
 * himself since, as he does who answers the challenge that his first INVITE now meets.
 *
 * One record an account: what it waits for and what it was granted, APPROVALS_MOST in all.
 * Who has shown nothing may have APPROVALS_SITE tokens of his site's within the life of one,
 * and APPROVALS_STRANGERS of all such: names cost nothing.
 *
 * Ownership: values.  Locking: inside.  Units: ns; wall clock is not needed.
 */
#ifndef SIPMOAT_APPROVALS_H
#define SIPMOAT_APPROVALS_H

#include "account.h"
#include "engine.h"

#define APPROVALS_MOST 6
#define APPROVALS_SITE 6
#define APPROVALS_STRANGERS 64

/* Who asks, and from where. */
struct approval_who {
	const struct account *account;
	struct addr site;  /* addr_site() of the outside end */
	uint64_t site_key; /* key_of_addr(site) */
};

/* what: hash of what is asked for (evidence_what()), the same in each call.  Has it been
 * approved, and is that still good? */
bool approval_granted(struct state *st, const struct approval_who *who, uint64_t what,
		      uint64_t now);

/*
 * A token for it: a new one, or the one that waits already.  false: none is given out (too
 * many wait for this account, or in all).  *news: it is worth an event: a new token, or the
 * old one has not been told for a minute.
 */
struct approval_ask {
	struct approval_who who;
	uint64_t what;
	struct slice label;  /* for people: "class premium", "limit user-day" */
	struct slice number; /* dialled */
	uint32_t token_life, grant_life; /* s */
	uint32_t most;       /* tokens of an account that may wait */
};
struct approval_token {
	char text[APPROVAL_TOKEN];
	uint64_t key; /* for state_approval_of */
	bool news;
};
bool approval_ask(struct state *st, const struct approval_ask *ask, uint64_t now,
		  struct approval_token *out);

size_t approvals_size(void);

#endif
