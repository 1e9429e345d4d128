/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share.  A target is one function that libFuzzer calls with
 * any bytes; it must neither crash, nor hang, nor find one of its must()s untrue.
 *
 * Ownership: a piece is an allocation of exactly its bytes, so that AddressSanitizer
 * sees a read behind them; piece_free frees it.
 */
#ifndef SIPMOAT_FUZZ_H
#define SIPMOAT_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* An assert that says what it wanted, and that no NDEBUG takes away. */
#define must(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: untrue: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

static inline struct slice piece_new(struct slice bytes)
{
	char *p = malloc(bytes.n);

	if (!p)
		abort();
	if (bytes.n)
		memcpy(p, bytes.p, bytes.n);
	return (struct slice){ p, bytes.n };
}

static inline void piece_free(struct slice piece)
{
	free((void *)(uintptr_t)piece.p);
}

static inline struct slice slice_data(const uint8_t *data, size_t size)
{
	return (struct slice){ (const char *)data, (uint32_t)size };
}

/* An empty slice is inside of everything: there is nothing to read. */
static inline bool inside(struct slice s, struct slice all)
{
	return s.n == 0 || (s.n <= all.n && s.p >= all.p && s.p - all.p <= all.n - s.n);
}

/* Cuts off what stands before the next "%%", as the inputs of some targets do. */
static inline bool section_next(struct slice *rest, struct slice *section)
{
	const char *end;

	if (!rest->n)
		return false;
	end = memmem(rest->p, rest->n, "%%", 2);
	*section = (struct slice){ rest->p, end ? (uint32_t)(end - rest->p) : rest->n };
	*rest = end ? (struct slice){ end + 2, rest->n - section->n - 2 } : SLICE_NONE;
	return true;
}

#endif
