/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Challenges (RFC 3261 22): to which sites servers inside gave which nonce, and
 * which sites a server inside asked for something, so that they may challenge it.
 *
 * Locking: inside.  Units: ns.  Keys: nonce is names.nonce, site is names.site.
 */
#ifndef SIPMOAT_CHALLENGES_H
#define SIPMOAT_CHALLENGES_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

struct lesson;
struct state;
struct transaction;

#define NONCE_SECONDS 14400 /* from its last use; servers take them for minutes to hours */
#define TAG_BEGINS 8 /* bytes; one that is random has 24 bits at least in them */
#define TAG_SECONDS (7 * 86400) /* of a beginning that several were given */
#define NONCE_SITES 7 /* some servers give all whom they challenge in a second the same */
#define ASKED_SECONDS (30 * 86400)

enum nonce_from {
	NONCE_UNKNOWN, /* never seen, or forgotten */
	NONCE_OURS,    /* a server inside gave it to that site */
	NONCE_FOREIGN, /* it was given to other sites, not to that one */
	NONCE_SHARED,  /* given to more sites than are remembered */
};

enum nonce_from nonce_find(struct state *st, uint64_t nonce, uint64_t site, uint64_t now);
/* The flags of a login's transaction t that tell what its nonce was given for. */
uint8_t nonce_flags(struct state *st, uint64_t nonce, const struct transaction *t, uint64_t now);
/* Was it given to that site, and to no other that could repeat it in its name? */
bool nonce_alone(struct state *st, uint64_t nonce, uint64_t site, uint64_t now);
/* Did a server inside send a REGISTER or INVITE outside a dialog there, of late? */
bool challenge_expected(struct state *st, uint64_t site, uint64_t now);

/*
 * Do the tags with which our servers refuse calls begin for several sites as this one does?
 * Servers that keep no state of what they refuse make them of a constant and a checksum of the
 * request (Kamailio, OpenSIPS): whoever wrote the request in somebody's name knows its tag.
 */
bool tag_common(struct state *st, struct slice tag, uint64_t now);

void challenges_learn(struct state *st, const struct lesson *l);

#endif
