/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the fragments of a capture together as the kernel does in front of the
 * daemon: what overlaps is thrown away whole (RFC 5722 for IPv6, Linux does the
 * same for IPv4), an exact repetition is ignored, what does not complete in time
 * is forgotten.  Also reads what is needed of the IP header.
 *
 * Ownership: a defrag owns its buffers; the result of defrag_put lives until the
 * next call.  Bounded: DEFRAG_MAX datagrams at a time, the oldest goes first.
 * Units: now is nanoseconds that do not run backwards.
 */
#ifndef SIPMOAT_DEFRAG_H
#define SIPMOAT_DEFRAG_H

#include "addr.h"

#define DEFRAG_MAX 64

/* What the IP header says; lengths and offsets in bytes from its start. */
struct ip_head {
	struct addr src, dst;
	uint8_t version;
	int proto;         /* behind all extension headers */
	bool fragment;     /* and not one that is the whole datagram (RFC 6946) */
	bool more;
	uint32_t id, offset; /* of the fragment */
	uint32_t header;   /* what stays in front of every fragment's data */
	uint32_t data;     /* where the data begins, behind the fragment header */
	uint32_t end;      /* the packet's length, padding of the link cut off */
	uint32_t next_at;  /* IPv6: where the number of the fragment header stands */
};

/* false when the header is no IP or its lengths do not hold. */
bool ip_head_read(struct slice ip, struct ip_head *out);

enum defrag_found {
	DEFRAG_HELD,     /* waits for the others */
	DEFRAG_WHOLE,    /* *whole is the datagram */
	DEFRAG_REFUSED,  /* overlaps or lies about its place: all of it is thrown away */
};

struct defrag;

struct defrag *defrag_new(void); /* NULL: no memory */
void defrag_free(struct defrag *d); /* takes NULL */
enum defrag_found defrag_put(struct defrag *d, struct slice ip, const struct ip_head *head,
			     uint64_t now, struct slice *whole);

#endif
