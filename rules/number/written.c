/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "written.h"

#include "sip/chars.h"

bool digits_only(struct slice s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

bool begins(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && (!prefix.n || memcmp(s.p, prefix.p, prefix.n) == 0);
}

struct slice behind(struct slice s, uint32_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

struct slice text_of(struct slice user)
{
	uint32_t n = 0;

	while (n < user.n && user.p[n] != ';' && user.p[n])
		n++;
	return (struct slice){ user.p, n };
}

/* Many phones are called by the address of their network card. */
bool is_mac(struct slice d)
{
	for (uint32_t i = 0; i < d.n; i++)
		if (!is_digit(d.p[i]) && (ascii_lower(d.p[i]) < 'a' || ascii_lower(d.p[i]) > 'f'))
			return false;
	return d.n == 12;
}

bool dialable(struct slice d)
{
	for (uint32_t i = 0; i < d.n; i++)
		if (!is_digit(d.p[i]) && d.p[i] != '*' && d.p[i] != '#' && d.p[i] != '+')
			return false;
	return d.n > 0;
}

bool is_code(struct slice d)
{
	return d.n && (d.p[0] == '*' || d.p[0] == '#');
}

#define BEFORE_PLUS 6 /* characters: an outside line and an international prefix */

bool plus_skip(struct slice *d)
{
	uint32_t start = 0;

	for (uint32_t i = 0; i < d->n && i - start <= BEFORE_PLUS; i++)
		if (d->p[i] == '+')
			start = i + 1;
	*d = behind(*d, start);
	return start > 0;
}

#define CODED 8 /* digits that follow a code without a separator, at least */

/*
 * What follows a feature code, which is "*67" or "#31#": *67, #31# and their like call it
 * at once, *72 and *21* later.  Behind ** one picks up the calls of an extension.
 */
struct slice behind_code(struct slice d)
{
	uint32_t n = 0, code, end;

	while (n < d.n && (d.p[n] == '*' || d.p[n] == '#'))
		n++;
	for (code = n; n < d.n && is_digit(d.p[n]); n++)
		;
	if (n < d.n && n > code && d.p[n] != '+')
		code = n + 1;
	else if (code == 1 && d.n >= code + 2 + CODED)
		code += 2;
	else
		return SLICE_NONE;
	for (end = code; end < d.n && d.p[end] != '*' && d.p[end] != '#'; end++)
		;
	return (struct slice){ d.p + code, end - code };
}
