/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has changed in a list since it was gone through last, by hashes: so that of a table
 * that is kept elsewhere too only those rows are written that are new, changed or gone.
 *
 * Ownership: a zeroed one is empty; changes_forget frees all that it holds.  Locking: one
 * thread.
 */
#ifndef SIPMOAT_CHANGES_H
#define SIPMOAT_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct changes {
	struct change *at;
	size_t room, n;
	uint32_t round;
};

/* id: which row, 0 is none; sum: what is in it.  true: it is to be written. */
bool changes_see(struct changes *c, uint64_t id, uint64_t sum);
/* The list was gone through: gone gets those that were not seen since the last time. */
void changes_round(struct changes *c, void (*gone)(void *arg, uint64_t id), void *arg);
/* As at the beginning: everything counts as new, and nothing as gone. */
void changes_forget(struct changes *c);

/* Of some bytes: begin with CHANGES_HASH, or with that of others. */
#define CHANGES_HASH 0xcbf29ce484222325u
uint64_t changes_hash(uint64_t hash, const void *bytes, size_t n);

#endif
