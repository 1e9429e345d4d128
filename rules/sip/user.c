/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user part of a URI as a server sees it. */
#include "sip/chars.h"
#include "sip.h"

static int hex_digit(char c)
{
	char low = ascii_lower(c);

	if (is_digit(c))
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The byte at *p, its escape undone; what is no escape stands for itself. */
static char byte_next(const char **p, const char *end)
{
	const char *at = *p;
	int high, low;

	*p = at + 1;
	if (*at != '%' || end - at < 3)
		return *at;
	high = hex_digit(at[1]);
	low = hex_digit(at[2]);
	if (high < 0 || low < 0)
		return *at;
	*p = at + 3;
	return (char)(high << 4 | low);
}

static bool is_separator(char c)
{
	return c == '-' || c == '.' || c == '(' || c == ')';
}

/* Digits of a number that may be dialled (RFC 3966 3), with separators. */
static bool is_number(struct slice s)
{
	unsigned digits = 0;

	for (uint32_t i = 0; i < s.n && s.p[i] != ';'; i++) {
		char c = s.p[i];

		digits += is_digit(c);
		if (!is_digit(c) && !is_separator(c) && c != '*' && c != '#' &&
		    !(c == '+' && !digits))
			return false;
	}
	return digits > 0;
}

static bool is_telephone(const struct sip_uri *uri)
{
	struct slice value;

	if (slice_ieq(uri->scheme, SLICE("tel")))
		return true;
	return sip_param(uri->params, SLICE("user"), &value) && slice_ieq(value, SLICE("phone"));
}

/* Visual separators stand in the number, not in the parameters behind it. */
static uint32_t separators_cut(char *room, uint32_t n)
{
	uint32_t to = 0, i = 0;

	for (; i < n && room[i] != ';'; i++)
		if (!is_separator(room[i]))
			room[to++] = room[i];
	memmove(room + to, room + i, n - i);
	return to + n - i;
}

struct slice sip_unescape(struct slice text, char *room, size_t size)
{
	const char *p = text.p, *end = slice_end(text);
	struct slice out = { room, 0 };

	while (p < end && out.n < size)
		room[out.n++] = byte_next(&p, end);
	return out;
}

struct slice sip_user(const struct sip_uri *uri, char *room, size_t size)
{
	struct slice user = sip_unescape(uri->user, room, size);

	if (is_telephone(uri) || is_number(user))
		user.n = separators_cut(room, user.n);
	return user;
}
