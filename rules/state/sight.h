/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which servers inside we hear.  With asymmetric routing only one direction of a
 * conversation passes here: then nothing can be concluded from an answer that was
 * not seen, and the checks that need answers must keep still.
 *
 * A server that was asked SIGHT_ASKED times and for SIGHT_SECONDS, and said nothing
 * in all that time, is not heard: its answers take another way, or it is down.  One
 * word of it, and it is heard again.
 *
 * Locking: atomics; up to SIGHTS servers are told apart, half of that of those that
 * never spoke; of others it is taken that they are heard.  Units: ns.
 */
#ifndef SIPMOAT_SIGHT_H
#define SIPMOAT_SIGHT_H

#include <stdatomic.h>

#include "addr.h"

struct lesson;
struct state;

#define SIGHTS 64
#define SIGHT_ASKED 20
#define SIGHT_SECONDS 32 /* Timer F: by then every request was answered or is lost */

struct sight {
	_Atomic uint64_t high, low; /* the server's address; both 0: free */
	_Atomic uint64_t spoke;     /* when it was heard last, to the second; 0: never */
	_Atomic uint64_t since;     /* of the first question after that */
	atomic_uint asked;          /* questions since then */
	atomic_bool told;           /* the operator knows that it is not heard */
	/* logins that fail although they succeeded before, see sight_excuses */
	_Atomic uint64_t failing;   /* their users, a bit each */
	_Atomic uint64_t trouble;   /* when the first of them failed */
	_Atomic uint64_t excused;   /* when a trouble was over; 0: never */
};

void sight_learn(struct state *st, const struct lesson *l);
/* Are the answers of that server seen? */
bool sight_replies(struct state *st, const struct addr *inside, uint64_t now);
/* Did it ever say anything? */
bool sight_spoke(struct state *st, const struct addr *inside);

/*
 * A server that has lost its database refuses everybody.  When SIGHT_TROUBLED users who
 * are at home where they log in, with nonces of their own, have failed, for SIGHT_PATIENCE
 * and longer, and nobody succeeded between them, it is not they who are wrong: failures
 * up to the returned time count for nobody who is at home.  While it lasts that is
 * SIGHT_PATIENCE ago.  A stranger can bring about none of it, nor does it help him.
 */
#define SIGHT_TROUBLED 5
#define SIGHT_PATIENCE 60 /* s */
uint64_t sight_excuses(struct state *st, const struct addr *inside, uint64_t now);
void sight_refused(struct state *st, const struct addr *inside, uint64_t user, uint64_t now);
void sight_accepted(struct state *st, const struct addr *inside, uint64_t now);

#endif
