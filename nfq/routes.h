/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This host's addresses and routes, as the kernel has them now (rtnetlink).
 *
 * Ownership: routes_read fills, routes_free empties; both take a zeroed one.
 * Locking: none.
 */
#ifndef SIPMOAT_ROUTES_H
#define SIPMOAT_ROUTES_H

#include "addr.h"

#define ROUTES_HOPS 16

struct route {
	struct prefix to;
	bool is_default;
	bool elsewhere; /* not in the main table; only default routes are kept of those */
	unsigned n_oif, n_gateway;
	int oif[ROUTES_HOPS];
	struct addr gateway[ROUTES_HOPS];
};

struct routes {
	struct prefix *own; /* addresses */
	struct route *route;
	size_t n_own, n_route;
	bool no_memory;
};

int routes_read(struct routes *f); /* 0 or -errno */
void routes_free(struct routes *f);

#endif
