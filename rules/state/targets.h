/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts to which our servers told somebody outside to send the requests of a dialog:
 * their Contact and Record-Route (RFC 3261 12.1.1, 12.1.2).
 *
 * A set of hosts is bits in a word, three for each: none is missed, and one of seventy
 * is taken for known with four in it.  No bit: nothing is known.  All: it may be any host.
 *
 * Ownership: values.  Locking: none.
 */
#ifndef SIPMOAT_TARGETS_H
#define SIPMOAT_TARGETS_H

#include "memory.h"

#define TARGETS_NONE 0
#define TARGETS_ANY UINT64_MAX

/* Of a message from a server inside. */
uint64_t targets_told(const struct state *st, const struct lesson *l);
/* Of the Request-URI with which somebody outside begins a dialog. */
uint64_t targets_asked(const struct state *st, struct slice uri);

static inline bool targets_have(uint64_t targets, uint64_t host)
{
	return (targets & host) == host;
}

/* The bits of the host to which a URI sends, and of its maddr (19.1.1); none: no host. */
uint64_t targets_of(const struct state *st, const struct sip_uri *uri);

#endif
