/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who logs in from where, and who only tries: what servers inside answered to
 * digest credentials (RFC 3261 22), by user and site, by user, and by site.
 *
 * A failure is 401 or 407 without stale=true (RFC 7616 3.3), or 403.  Two tables:
 * `logins` holds successes, one small record for each user of a site; `guesses` what
 * failed since and what is not answered yet, only where there is any.
 *
 * Credentials that are under way may turn out wrong: they are counted with the
 * failures when they are let through, in one step under one lock, so that no speed
 * and no number of workers gets more than the limit past the check.  After
 * LOGIN_FLIGHT without an answer they are forgotten.
 *
 * Records hold times, the limits come with the question: another zone or a reload
 * may judge the same times otherwise.
 *
 * Locking: inside, one record at a time.  Units: ns.  Times are kept in steps of
 * 2^20 ns, about a millisecond.  Keys: user is names.login or names.from_user, site
 * is names.site.
 */
#ifndef SIPMOAT_LOGINS_H
#define SIPMOAT_LOGINS_H

#include <stdbool.h>
#include <stdint.h>

struct lesson;
struct state;

#define LOGIN_SLOTS 29            /* failures, and credentials under way, of one user@site */
#define LOGIN_FLIGHT 32           /* s: Timer F (RFC 3261 17.1.2.2) */
#define LOGIN_PROVEN (30 * 86400) /* s for which a success tells who is at home where */
#define LOGIN_RECENT 86400        /* s for which it vouches for what is under way */
#define LOGIN_LONGEST 86400       /* s that a window or a lock may last */

struct login_limit {
	unsigned failures;     /* 1 .. LOGIN_SLOTS, within */
	uint64_t window, lock; /* ns, up to LOGIN_LONGEST */
};

enum login_answer {
	LOGIN_OPEN,
	LOGIN_LOCKED,  /* so many failures: until `until` */
	LOGIN_BUSY,    /* failures, and what is under way, are as many: wait */
	LOGIN_CHANGED, /* a transaction repeated with other credentials */
};

/*
 * May these credentials (names.guess, in the transaction names.txn) pass?  OPEN:
 * they are counted from now on, unless they are a repetition or the user logged in
 * from there within LOGIN_RECENT.
 */
enum login_answer login_try(struct state *st, uint64_t user, uint64_t site, uint64_t txn,
			    uint64_t guess, const struct login_limit *l, uint64_t now,
			    uint64_t *until);
/* LOCKED or OPEN, for requests without credentials; counts nothing. */
enum login_answer login_state(struct state *st, uint64_t user, uint64_t site,
			      const struct login_limit *l, uint64_t now, uint64_t *until);

/* Did that user log in from that site within LOGIN_PROVEN? */
bool login_proven(struct state *st, uint64_t user, uint64_t site, uint64_t now);

/*
 * Failures within the last window of all users of a site, and of a user from
 * everywhere.  Exact up to 29; of more, events share the time of the first of
 * their group and leave the window together, never late.
 */
uint32_t login_failures_at(struct state *st, uint64_t site, uint64_t window, uint64_t now);
uint32_t login_failures_of(struct state *st, uint64_t user, uint64_t window, uint64_t now);

void logins_learn(struct state *st, const struct lesson *l);
void logins_prefetch(const struct state *st, uint64_t user, uint64_t site);

#endif
