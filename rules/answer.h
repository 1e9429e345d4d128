/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers in a server's name to what is refused (action = "reject"), and the ACKs of them,
 * which the server must not see.
 *
 * Nobody can be made the victim of them: who has not shown that he receives what is sent
 * to his address gets none, and there are no more than ANSWERS_SITE a second for a site
 * and ANSWERS_ALL in all.  Nothing is remembered: a repeated request gets the same answer.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_ANSWER_H
#define SIPMOAT_ANSWER_H

#include "check.h"
#include "engine.h"

#define ANSWERS_SITE 20
#define ANSWERS_ALL 500

/* true: *out is to be sent.  Over UDP only. */
bool answer_make(const struct probe *p, const struct policy *policy, struct parcel *out);
/* Is this the ACK of an answer of ours? */
bool answer_acked(const struct probe *p);

#endif
