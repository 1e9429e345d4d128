/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as nearly all phones write them, read in one pass: what holds nothing
 * that could be read in two ways, nor could be meant for anybody but a server.
 */
#include "sip/chars.h"
#include "sip/view.h"

enum { HOST = 1, USER = 2, NAME = 4, PARAM = 8 };

#define ALL (HOST | USER | NAME | PARAM)
static const uint8_t classes[256] = {
	['0' ... '9'] = ALL,
	['A' ... 'T'] = ALL,
	['U'] = HOST | PARAM, /* UNION is a word of SQL's: see word_skip */
	['V' ... 'Z'] = ALL,
	['a' ... 't'] = ALL,
	['u'] = HOST | PARAM,
	['v' ... 'z'] = ALL,
	['-'] = ALL,
	['.'] = ALL,
	['_'] = ALL,
	['+'] = HOST | USER,
	[' '] = NAME,
	[0x80 ... 0xff] = NAME,
	['='] = PARAM,
	[';'] = PARAM,
};

static inline const char *class_skip(const char *p, const char *end, uint8_t some)
{
	while (p < end && classes[(uint8_t)*p] & some)
		p++;
	return p;
}

/* What an interpreter could make something of must hold other bytes, or "union". */
static inline const char *word_skip(const char *p, const char *end, uint8_t some)
{
	for (;; p++) {
		p = class_skip(p, end, some);
		if (p == end || ascii_lower(*p) != 'u' || p + 1 == end || ascii_lower(p[1]) == 'n')
			return p;
	}
}

/* Behind the ':' before a port; its end, NULL when there is none. */
static inline const char *port_skip(const char *p, const char *end)
{
	const char *start = p;
	uint32_t n = 0;

	for (; p < end && is_digit(*p) && p - start < 5; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	return p > start && n <= UINT16_MAX ? p : NULL;
}

const char *usual_uri(const char *p, const char *end, bool *plain)
{
	const char *host;

	if (end - p < 4 || memcmp(p, "sip:", 4) != 0)
		return NULL;
	host = p += 4;
	p = word_skip(p, end, USER);
	if (p < end && *p == '@') {
		if (p == host)
			return NULL;
		host = ++p;
		p = class_skip(p, end, HOST);
	}
	if (p == host)
		return NULL;
	*plain &= !may_be_special(host, end);
	if (p < end && *p == ':')
		p = port_skip(p + 1, end);
	if (p && p < end && *p == ';')
		p = class_skip(p, end, PARAM);
	return p;
}

const char *usual_address(const char *p, const char *end, bool *plain, struct slice *uri)
{
	const char *start;

	if (p < end && *p == '"') {
		p = word_skip(p + 1, end, NAME);
		if (p == end || *p++ != '"')
			return NULL;
		if (p < end && *p == ' ')
			p++;
	} else {
		p = word_skip(p, end, NAME);
	}
	if (p == end || *p != '<')
		return NULL;
	start = p + 1;
	p = usual_uri(start, end, plain);
	if (!p || p == end || *p != '>')
		return NULL;
	*uri = slice_between(start, p);
	return p + 1;
}
