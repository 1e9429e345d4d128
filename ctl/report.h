/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sipmoat replay` says: one JSON object a packet, or a line for each packet
 * that a check found something in; one for each TCP connection that waited too
 * long; then a summary.
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

/* What a packet says, or the last message that it completes. */
struct report_message {
	uint8_t kind; /* enum sip_kind */
	uint16_t status;
	uint32_t count; /* SIP messages that it completes */
	struct slice method;
	struct slice answer; /* what is sent back, or empty */
};

/* false: no memory. */
bool report_packet(struct report *r, const struct feed_item *item,
		   const struct report_message *m, const struct decision *d);
/* A TCP connection was ended because it waited too long; when: of the capture. */
void report_waited(struct report *r, uint64_t when, const struct reset *ends);
/* The answers of a server are not seen any more, or again (state_sight_news). */
void report_sight(struct report *r, uint64_t when, const struct addr *server, bool hears);
/* Something became due of a call that runs (engine_calls). */
void report_call(struct report *r, uint64_t when, const struct call_notice *c);
void report_end(struct report *r, const struct table_fill table[TABLE_COUNT]);

#endif
