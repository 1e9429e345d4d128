/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a host that a message names is a server of ours, and which way a packet goes.
 *
 * Locking: none; reads the ruleset.
 */
#ifndef SIPMOAT_INSIDE_H
#define SIPMOAT_INSIDE_H

#include "geo.h"
#include "pkt.h"
#include "ruleset.h"

/* By an address that nobody else can have: a phone's network at home may use the same
 * private ones. */
static inline bool inside_host(const struct ruleset *rs, struct slice host)
{
	struct addr a;

	if (!host.n || (host.p[0] != '[' && (host.p[0] < '0' || host.p[0] > '9')))
		return false; /* a name */
	return (addr_parse_host(host, &a) == 0 || addr_parse_odd(host, &a) == 0) &&
	       prefixset_has(&rs->inside_set, &a) && !addr_is_private(&a);
}

/*
 * Does an inbound message name a server of ours as where it is to be answered, or called?
 * A phone of the network behind the gateway that the server runs on learns that address
 * by STUN (RFC 8489) as its own, with another port: from private addresses only the
 * server's ports are claims.
 */
static inline bool inside_claim(const struct ruleset *rs, const struct pkt *pkt,
				struct slice host, uint16_t port)
{
	return inside_host(rs, host) &&
	       (!port || port == 5060 || port == 5061 || port == pkt->dport ||
		!addr_is_private(&pkt->src));
}

/* An inside source on an interface behind which there is none. */
static inline bool inside_forged(const struct ruleset *rs, const struct pkt *pkt)
{
	bool v4 = addr_is_v4(&pkt->src);

	for (size_t i = 0; i < rs->n_outside; i++)
		if (rs->outside[i].index == pkt->link && rs->outside[i].v4 == v4)
			return true;
	return false;
}

static inline enum direction inside_direction(const struct ruleset *rs, const struct pkt *pkt)
{
	if (!prefixset_has(&rs->inside_set, &pkt->src) || inside_forged(rs, pkt))
		return DIR_INBOUND;
	return prefixset_has(&rs->inside_set, &pkt->dst) ? DIR_INTERNAL : DIR_OUTBOUND;
}

#endif
