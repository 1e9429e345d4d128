/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sipmoat replay` says: one JSON object a packet, or a line for each packet
 * that a check found something in; then a summary.
 *
 * Ownership: a report keeps copies only of what the summary needs.
 * Errors: those of stdout, for the caller to ask with ferror().
 */
#ifndef SIPMOAT_REPORT_H
#define SIPMOAT_REPORT_H

#include "engine.h"
#include "feed.h"

struct report;

struct report *report_new(bool json); /* NULL: no memory */
void report_free(struct report *r);   /* takes NULL */
/* sip is NULL when the packet was not read as SIP; false: no memory. */
bool report_packet(struct report *r, const struct feed_item *item, const struct sip_msg *sip,
		   const struct decision *d);
void report_end(struct report *r);

#endif
