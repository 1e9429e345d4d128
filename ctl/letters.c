/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "letters.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool letters_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *is = getenv(names[i]);

		if (is && is[0])
			return strcasestr(is, "utf-8") || strcasestr(is, "utf8");
	}
	return false;
}

/* The bytes of the letter at p, 0: it is none, or written in more bytes than it takes. */
static unsigned letter(const unsigned char *p, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 :
		     p[0] >> 3 == 30 ? 4 : 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7f >> n);

	for (unsigned i = 1; i < n; i++) {
		if (p[i] >> 6 != 2) /* the end of the text, too */
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	*out = c;
	return n && c >= least[n] ? n : 0;
}

/*
 * Columns of a letter, 0: it is not shown.  A list of what may be, so that what is not known
 * to it (marks on other letters, writing from the right, what has no width) is not.
 */
static unsigned letter_columns(uint32_t c, bool utf8)
{
	static const struct {
		uint32_t first, last;
		unsigned columns;
	} shown[] = {
		{ 0xa1, 0xac, 1 },      { 0xae, 0x2ff, 1 },     { 0x370, 0x377, 1 },
		{ 0x384, 0x38a, 1 },    { 0x38e, 0x3a1, 1 },    { 0x3a3, 0x482, 1 },
		{ 0x48a, 0x52f, 1 },    { 0x1e00, 0x1eff, 1 },  { 0x2010, 0x2027, 1 },
		{ 0x2030, 0x205e, 1 },  { 0x20a0, 0x20bf, 1 },  { 0x2500, 0x257f, 1 },
		{ 0x3041, 0x3096, 2 },  { 0x30a1, 0x30fa, 2 },  { 0x3400, 0x4dbf, 2 },
		{ 0x4e00, 0x9fff, 2 },  { 0xac00, 0xd7a3, 2 },
	};

	if (c < 0x80 || !utf8)
		return c >= 0x20 && c <= 0x7e;
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (c >= shown[i].first && c <= shown[i].last)
			return shown[i].columns;
	return 0;
}

size_t letters_show(char *out, size_t room, const char *in, size_t columns, bool utf8)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t at = 0, taken = 0;

	while (*p) {
		uint32_t c = 0;
		unsigned n = letter(p, &c), wide = n ? letter_columns(c, utf8) : 0;
		unsigned bytes = wide ? n : 1;

		if (taken + (wide ? wide : 1) > columns || at + bytes >= room)
			break;
		if (wide)
			memcpy(out + at, p, n);
		else
			out[at] = '?';
		at += bytes;
		taken += wide ? wide : 1;
		p += n ? n : 1;
	}
	out[at] = '\0';
	return taken;
}
