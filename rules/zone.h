/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones as the operator writes them.
 *
 * Ownership: zone_compile fills conditions that zone_free frees; the policy and
 * conf of the checks in a zone belong to ruleset.c.
 */
#ifndef SIPMOAT_ZONE_H
#define SIPMOAT_ZONE_H

#include "node.h"
#include "ruleset.h"

struct zone_conf {
	const char *name;
	struct conf_list addresses, countries, asns;
	uint8_t transport; /* index into any, udp, tcp */
	bool registered, trust, assigned;
	const char *schedule;
};

extern const struct conf_row zone_rows[];

bool zone_needs_geo(const struct zone_conf *zc);
/* n: the zone's group, to tell which conditions are written at all. */
void zone_compile(struct zone *z, const struct zone_conf *zc, const struct node *n,
		  struct compiler *c);
/*
 * The group of a check in a zone; NULL: none.  `registered` is a condition when it is true
 * or false, and the check's when it is a group.
 */
const struct node *zone_group(const struct node *zone, const char *check);
void zone_free(struct zone *z);

/* Nothing but addresses decides whether a source is in it. */
bool zone_only_addresses(const struct zone *z);

#endif
