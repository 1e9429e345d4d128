/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which checks look at what, bit per check: the engine asks no others about a message.
 *
 * Ownership: belongs to the ruleset.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_LOOKERS_H
#define SIPMOAT_LOOKERS_H

#include "check.h"
#include "stats.h"

struct lookers {
	uint32_t stage[STAGE_BEHAVIOUR + 1];
	uint32_t way[2][2];            /* [leaves][trusted] */
	uint32_t nothing, response;    /* what is not SIP; answers */
	uint32_t request[METHOD_COUNT];
};
_Static_assert(CHECK_MAX <= 32, "a bit each");

/* Fills those of the ruleset, and which checks each zone asks at all, when all is compiled. */
void lookers_compile(struct ruleset *rs);

#endif
