/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes that lie in one another, cut into intervals that do not, each with the end and the
 * words of whatever lasts longest there.
 *
 * Ownership: values.  Locking: none.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_PIECES_H
#define SIPMOAT_PIECES_H

#include "nftset.h"
#include "plan.h"

struct piece_of {
	struct prefix who;
	uint64_t until;
	char text[NFTSET_COMMENT];
};

struct piece {
	struct plan_range at;
	uint64_t until;
	const char *text; /* as long as what it was made of */
};

/* IPv4 first; then by address, and what lies around another before it. */
int pieces_order(const struct prefix *a, const struct prefix *b);
/*
 * Of what has not ended by now; out has room for 2 n; returns how many.  list: in that order.
 * Neighbours that say the same are one piece.
 */
size_t pieces_cut(const struct piece_of *list, size_t n, uint64_t now, struct piece *out);

#endif
