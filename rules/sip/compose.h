/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BYE in the name of one side of a call, as the other side expects it (RFC 3261 12.2.1.1,
 * 15.1.1), made with libosip2 and read again by our own view: what does not say what it
 * should is not sent.
 *
 * Ownership: a strict lends its arena for the call.  Locking: none; one thread each.
 */
#ifndef SIPMOAT_COMPOSE_H
#define SIPMOAT_COMPOSE_H

#include "sip/strict.h"

struct bye {
	struct slice target;   /* remote target: a URI */
	struct slice route;    /* route set as a Route value, or empty */
	struct slice from_uri, from_tag, to_uri, to_tag, call_id;
	struct slice sent_by;  /* host, or host and port, of Via */
	struct slice branch;
	struct slice reason;   /* Reason value (RFC 3326), or empty */
	uint32_t cseq;
	bool tcp;
};

/* Bytes of it; 0: it cannot be said. */
size_t compose_bye(struct strict *s, const struct bye *b, char *out, size_t room);

#endif
