/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What digests.c and audits.c share: the keys of both tables, and what is known of a user
 * in a realm (whose: audit_whose).
 *
 * Locking: inside, one record at a time.  Units: ns.
 */
#ifndef SIPMOAT_WHOSE_H
#define SIPMOAT_WHOSE_H

#include <stdbool.h>
#include <stdint.h>

struct audit_due;
struct state;

enum whose_kind {
	WHOSE_ASKED = 1, WHOSE_READY, /* digests */
	WHOSE_USER, WHOSE_REALM, WHOSE_SITE, WHOSE_NONCE, WHOSE_OLD /* audits */
};

/* Not key_with: the users of an office must not crowd one bucket. */
static inline uint64_t whose_key(uint64_t key, enum whose_kind kind)
{
	key = (key ^ (uint64_t)kind * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;
	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

bool audit_is_due(struct state *st, uint64_t whose, const struct audit_due *due, uint64_t now);
bool audit_is_weak(struct state *st, uint64_t whose, uint64_t now);
/* He has logged in there, weak as he is. */
void audit_mark_site(struct state *st, uint64_t user, uint64_t site, uint64_t now);
/* It is being audited now. */
void audit_taken(struct state *st, uint64_t whose, uint64_t now);

#endif
