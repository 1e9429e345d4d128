/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that prove a site: a server inside answered its call with 2xx and it repeated that
 * answer's tag (ACK), or it answered a call of a server's with 2xx, under the branch that only
 * it was sent.  To be challenged, refused, or rung proves nothing here: that any scanner is.
 *
 * Locking: inside, one record at a time.  Units: now in ns.
 */
#ifndef SIPMOAT_CALLPROOF_H
#define SIPMOAT_CALLPROOF_H

#include "names.h"
#include "state.h"

/* Of a message from outside that passed and was learned from; proof: source_prove of it,
 * in_call: memory_learn. */
bool call_proves(struct state *st, const struct sip_msg *sip, const struct names *n,
		 enum proof proof, bool in_call, uint64_t now);

#endif
