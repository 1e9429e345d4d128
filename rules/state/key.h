/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of the tables: 64-bit hashes made with the state's secret.  An address is
 * hashed once a packet; what else belongs to a key (a port, who counts) is mixed
 * in, which costs a few instructions and, being a bijection for each value mixed
 * in, makes no two addresses equal that were not.
 */
#ifndef SIPMOAT_KEY_H
#define SIPMOAT_KEY_H

#include "addr.h"

struct state;

uint64_t key_of_addr(const struct state *st, const struct addr *a);

static inline uint64_t key_with(uint64_t key, uint64_t what)
{
	key ^= (what + 1) * 0x9e3779b97f4a7c15u;
	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 32;
}

#endif
