/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name as an interpreter behind the server would read it: escapes undone as
 * often as careless servers do, white space and comments made one, so that a
 * pattern need not know in how many ways it can be written.
 */
#include "sip/inject.h"

#define TWICE 2

static int hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte, escapes undone depth times; -1 at the end. */
static int byte_next(struct canon *c, unsigned depth, bool *escaped)
{
	const char *back;
	int b, high, low;

	if (depth == 0)
		return c->p < c->end ? (uint8_t)*c->p++ : -1;
	b = byte_next(c, depth - 1, escaped);
	if (b != '%')
		return b;
	back = c->p;
	high = hex_value(byte_next(c, depth - 1, escaped));
	low = high < 0 ? -1 : hex_value(byte_next(c, depth - 1, escaped));
	if (low < 0) {
		c->p = back;
		return '%';
	}
	*escaped = true;
	return high << 4 | low;
}

static void put(struct canon *c, char b)
{
	if (b == ' ' && (c->n == 0 || canon_is_space(c->text[c->n - 1])))
		return;
	c->text[c->n++] = b;
}

/* Inside of a comment: MySQL reads what stands in one that begins with '!'. */
static void comment_take(struct canon *c, int b)
{
	if (c->comment == COMMENT_BEGINS && b == '!')
		c->comment = COMMENT_NUMBER;
	else if (c->comment == COMMENT_STAR && b == '/')
		c->comment = COMMENT_NONE;
	else
		c->comment = b == '*' ? COMMENT_STAR : COMMENT_INSIDE;
}

static void byte_take(struct canon *c, int b, bool escaped)
{
	if (c->comment == COMMENT_NUMBER) {
		if (b >= '0' && b <= '9')
			return;
		c->comment = COMMENT_NONE;
	}
	if (c->comment != COMMENT_NONE) {
		comment_take(c, b);
	} else if (b == '*' && c->n && c->text[c->n - 1] == '/') {
		c->text[c->n - 1] = CANON_COMMENT;
		c->comment = COMMENT_BEGINS;
	} else if (escaped && (b == '\n' || b == '\r')) {
		put(c, '\n');
	} else if (b <= ' ' || b == 0x7f || b == '+') {
		put(c, ' ');
	} else if (b != '\\') { /* a quoted pair, or an escape of the interpreter's */
		put(c, (char)b);
	}
}

/*
 * Fills the window again, keeping its end so that nothing is missed that stands
 * across two windows.  false: there was nothing new.
 */
bool canon_fill(struct canon *c)
{
	const char *before = c->p;

	if (c->n > CANON_KEEP) {
		memmove(c->text, c->text + c->n - CANON_KEEP, CANON_KEEP);
		c->n = CANON_KEEP;
	}
	while (c->n < CANON_ROOM) {
		bool escaped = false;
		int b = byte_next(c, c->depth, &escaped);

		if (b < 0)
			break;
		byte_take(c, b, escaped);
	}
	return c->p != before;
}

/* Without one of these bytes, or "union", nothing that is looked for can be written. */
static bool is_plain(struct slice s, bool *twice)
{
	static const bool sharp[256] = {
		['\''] = true, ['"'] = true, ['`'] = true, ['\\'] = true, [';'] = true,
		['|'] = true,  ['&'] = true, ['$'] = true, ['='] = true,  ['/'] = true,
		['('] = true,  ['%'] = true, ['>'] = true, ['<'] = true,
		['u'] = true,  ['U'] = true,
	};
	bool plain = true;

	for (const char *p = s.p, *end = s.p + s.n; p < end; p++) {
		struct slice left;

		if (!sharp[(uint8_t)*p])
			continue;
		left = slice_between(p, end);
		if (ascii_lower(*p) == 'u' && !slice_istarts(left, SLICE("union")))
			continue;
		plain = false;
		if (slice_istarts(left, SLICE("%25")))
			*twice = true;
	}
	return plain;
}

static unsigned look(struct slice s, unsigned depth, int *work)
{
	struct canon c = { .p = s.p, .end = s.p + s.n, .depth = depth };
	unsigned found = 0;

	for (const char *p = c.p; *work >= 0 && canon_fill(&c); p = c.p) {
		*work -= 1 + (int)(c.p - p) / 16;
		found |= inject_sql(c.text, c.text + c.n, work) ? INJECT_SQL : 0;
		found |= inject_shell(c.text, c.text + c.n, work) ? INJECT_SHELL : 0;
	}
	return *work < 0 ? INJECT_SQL | INJECT_SHELL : found;
}

unsigned inject_find(struct slice s, int *work)
{
	bool twice = false;
	unsigned found;

	if (is_plain(s, &twice))
		return 0;
	found = look(s, 1, work);
	return twice ? found | look(s, TWICE, work) : found;
}
