/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told to HOMER (docs/events.md), and the bytes that say it: HEP version 3, which is
 * chunks of type, length and value.  A packet becomes one packet of HEP for each SIP message
 * in it; where a check has found something, one more, a log entry in JSON that says what,
 * with the same Call-ID as its correlation, beside which HOMER shows it.
 *
 * Ownership: the caller's bytes; nothing is kept.  Locking: none.
 * Units: ns since 1970; ports in host order.
 */
#ifndef SIPMOAT_HEPWIRE_H
#define SIPMOAT_HEPWIRE_H

#include "decision.h"
#include "pkt.h"
#include "sip.h"

/* What a worker saw; the packet's payload follows it through the socket. */
struct hep_record {
	uint64_t when;
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	uint8_t verdict; /* enum verdict */
	uint8_t check;   /* CHECK_NONE: no check found anything, the texts are empty */
	bool observed;
	uint16_t code;
	uint32_t ban;    /* s */
	char reason[REASON_TEXT], evidence[EVIDENCE_TEXT];
};
void hep_record_fill(struct hep_record *r, uint64_t when, const struct pkt *pkt,
		     const struct decision *d);

/* Who speaks. */
struct hep_self {
	uint32_t id;
	const char *password, *node; /* "": none is sent */
};

#define HEP_BYTES 65000 /* the longest packet; a longer payload is cut */

/* One message.  Returns the length. */
size_t hep_message(const struct hep_self *self, const struct hep_record *r, struct slice message,
		   struct slice call_id, uint8_t out[HEP_BYTES]);
/* What a check has found. */
size_t hep_finding(const struct hep_self *self, const struct hep_record *r, struct slice call_id,
		   uint8_t out[HEP_BYTES]);

/*
 * All that is to be said of a packet: calls send for each.  msg is room to read in.  Bytes
 * that are no SIP (damaged, encrypted, a later part of a message over TCP) are not sent.
 */
void hep_tell(const struct hep_self *self, const struct hep_record *r, struct slice payload,
	      struct sip_msg *msg, uint8_t room[HEP_BYTES],
	      void (*send)(void *arg, const uint8_t *bytes, size_t n), void *arg);

#endif
