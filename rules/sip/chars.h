/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character classes of RFC 3261 25.1 and small scanners, for the files of
 * rules/sip/ and the checks that judge tokens.
 *
 * Ownership: none.  Every scanner looks at its slice only and moves forward.
 */
#ifndef SIPMOAT_CHARS_H
#define SIPMOAT_CHARS_H

#include "slice.h"

static inline bool is_token_char(char c)
{
	static const uint8_t token[256] = {
		['0' ... '9'] = 1, ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['-'] = 1, ['.'] = 1,
		['!'] = 1, ['%'] = 1, ['*'] = 1, ['_'] = 1, ['+'] = 1, ['`'] = 1, ['\''] = 1,
		['~'] = 1,
	};

	return token[(uint8_t)c];
}

static inline bool is_token(struct slice s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline const char *slice_end(struct slice s)
{
	return s.n ? s.p + s.n : s.p; /* NULL + 0 is undefined */
}

static inline const char *skip_lws(const char *p, const char *end)
{
	while (p < end && is_lws(*p))
		p++;
	return p;
}

static inline const char *skip_token(const char *p, const char *end)
{
	while (p < end && is_token_char(*p))
		p++;
	return p;
}

/* p stands behind the opening quote; the closing one, or NULL. */
static inline const char *quote_end(const char *p, const char *end)
{
	for (;;) {
		while (p < end && *p != '"' && *p != '\\')
			p++;
		if (p < end && *p == '"')
			return p;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
}

static inline const char *find_char(const char *p, const char *end, char c)
{
	return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
}

/* Digits only, at least one, value at most max; leading zeros are fine. */
static inline bool digits_read(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return s.n > 0;
}

#endif
