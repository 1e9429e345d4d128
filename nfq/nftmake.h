/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nftset.c, which writes tables, sets and chains, and nftrule.c, which writes rules,
 * have in common.
 *
 * Locking: as nftset.h.
 */
#ifndef SIPMOAT_NFTMAKE_H
#define SIPMOAT_NFTMAKE_H

#include "nftset.h"

#define NOTE_ROOM 256 /* user data: a comment and its frame */

struct nftnl_rule;

struct nftset {
	struct nftlink *link;
	struct nftnl_rule *rule;
	uint8_t family; /* of the rule under construction */
	bool broken;    /* no memory for an object */
};

struct nlmsghdr *nftmake_message(struct nftset *n, uint16_t type, uint8_t family, uint16_t flags);
/* A comment as the nft tool reads it; returns its length. */
uint32_t nftmake_note(uint8_t out[NOTE_ROOM], uint8_t type, const char *text);

#endif
