/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of some bytes that ends exactly where an unreadable page begins, so
 * that reading one byte too far is a crash, with or without a sanitizer.
 *
 * Ownership: guard_new allocates, guard_free frees.
 */
#ifndef SIPMOAT_GUARD_H
#define SIPMOAT_GUARD_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "slice.h"

struct guard {
	void *map;
	size_t size;
	struct slice bytes;
};

static inline struct guard guard_new(struct slice bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t data = (bytes.n + page) / page * page;
	struct guard g = { NULL, data + page, { NULL, bytes.n } };
	char *p = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + data, page, PROT_NONE) < 0)
		abort();
	g.map = p;
	g.bytes.p = p + data - bytes.n;
	if (bytes.n)
		memcpy(p + data - bytes.n, bytes.p, bytes.n);
	return g;
}

static inline void guard_free(struct guard *g)
{
	munmap(g->map, g->size);
}

#endif
