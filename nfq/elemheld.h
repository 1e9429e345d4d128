/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What elem.c, which writes elements, and elemheld.c, which knows what the kernel holds of
 * them, have in common.
 *
 * Locking: as elem.h.
 */
#ifndef SIPMOAT_ELEMHELD_H
#define SIPMOAT_ELEMHELD_H

#include <stdatomic.h>

#include "elem.h"
#include "mirror.h"

struct op;

struct elem {
	struct nftset *nft;
	struct mirror *held[ELEM_KINDS];
	uint32_t max[ELEM_KINDS];
	struct op *op;
	unsigned ops;
	struct nftlink_fault *fault;
	elem_site *on_mark;
	void *mark_arg;
	bool destroy, copies;
	uint32_t pass;
	uint64_t refused, complained;
	atomic_uint_fast64_t sent; /* transactions */
};

#endif
