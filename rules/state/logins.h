/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who logs in from where, and who only tries: what servers inside answered to
 * digest credentials (RFC 3261 22), by user and site, by user, and by site.
 *
 * A failure is 401 or 407 without stale=true (RFC 7616 3.3), or 403.  Two tables:
 * `logins` holds successes and the latest credentials, one small record for each
 * user of a site; `guesses` (guesses.h) what failed since and what is not answered
 * yet, only where there is any.
 *
 * Credentials that are under way may turn out wrong: they are counted with the
 * failures when they are let through, in one step under one lock, so that no speed
 * and no number of workers gets more than the limit past the check.  After
 * LOGIN_FLIGHT without an answer they are forgotten.
 *
 * Anybody can forge the address of a user who is at home at a site, but not the
 * nonce that a server gave to that site.  What fails there with another nonce is
 * counted apart, and holds against such credentials only.
 *
 * Records hold times, the limits come with the question: another zone or a reload
 * may judge the same times otherwise.
 *
 * Locking: inside, one record at a time.  Units: ns.  Keys: user is names.login or
 * names.from_user, site is names.site.
 */
#ifndef SIPMOAT_LOGINS_H
#define SIPMOAT_LOGINS_H

#include "names.h"
#include "table.h"

struct lesson;
struct state;
struct transaction;

#define LOGIN_SLOTS 29            /* failures, and credentials under way, of one user@site */
#define LOGIN_FLIGHT 32           /* s: Timer F (RFC 3261 17.1.2.2) */
#define LOGIN_PROVEN (30 * 86400) /* s for which a success tells who is at home where */
#define LOGIN_RECENT 86400        /* s for which it vouches for what is under way */
#define LOGIN_LONGEST 86400       /* s that a window or a lock may last */

struct login_limit {
	unsigned failures;     /* 1 .. LOGIN_SLOTS, within */
	uint64_t window, lock; /* ns, up to LOGIN_LONGEST */
	uint64_t excused;      /* failures up to then do not count */
};

/* What is known when credentials come. */
struct login_facts {
	bool proven;    /* login_proven */
	bool recent;    /* a success within LOGIN_RECENT */
	bool failing;   /* a login failed since the latest success, within an hour or so */
	bool reused;    /* the nonce is that of the latest credentials of this user@site */
	bool repeated;  /* and so is every byte */
	bool went_back; /* with reused: its count went back before */
	bool told;      /* with reused: it came before when logins were failing */
	uint32_t nc;    /* with reused: the highest count so far */
	unsigned wrong; /* with reused: different credentials with it that failed */
};
void login_find(struct state *st, const struct names *n, uint64_t now, struct login_facts *out);

enum login_answer {
	LOGIN_OPEN,
	LOGIN_LOCKED,  /* so many failures: until `until` */
	LOGIN_BUSY,    /* failures, and what is under way, are as many: wait */
	LOGIN_CHANGED, /* a transaction repeated with other credentials */
};

/*
 * May these credentials pass?  OPEN: they are counted from now on, unless they are a
 * repetition, or a recent success vouches for them.  challenged: their nonce was given
 * to that site.
 */
enum login_answer login_try(struct state *st, const struct names *n, const struct login_facts *f,
			    bool challenged, const struct login_limit *l, uint64_t now,
			    uint64_t *until);
/* LOCKED or OPEN, for requests without credentials; counts nothing. */
enum login_answer login_state(struct state *st, uint64_t user, uint64_t site,
			      const struct login_limit *l, uint64_t now, uint64_t *until);

/* Would an answer of success to that login mean that its credentials were good? */
bool login_vouches(const struct transaction *asked);

/* Did that user log in from that site within LOGIN_PROVEN, or is he registered there? */
bool login_proven(struct state *st, uint64_t user, uint64_t site, uint64_t now);

/*
 * Failures within the last window of all users of a site, of these only those whose
 * nonce was given to that site, so that it is known who tried, and of a user from
 * everywhere.  Who is at home there and answers his challenges is in none of them.
 * Exact up to 29; of more, events share the time of the first of their group and leave
 * the window together, never late.
 */
uint32_t login_failures_at(struct state *st, uint64_t site, uint64_t window, uint64_t now);
uint32_t login_failures_shown(struct state *st, uint64_t site, uint64_t window, uint64_t now);
/* ... and of these those whose nonce was given to nobody else. */
uint32_t login_failures_alone(struct state *st, uint64_t site, uint64_t window, uint64_t now);
uint32_t login_failures_of(struct state *st, uint64_t user, uint64_t window, uint64_t now);

void logins_learn(struct state *st, const struct lesson *l);
void logins_prefetch(const struct state *st, uint64_t user, uint64_t site, table_fetch *fetch);

#endif
