/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory across packets, as the checks and the engine see it.  Everything is
 * sized at start, keyed with a secret, sharded, and evicts the least proven
 * first.  Callers never hold a lock; each call takes at most one shard's.
 */
#ifndef SIPMOAT_STATE_H
#define SIPMOAT_STATE_H

#include "engine.h"
#include "key.h"

struct meter;

/* s since 1970, UTC, at `now`; 0 before state_set_wall. */
uint64_t state_wall(const struct state *st, uint64_t now);

struct meter *state_meter(struct state *st);

/* Fetches what ban_find and source_find will read. */
void state_prefetch(const struct state *st, uint64_t site_key);
/* ... once that has arrived, and what the meters of the site will read. */
void state_prefetch_site(const struct state *st, uint64_t site_key);

/* state_ban_find for callers that have the key of the site. */
bool ban_find(struct state *st, uint64_t site_key, const struct addr *a, uint64_t now,
	      struct ban *out);

/*
 * Sources (state/sources.c): what a site has proven.
 * STRANGER: nothing.  RETURNED: it repeated something only a host that receives
 * our servers' packets can know (a challenge's nonce, a To-tag, a Via branch, the
 * number of a SYN-ACK).  REGISTERED: a server accepted registrations from it that
 * have not expired.
 */
enum standing { STRANGER, RETURNED, REGISTERED };

struct source {
	enum standing standing;
	unsigned registrations; /* live ones, saturates at SOURCE_REGS */
	bool met;               /* source_met, within the last week */
};

#define SOURCE_REGS 48

/* site_key: key_of_addr of the site. */
void source_find(struct state *st, uint64_t site_key, uint64_t now, struct source *out);
/* The same for who need not know how many. */
enum standing source_standing(struct state *st, uint64_t site_key, uint64_t now);

/*
 * Reads what a server inside sends: remembers challenges, tags and branches that
 * may come back as proof, and the registrations it accepted.  Returns the seconds
 * for which the destination now belongs to the known sources, 0 = no change.
 */
uint32_t source_learn(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		      uint64_t now);

/*
 * What an inbound message proves of its sender; changes standing.  TAG: it ends
 * or acknowledges what a server answered.  NONCE: it answers a challenge.
 * BRANCH: it is a response to a request of a server.  DECOY: it answers a challenge of
 * ours, so it pays for no request to a server.  Each proof counts once: a
 * second message with the same nonce, tag or branch proves nothing.
 */
enum proof { PROOF_NONE, PROOF_TAG, PROOF_NONCE, PROOF_BRANCH, PROOF_DECOY };
enum proof source_prove(struct state *st, uint64_t site_key, const struct sip_msg *sip,
			uint64_t now);
/*
 * A nonce of ours for that site, with NUL.  Whoever says it within a minute, and from there,
 * receives what is sent there: source_prove says DECOY, once for each second in which some were
 * made.  Nothing is remembered until it comes back.
 */
#define SOURCE_NONCE 16
void source_nonce(const struct state *st, uint64_t site_key, uint64_t now,
		  char out[SOURCE_NONCE + 1]);
/*
 * Our servers have to do with that site: it registered, a login of it was accepted, a call
 * of its was answered and acknowledged, it answered what they asked it outside a dialog.
 * Remembered for a week, of the site and of the prefix around it.  A refusal that is
 * acknowledged, or a login that fails, is not enough: any scanner has these.
 */
void source_met(struct state *st, const struct addr *a, uint64_t site_key, uint64_t now);
bool source_met_around(struct state *st, const struct prefix *around, uint64_t now);

/* The site completed a TCP handshake: it receives what is sent to it. */
void source_returned(struct state *st, uint64_t site_key, uint64_t now);

/*
 * A score of a site, to which several checks may add points for what none of them
 * would act upon alone.  It fades: SOURCE_HALF_LIFE seconds after it was given, a
 * point counts half, after twice as long a quarter.  Computed in integers, in steps
 * of a 64th of the half-life (9.375 s of the clock): a half-life is exactly half, the
 * rest is within a 128th of a point of s * 2^-(t / half-life) with t in whole steps,
 * and looking changes nothing.  Both return whole points, rounded down; a score stops
 * at SOURCE_SCORE_MOST.  The points of whom there is no room for are not remembered.
 */
#define SOURCE_HALF_LIFE 600
#define SOURCE_SCORE_MOST 65535
unsigned source_score_add(struct state *st, uint64_t site_key, unsigned points, uint64_t now);
unsigned source_score(struct state *st, uint64_t site_key, uint64_t now);

#endif
