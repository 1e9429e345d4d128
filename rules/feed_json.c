/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON that feeds come as (RFC 8259), one value or one a line: of all its texts those
 * that stand under the key of the format.  Nothing is built of it: a list may have a million.
 */
#include "feeds.h"

#define DEPTH 16

struct json {
	struct feed_reading *r;
	const char *p, *end;
	unsigned depth;
};

static void skip(struct json *j)
{
	for (; j->p < j->end; j->p++) {
		if (*j->p == '\n')
			j->r->line++;
		else if (*j->p != ' ' && *j->p != '\t' && *j->p != '\r')
			return;
	}
}

/* The next one that is no blank is c, and is taken. */
static bool next_is(struct json *j, char c)
{
	skip(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

/* A text as it is written, escapes left alone. */
static bool text(struct json *j, struct slice *out)
{
	const char *begin;

	if (!next_is(j, '"'))
		return false;
	for (begin = j->p; j->p < j->end && *j->p != '"'; j->p++) {
		if ((unsigned char)*j->p < ' ')
			return false;
		if (*j->p == '\\' && ++j->p == j->end)
			return false;
	}
	if (j->p == j->end)
		return false;
	*out = slice_between(begin, j->p++);
	return true;
}

static bool wanted(const struct json *j, struct slice key)
{
	enum feed_format f = j->r->format;

	if (!key.p) /* a bare list */
		return f == FEED_AUTO && j->depth == 1;
	return (f != FEED_DROP && slice_eq(key, slice_of("ipaddress"))) ||
	       (f != FEED_APIBAN && slice_eq(key, slice_of("cidr")));
}

/* Some write "192.0.2.0\/24". */
static void take(struct json *j, struct slice s)
{
	char plain[PREFIX_TEXT];
	uint32_t n = 0;

	if (!memchr(s.p, '\\', s.n) || s.n >= sizeof(plain)) {
		feed_take(j->r, s);
		return;
	}
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] != '\\' || i + 1 == s.n || s.p[i + 1] != '/')
			plain[n++] = s.p[i];
	feed_take(j->r, (struct slice){ plain, n });
}

static bool word(struct json *j)
{
	const char *begin = j->p;

	while (j->p < j->end && (memchr("+-.", *j->p, 3) || (*j->p >= '0' && *j->p <= '9') ||
				 ((*j->p | 0x20) >= 'a' && (*j->p | 0x20) <= 'z')))
		j->p++;
	return j->p > begin;
}

static bool value(struct json *j, struct slice key);

static bool members(struct json *j, bool object, struct slice key)
{
	char end = object ? '}' : ']';

	if (next_is(j, end))
		return true;
	do {
		if (object && !(text(j, &key) && next_is(j, ':')))
			return false;
		if (!value(j, key))
			return false;
	} while (next_is(j, ','));
	return next_is(j, end);
}

static bool value(struct json *j, struct slice key)
{
	struct slice s;
	bool good;

	skip(j);
	if (j->p == j->end || j->r->no_memory)
		return false;
	if (*j->p == '"') {
		good = text(j, &s);
		if (good && wanted(j, key))
			take(j, s);
		return good;
	}
	if (*j->p != '{' && *j->p != '[')
		return word(j);
	if (j->depth == DEPTH)
		return false;
	j->depth++;
	good = members(j, *j->p++ == '{', key);
	j->depth--;
	return good;
}

bool feed_json(struct feed_reading *r, const char *bytes, const char *end)
{
	struct json j = { .r = r, .p = bytes, .end = end };

	r->line = 1;
	for (skip(&j); j.p < j.end; skip(&j))
		if (!value(&j, SLICE_NONE))
			return false;
	return true;
}
