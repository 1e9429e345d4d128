/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012):
 * attackers choose most of our keys, so the hash is keyed with a secret.
 */
#ifndef SIPMOAT_HASH_H
#define SIPMOAT_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n);

/* The same of bytes that come in parts, each a multiple of 8. */
struct hash_run {
	uint64_t v[4];
	uint64_t n;
};
void hash_begin(struct hash_run *run, const struct hash_key *key);
void hash_more(struct hash_run *run, const void *bytes, size_t n);
uint64_t hash_end(const struct hash_run *run);

#endif
