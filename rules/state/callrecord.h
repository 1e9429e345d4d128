/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of calls and their names: for rules/state/calls*.c alone.
 *
 * Ownership: values.  Locking: what returns a hold holds its shard.
 */
#ifndef SIPMOAT_CALLRECORD_H
#define SIPMOAT_CALLRECORD_H

#include "calls.h"

/* call.flags */
enum call_flag {
	CALL_CHALLENGED = 1, /* it was, and nothing is taken for it now */
	CALL_RELAYED = 2,    /* a proxy inside passes it on: both ends are outside */
	CALL_CANCELS = 4,
	CALL_MANY = 8,       /* a trunk, or somebody trusted, calls: what is alike but for the
			      * number was forked on its way here */
	CALL_WARNED = 16,    /* it has lasted warn_after, */
	CALL_LONG = 32,      /* ... cut_after: told */
	CALL_TAKEN = 64,     /* a server has answered, 100 too; or nobody would see it */
};

/* An INVITE outside a dialog, or what is about one. */
struct asks {
	uint64_t key;
	uint32_t cseq, target, site;
	struct call_branch branch;
	const struct addr *inside;
	bool outbound;
	bool many;
};

enum is {
	IS_NEW,   /* none, or one that is over */
	IS_SAME,
	IS_RETRY, /* it was challenged: begins again */
	IS_COPY,  /* as if it were a repetition, of what a server has forgotten or never got */
	IS_OTHER, /* what goes by that name is another call */
};

static inline uint32_t call_part(uint64_t name)
{
	return (uint32_t)(name >> 32) | 1;
}

static inline uint32_t call_ms(const struct call *c, uint64_t now)
{
	uint64_t ms = now > c->began ? (now - c->began) / (NS / 1000) : 0;

	return ms > UINT32_MAX ? UINT32_MAX : ms ? (uint32_t)ms : 1;
}

/* Of a call whose name another one has. */
uint64_t call_other_key(const struct asks *a);
/* Of such a one that was answered: by its dialog, whoever sends in it. */
uint64_t call_forked_key(const struct names *n);
enum is call_judge(const struct call *c, const struct asks *a, uint64_t now);
/* The further call under that key goes by its dialog since a moment ago. */
bool call_moved(struct state *st, uint64_t key, uint64_t now);
void call_moves(struct state *st, uint64_t key, uint64_t now);

#define CALL_BYE_MS 64000 /* for the answer to BYE: twice Timer F */

/* The record under a key, if it is its own. */
struct hold call_hold(struct state *st, uint64_t key, uint64_t now);
/* The call in whose dialog a message is. */
struct hold call_hold_dialog(struct state *st, const struct names *n, uint64_t now);

#endif
