/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of the tables: 64-bit hashes made with the state's secret.  An address is
 * hashed once a packet; what else belongs to a key (a port, who counts) is mixed
 * into the half that tells the records of a bucket apart, so that all that is
 * counted of one address lies in one place: one cache line of labels, one lock,
 * and whoever invents ports crowds his own bucket first.
 */
#ifndef SIPMOAT_KEY_H
#define SIPMOAT_KEY_H

#include "addr.h"

struct state;

uint64_t key_of_addr(const struct state *st, const struct addr *a);

/* Table.c takes the bucket from these bits of a key and the print from the rest. */
#define KEY_PLACE_BITS 36

static inline uint64_t key_with(uint64_t key, uint64_t what)
{
	const uint64_t place = ((uint64_t)1 << KEY_PLACE_BITS) - 1;
	uint64_t mix = (key ^ what) * 0x9e3779b97f4a7c15u;

	mix = (mix ^ mix >> 32) * 0xd6e8feb86659fd93u;
	return (key & place) | (mix & ~place);
}

#endif
