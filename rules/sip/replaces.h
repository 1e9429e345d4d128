/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that a request names to take them over or to join them: Replaces (RFC 3891), Join
 * (RFC 3911), as headers of an INVITE or in the URI that a REFER names (RFC 5589 7.1).
 *
 * Ownership: slices point into the message, or into the walk's room.  Locking: none.
 */
#ifndef SIPMOAT_REPLACES_H
#define SIPMOAT_REPLACES_H

#include "sip.h"

struct replaced {
	struct slice header; /* "Replaces" or "Join" */
	struct slice call_id, to_tag, from_tag; /* a tag "0" is none (RFC 3891 3) */
};

struct replaces_walk {
	unsigned at;
	struct slice rest;
	char room[512];
};

/* The next one; a walk starts with { 0 }.  false: there is no more. */
bool replaces_next(const struct sip_msg *sip, struct replaces_walk *w, struct replaced *out);
/* headers: those of a URI; the walk starts with rest = headers. */
bool replaces_next_in(struct replaces_walk *w, struct replaced *out);

#endif
