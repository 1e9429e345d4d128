/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends a call for both sides: a BYE to each, in the name of the other (RFC 3261 15).  With
 * a proxy inside, the one to the proxy goes on to whom it has called.
 *
 * Over UDP a BYE is to be said again, after 1, 2, 4, 8 and 16 s, until it is answered; each
 * time call_cut gives what is still to be sent, the same bytes.  Over TCP both are put into
 * the connection and, once they are answered or after 3 s, it is reset
 * (docs/checks/duration.md).  From the first time on the dialog takes no other requests.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_CUT_H
#define SIPMOAT_CUT_H

#include "engine.h"

#define CUT_SECONDS 32  /* Timer F: nobody answers later */
#define CUT_TCP_TIMES 3 /* at 0, 1 and 3 s; the reset comes at 7 s at the latest */
#define CUT_TIMES 6     /* at 0, 1, 3, 7, 15 and 31 s */

struct strict;

enum cut_said {
	CUT_SENT,   /* parcels or a reset are in *out: ask again */
	CUT_DONE,   /* both sides have ended it; maybe a last reset is in *out */
	CUT_CANNOT, /* the call's dialog is not known, or cannot be repeated: its requests are
	             * refused all the same, where they are known, but for BYE */
};

struct cut {
	uint8_t said;            /* enum cut_said */
	bool inside, outside;    /* that end has answered, */
	bool inside_refused, outside_refused; /* ... but has not ended the call */
};

/*
 * key: struct call.key.  times: how often it was called before for this call.  reason: a
 * Reason value (RFC 3326), or empty.  Fills out->cut, parcel, d.reset and d.ending, and
 * leaves the rest of it alone.
 */
struct cut call_cut(struct state *st, const struct settings *s, struct strict *strict,
		    uint64_t key, unsigned times, struct slice reason, uint64_t now,
		    struct call_notice *out);

#endif
