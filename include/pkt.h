/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decoded packet: who sent what to whom, and in which ways the bytes lie.
 *
 * Ownership: payload points into the caller's buffer.
 * Units: ports and TCP fields in host order.
 * Errors: none; pkt_decode classifies, damage becomes flags.
 */
#ifndef SIPMOAT_PKT_H
#define SIPMOAT_PKT_H

#include "addr.h"

enum pkt_flag {
	PKT_TRUNCATED = 1 << 0,  /* fewer bytes than the IP header promises */
	PKT_FRAGMENT = 1 << 1,   /* a fragment the kernel did not put together */
	PKT_BAD_LENGTH = 1 << 2, /* IP, UDP or TCP lengths disagree */
	PKT_BAD_HEADER = 1 << 3, /* an IP, extension, UDP or TCP header is absurd */
	PKT_NOT_IP = 1 << 4,     /* no IP version 4 or 6: nothing else is valid */
	PKT_OTHER = 1 << 5,      /* neither UDP nor TCP: no ports, no payload */
	PKT_BAD_CHECKSUM = 1 << 6, /* TCP: the receiver will not take it (pkt_verify) */
};

enum pkt_proto { PROTO_NONE = 0, PROTO_TCP = 6, PROTO_UDP = 17 };

/* Seen from the protected servers; decided by the engine from `inside`. */
enum direction {
	DIR_INBOUND,  /* not from inside, or only pretending to be */
	DIR_OUTBOUND, /* from inside to outside */
	DIR_INTERNAL, /* inside to inside: never judged */
};

struct pkt {
	struct addr src, dst;
	uint16_t sport, dport;
	uint16_t flags; /* enum pkt_flag */
	uint8_t version; /* 4, 6 or 0 */
	uint8_t proto;   /* enum pkt_proto, PROTO_NONE when unknown */
	uint8_t tcp_flags; /* as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
	uint8_t dir;       /* enum direction */
	uint32_t tcp_seq, tcp_ack;
	uint32_t link; /* index of the interface it came in by, 0 = none or unknown */
	struct slice payload; /* behind the UDP or TCP header */
	struct slice segment; /* TCP: header and payload, as much as there is */
};

/* Reads an IP packet, starting at its IP header.  Fills all of *pkt; link is 0,
 * for the caller to set if it knows. */
void pkt_decode(struct pkt *pkt, const void *bytes, size_t n);

/*
 * Sets PKT_BAD_CHECKSUM on a whole TCP segment whose checksum is wrong: its
 * receiver drops it, so it must not count as seen.  For live packets only; a
 * capture made on the sending host has checksums that the card had yet to fill in.
 */
void pkt_verify(struct pkt *pkt);

#endif
