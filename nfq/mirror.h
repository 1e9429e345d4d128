/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we believe a kernel set holds: sites and when they end.  The kernel
 * announces neither its expiries nor how full a set is, so this table counts
 * along.  Memory is fixed at the start.
 *
 * Ownership: mirror_new allocates, mirror_free takes NULL.  A pointer to an
 * entry is valid until the next put, remove or sweep.
 * Locking: none; one thread.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_MIRROR_H
#define SIPMOAT_MIRROR_H

#include "addr.h"

struct mirror_entry {
	struct addr site;
	uint64_t until; /* 0: the place is empty */
	uint32_t op;    /* 1 + index of the write that waits for it, 0 = none */
	uint32_t packets; /* counted by the element when it was looked at; modulo 2^32 */
	uint32_t value; /* what a map leads to; of a set 0 */
	bool yields;    /* makes room for those that do not: by mirror_yield */
	uint32_t mark;  /* the latest pass in which the kernel was seen to hold it */
};

struct mirror;

struct mirror *mirror_new(uint32_t max);
void mirror_free(struct mirror *m);
struct mirror_entry *mirror_find(struct mirror *m, const struct addr *site);
/* The entry of site, made if need be (until is then 0 and must be set); NULL: full. */
struct mirror_entry *mirror_put(struct mirror *m, const struct addr *site);
void mirror_remove(struct mirror *m, const struct addr *site);
void mirror_yield(struct mirror *m, struct mirror_entry *e, bool yields);
/* One that yields, another one each time if there are several; NULL: there is none. */
struct mirror_entry *mirror_yielding(struct mirror *m);
void mirror_clear(struct mirror *m);
/* Forgets what ended at or before then. */
void mirror_sweep(struct mirror *m, uint64_t then);
uint32_t mirror_count(const struct mirror *m, bool v4);
/* Walks: *at starts at 0; NULL at the end.  Nothing may change meanwhile. */
struct mirror_entry *mirror_next(struct mirror *m, uint32_t *at);

#endif
