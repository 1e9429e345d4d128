/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of registrations, for people: what bindings.h goes by are hashes.  Written when a
 * server's 2xx makes a contact or prolongs it, and never read by a check.
 *
 * Whether a contact lives only its address-of-record says (contact_until).
 *
 * Locking: inside.
 */
#ifndef SIPMOAT_PEOPLE_H
#define SIPMOAT_PEOPLE_H

#include "memory.h"

struct people_key {
	uint64_t aor;
	uint32_t contact, site; /* prints */
};

/* uri: SLICE_NONE for none; lived: it has been there before. */
void people_put(struct state *st, const struct lesson *l, const struct people_key *key,
		struct slice uri, const char *agent, bool lived);

/* contacts.c.  false: it has ended. */
bool contact_until(struct state *st, const struct people_key *key, uint64_t now,
		   uint64_t *until);

#endif
