/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call says of its way here: how often it was diverted, and whether a number that
 * diverted it has done so before (Diversion, RFC 5806; History-Info, RFC 7044).
 *
 * Ownership: slices point into the message.  Locking: none.
 */
#ifndef SIPMOAT_DIVERTED_H
#define SIPMOAT_DIVERTED_H

#include "ruleset.h"

struct diverted {
	unsigned hops;     /* the higher one of what both headers say */
	struct slice twice; /* URI that stands there again, with others between; or empty */
};

void diverted_read(const struct ruleset *rs, const struct sip_msg *sip, struct diverted *out);

#endif
