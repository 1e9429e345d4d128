/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slice is a pointer and a length into bytes that somebody else owns.
 *
 * Ownership: none; a slice lives as long as the buffer it points into.
 * Units: bytes.  Never NUL-terminated, may hold any byte, NUL included.
 */
#ifndef SIPMOAT_SLICE_H
#define SIPMOAT_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	uint32_t n;
};

#define SLICE_NONE ((struct slice){ NULL, 0 })
#define SLICE(literal) ((struct slice){ literal, sizeof(literal) - 1 })

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, (uint32_t)strlen(text) };
}

static inline struct slice slice_between(const char *from, const char *to)
{
	return (struct slice){ from, (uint32_t)(to - from) };
}

/* ASCII only: SIP tokens are ASCII and the locale must not matter. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_ieq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

static inline bool slice_istarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_ieq((struct slice){ s.p, prefix.n }, prefix);
}

/* SP, HTAB, CR, LF; one comparison for nearly all bytes of a message */
static inline bool is_lws(char c)
{
	return (uint8_t)c <= ' ' && (0x100002600ull >> (uint8_t)c & 1);
}

/* Cuts linear white space (RFC 3261 25.1, folds included) from both ends. */
static inline struct slice slice_trim(struct slice s)
{
	while (s.n && is_lws(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_lws(s.p[s.n - 1]))
		s.n--;
	return s;
}

#endif
