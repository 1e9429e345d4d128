/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a host that a message names is a server of ours.
 *
 * Locking: none; reads the ruleset.
 */
#ifndef SIPMOAT_INSIDE_H
#define SIPMOAT_INSIDE_H

#include "geo.h"
#include "ruleset.h"

/* By an address that nobody else can have: a phone's network at home may use the same
 * private ones. */
static inline bool inside_host(const struct ruleset *rs, struct slice host)
{
	struct addr a;

	if (host.n > 2 && host.p[0] == '[')
		host = (struct slice){ host.p + 1, host.n - 2 };
	else if (!host.n || host.p[0] < '0' || host.p[0] > '9')
		return false; /* a name */
	return addr_parse(host, &a) == 0 && prefixset_has(&rs->inside_set, &a) &&
	       !addr_is_private(&a);
}

#endif
