/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it takes to end a call for both sides (RFC 3261 12.1, 15): tags, Call-ID, URIs, the
 * target and the route set of each side, its highest CSeq, and where its messages come from
 * and go to on the wire.
 *
 * One record for a call, named by Call-ID and From tag of its first INVITE (calls.h), of the
 * dialog that was confirmed first, and of the stretch between the server and the side
 * outside whose INVITE came first or was sent first: `outside` and `inside` are its ends.
 * What a proxy inside sends on to another side outside belongs to the same call, and what
 * ends it at the proxy ends it there.
 *
 * Only what servers inside say, what answers their requests, and what comes from sides
 * that are known (dialogs.h) is learned.
 *
 * Ownership: values.  Locking: inside.  Units: now in ns.
 */
#ifndef SIPMOAT_LEGS_H
#define SIPMOAT_LEGS_H

#include "memory.h"

enum leg_flag {
	LEG_OUTSIDE_CALLS = 1, /* the caller is the end outside */
	LEG_TCP = 2,
	LEG_CONFIRMED = 4,
	LEG_OVER = 8,      /* somebody said BYE */
	LEG_TOO_LONG = 16, /* some text found no room, or cannot be repeated */
	LEG_CUT = 32,      /* we said BYE: nothing else may follow */
	LEG_PUT = 64,      /* ... in the TCP connection, see put */
};

enum leg_text {
	LEG_CALL_ID,
	LEG_CALLER_TAG, LEG_CALLEE_TAG,
	LEG_CALLER_URI, LEG_CALLEE_URI,
	LEG_TO_INSIDE, LEG_TO_OUTSIDE,       /* remote target, as the other end was told */
	LEG_ROUTE_INSIDE, LEG_ROUTE_OUTSIDE, /* Route values, in order, from here on */
	LEG_TEXTS
};

enum leg_end { LEG_INSIDE, LEG_OUTSIDE };
enum leg_side { LEG_CALLER, LEG_CALLEE };

#define LEGS_BYTES 440
#define LEGS_ROOM (LEGS_BYTES - 91)

struct legs {
	uint64_t key;
	struct addr heard, told; /* end outside: where it speaks from, and is spoken to */
	struct addr inside;
	uint32_t cseq[2];        /* by enum leg_side: highest in its requests, 0: none */
	uint32_t put[2];         /* by enum leg_end: where our BYE is in the TCP connection */
	uint16_t heard_port, told_port, inside_port;
	uint8_t flags;           /* enum leg_flag */
	uint8_t routes;          /* of Record-Route in the INVITE */
	uint8_t answered;        /* bit per enum leg_end: it has answered our BYE, */
	uint8_t refused;         /* ... and not with 2xx, 408 or 481 */
	uint8_t n[LEG_TEXTS];    /* bytes of each text, one behind the other */
	char text[LEGS_ROOM];
};
_Static_assert(sizeof(struct legs) == LEGS_BYTES, "no room is lost");

/* The call whose record that is (calls.h); false: none, or a damaged one. */
bool legs_find(struct state *st, uint64_t key, uint64_t now, struct legs *out);
/* SLICE_NONE when there is none; points into l. */
struct slice legs_text(const struct legs *l, enum leg_text which);
/* The call is being ended: its dialog takes no more requests.  Kept for `seconds`. */
void legs_cut(struct state *st, uint64_t key, uint32_t seconds, uint64_t now);
/* Our BYEs are in the connection. */
void legs_put(struct state *st, uint64_t key, const uint32_t put[2], uint64_t now);
/* Does the message belong to a dialog that was ended so?  With both tags only. */
bool legs_are_cut(struct state *st, const struct names *n, const struct sip_msg *sip,
		  uint64_t now);

/*
 * The branch of our BYE to that end: nobody else can make it or know it, and it is the same
 * each time.  legs_answer: is the message an answer to one?  Then it is noted.
 */
#define LEGS_BRANCH 26 /* with NUL */
void legs_branch(const struct state *st, uint64_t key, enum leg_end to, char out[LEGS_BRANCH]);
bool legs_answer(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		 const struct names *n, uint64_t now);

void legs_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		   table_fetch *fetch);
void legs_learn(struct state *st, const struct lesson *l);

#endif
