/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory across packets, as the checks and the engine see it.  Everything is
 * sized at start, keyed with a secret, sharded, and evicts the least proven
 * first.  Callers never hold a lock; each call takes at most one shard's.
 */
#ifndef SIPMOAT_STATE_H
#define SIPMOAT_STATE_H

#include "engine.h"

struct meter;

struct meter *state_meter(struct state *st);

/*
 * Sources (state/sources.c): what a site has proven.
 * STRANGER: nothing.  RETURNED: it repeated something only a host that receives
 * our servers' answers can know (a challenge's nonce, a To-tag).  REGISTERED: a
 * server accepted registrations from it that have not expired.
 */
enum standing { STRANGER, RETURNED, REGISTERED };

struct source {
	enum standing standing;
	unsigned registrations; /* live ones, saturates at SOURCE_REGS */
};

#define SOURCE_REGS 48

void source_find(struct state *st, const struct addr *site, uint64_t now, struct source *out);

/*
 * Reads what a server inside answers: remembers challenges and tags that may
 * come back as proof, and the registrations it accepted.  Returns the seconds
 * for which the destination now belongs to the known sources, 0 = no change.
 */
uint32_t source_learn(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		      uint64_t now);

/*
 * What an inbound request proves of its sender; changes standing.  Each proof
 * counts once: a second request with the same nonce or tag proves nothing.
 */
enum proof { PROOF_NONE, PROOF_TAG, PROOF_NONCE };
enum proof source_prove(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
			uint64_t now);

#endif
