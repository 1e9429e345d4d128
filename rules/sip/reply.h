/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A final answer to a request, made from the request alone (RFC 3261 8.2.6, 18.2.2,
 * RFC 3581 4): for messages that are refused in a server's name.
 *
 * Ownership: out is the caller's.  Locking: none.  Nothing is allocated.
 */
#ifndef SIPMOAT_REPLY_H
#define SIPMOAT_REPLY_H

#include "engine.h"

struct reply {
	unsigned status;      /* 100, or 200 to 699 */
	struct slice phrase;  /* printable, no line end */
	uint64_t tag;         /* of To, where the request has none; 0: no tag (100) */
	unsigned room;        /* bytes that it may have, at most PARCEL_BYTES */
	bool brief;           /* the names of headers in their short forms */
	struct slice headers; /* whole lines, each with its CRLF: it is nothing without them */
	uint32_t retry_after; /* s; 0: not said.  This and the next are left out where there */
	uint8_t cause;        /* is no room; Q.850 (RFC 3326, RFC 6432), 0: not said */
};

/*
 * Via, From, To, Call-ID and CSeq as they came, with received and rport in the top Via;
 * goes where a server would send it, but that maddr is not followed: it names a third
 * party.  Timestamp is for 100 alone (8.2.6.1).  The numbers of a segment are the caller's.
 * false: the request lacks one of them, or there is no room.
 */
bool reply_make(struct parcel *out, const struct pkt *pkt, const struct sip_msg *sip,
		const struct reply *r);

/* Makes one line of what came in several, so that nobody reads a header of its own into it;
 * false: it holds other control characters, which belong into no answer. */
bool reply_flatten(char *bytes, uint32_t n);

#define REPLY_TAG 16 /* letters of a tag */
/* Is it the tag that reply_make gives? */
bool reply_tag_is(struct slice tag, uint64_t value);

#endif
