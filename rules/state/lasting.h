/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a message says of how long its dialog lasts: session timers (RFC 4028) and
 * subscriptions (RFC 6665 4.1.2, 4.1.3).
 *
 * Ownership: values.  Units: s, with slack.
 */
#ifndef SIPMOAT_LASTING_H
#define SIPMOAT_LASTING_H

#include "memory.h"

struct lasting {
	bool timed;      /* seconds is for the call; 0: it has no session timer */
	bool subscribed; /* seconds is for the subscription; 0: it is over */
	uint32_t seconds;
};

void lasting_read(const struct lesson *l, struct lasting *out);

/* Is the method used in calls only? */
bool lasting_is_of_call(enum sip_method m);
/* A dialog of which this message is the first to be seen: is it taken for a call? */
bool lasting_is_call(const struct lesson *l);
/* May the method change where the other side sends to (RFC 6141, RFC 6665 4.4.1)? */
bool lasting_is_refresh(enum sip_method m);

#endif
