/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of an entry of the kernel's connection tracking, and which one a packet
 * belongs to that comes with its entry: so is known where it was sent to before DNAT.
 *
 * Ownership: values.  Locking: none.  Units: ports in host order.
 * Errors: what is short or damaged is not there.
 */
#ifndef SIPMOAT_TUPLE_H
#define SIPMOAT_TUPLE_H

#include <linux/netfilter/nfnetlink_conntrack.h>

#include "addr.h"

struct tuple {
	struct addr src, dst;
	uint16_t sport, dport; /* 0: none */
	uint8_t proto;         /* 0: none */
};

struct nlattr;

/* Attributes by their type; a callback of libmnl, with one of these as its data. */
struct tuple_attrs {
	const struct nlattr *a[CTA_MAX + 1];
};
int tuple_sort(const struct nlattr *a, void *attrs);

/* Of a nested attribute, CTA_TUPLE_*; takes NULL. */
bool tuple_read(const struct nlattr *from, struct tuple *t);
/* The attributes of an entry and what a packet is to it (enum ip_conntrack_info): the packet
 * as it came in. */
bool tuple_of_packet(struct slice entry, uint32_t info, struct tuple *t);

#endif
