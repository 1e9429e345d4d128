/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of passwords.  Two tables: `digests` holds credentials whose answer is
 * awaited, and those that a server accepted until they are audited (audit.h); `audits` who
 * was audited when, who is weak, and since when a nonce is in use.  Neither is saved.
 *
 * A user is audited by realm: the same number of two tenants may have two passwords.
 * Weak is a user by the realm of his credentials; of credentials with a realm that was
 * never audited, when he is weak in any; and without credentials, when besides he has
 * logged in with a weak password where the request comes from.
 *
 * Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_AUDITS_H
#define SIPMOAT_AUDITS_H

#include "audit.h"
#include "names.h"

struct probe;
struct sip_msg;
struct transaction;

/*
 * rules/audit.c: is a request judged by zone.weak, because its user's password is weak?
 * REGISTER is not: by it a better password is seen.  Nor is what belongs to a call that
 * runs, and a call for help.
 */
bool audit_restricts(const struct probe *p);
/* Sets it, once the checks are compiled without an error. */
void audit_assign(struct ruleset *rs);

/* Why accepted credentials cannot be audited. */
enum audit_skip { SKIP_NONE, SKIP_AUTH_INT, SKIP_ALGORITHM, SKIP_USERHASH, SKIP_LONG, SKIP_BROKEN };

struct audit_due {
	uint64_t every, recheck; /* ns */
};
/* Is their digest of any use: are they due, or weak? */
bool audit_wanted(struct state *st, uint64_t whose, const struct audit_due *due, uint64_t now);
/* Credentials are let through: what they were made from is kept until the answer.  rank:
 * enum standing of their site. */
void audit_asked(struct state *st, const struct names *n, const struct audit_task *t,
		 enum audit_skip skip, unsigned rank, uint64_t now);
/* They were accepted, so they wait for the audit now.  Returns why they cannot. */
enum audit_skip audit_accepted(struct state *st, uint64_t txn, const struct transaction *asked,
			       const struct audit_due *due, uint64_t now);

/* What came of it.  hold: ns.  true: that is news. */
bool audit_found(struct state *st, const struct audit_task *t, bool weak, uint64_t hold,
		 uint64_t now);

/* Fills what is in the text; from digest credentials. */
enum audit_skip audit_read(struct slice credentials, struct slice method, struct audit_task *out);
/* The key of a user in a realm. */
uint64_t audit_whose(const struct state *st, uint64_t user, struct slice realm);

/* Is it a request of somebody whose password is weak?  user: who pays, where the names say
 * nothing of him. */
bool audit_weak(struct state *st, const struct sip_msg *sip, const struct names *n, uint64_t user,
		uint64_t now);

/* Nonces: since when one is in use, and who got it first.  age: ns, 0 when it is new. */
struct nonce_past {
	uint64_t age;
	bool other_site; /* first given to another site */
};
struct nonce_past audit_nonce_given(struct state *st, uint64_t nonce, uint64_t site, uint64_t now);
uint64_t audit_nonce_age(struct state *st, uint64_t nonce, uint64_t now);
/* The credentials of a transaction have an old nonce, and are accepted (returns age). */
void audit_nonce_old(struct state *st, uint64_t txn, uint64_t age, uint64_t now);
uint64_t audit_nonce_was_old(struct state *st, uint64_t txn, uint64_t now);

#endif
