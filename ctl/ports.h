/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets the steering would hand to the daemon: those of the SIP ports. */
#ifndef SIPMOAT_PORTS_H
#define SIPMOAT_PORTS_H

#include "engine.h"

static inline bool ports_has(const struct settings *s, uint8_t proto, uint16_t port)
{
	unsigned which = proto == PROTO_TCP;

	if (proto != PROTO_UDP && proto != PROTO_TCP)
		return false;
	for (unsigned i = 0; i < s->ports[which]; i++)
		if (s->port[which][i] == port)
			return true;
	return false;
}

static inline bool ports_steer(const struct settings *s, const struct pkt *pkt)
{
	return !(pkt->flags & (PKT_OTHER | PKT_NOT_IP)) &&
	       (ports_has(s, pkt->proto, pkt->sport) || ports_has(s, pkt->proto, pkt->dport));
}

#endif
