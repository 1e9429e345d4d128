/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second factor: what a check refused with action = "approve" waits here under a one-time
 * token, and once somebody has approved it, the account may have it for a while.
 *
 * Ownership: values.  Locking: inside.  Units: ns; wall clock is not needed.
 */
#ifndef SIPMOAT_APPROVALS_H
#define SIPMOAT_APPROVALS_H

#include "account.h"
#include "engine.h"

/* what: hash of what is asked for (a class, a limit, a list), the same in each call. */
/* Has it been approved, and is that still good? */
bool approval_granted(struct state *st, const struct account *a, uint64_t what, uint64_t now);

/*
 * A token for it: a new one, or the one that waits already.  false: none is given out (too
 * many wait for this account, or in all).  *news: it is worth an event: a new token, or the
 * old one has not been told for a while.
 */
struct approval_ask {
	const struct account *account;
	uint64_t what;
	struct slice label;  /* for people: "class premium", "limit user-day" */
	struct slice number; /* dialled */
	uint32_t token_life, grant_life; /* s */
	uint32_t most;       /* tokens of an account that may wait */
};
bool approval_ask(struct state *st, const struct approval_ask *ask, uint64_t now,
		  char token[APPROVAL_TOKEN], bool *news);

size_t approvals_size(void);

#endif
