/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "addr.h"

/* inet_pton wants a NUL; an address never needs more than ADDR_TEXT bytes. */
static bool text_copy(struct slice text, char out[ADDR_TEXT])
{
	if (text.n == 0 || text.n >= ADDR_TEXT || memchr(text.p, '\0', text.n))
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

/* Four numbers up to 255, none with a leading zero, and nothing else: what inet_pton
 * takes, without its copy.  Hosts in messages are read by the million. */
static bool v4_parse(struct slice text, uint8_t be[4])
{
	unsigned n = 0, digits = 0, at = 0;

	if (text.n < 7 || text.n > 15)
		return false;
	for (uint32_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)text.p[i] - '0';

		if (digit < 10) {
			if (digits++ && !n) /* a leading zero */
				return false;
			n = n * 10 + digit;
			if (n > 255)
				return false;
			continue;
		}
		if (text.p[i] != '.' || !digits || at == 3)
			return false;
		be[at++] = (uint8_t)n;
		n = digits = 0;
	}
	be[3] = (uint8_t)n;
	return digits && at == 3;
}

int addr_parse(struct slice text, struct addr *out)
{
	char buf[ADDR_TEXT];
	uint8_t be[16];

	if (v4_parse(text, be)) {
		*out = addr_v4(be);
		return 0;
	}
	if (!text.n || !memchr(text.p, ':', text.n) || !text_copy(text, buf) ||
	    inet_pton(AF_INET6, buf, be) != 1)
		return -EINVAL;
	*out = addr_v6(be);
	return 0;
}

/* Decimal, 0octal or 0xhex, as strtoul(p, end, 0); NULL when it is none, or above 2^32. */
static const char *part_parse(const char *p, const char *end, uint64_t *out)
{
	const char *start = p;
	unsigned base = 10;

	if (end - p > 1 && *p == '0') {
		base = (p[1] | 0x20) == 'x' ? 16 : 8;
		start = p += base == 16 ? 2 : 0;
	}
	for (*out = 0; p < end && *p != '.'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9)
			digit = (unsigned)((*p | 0x20) - 'a') + 10;
		if (digit >= base || *out > UINT32_MAX)
			return NULL;
		*out = *out * base + digit;
	}
	return p > start ? p : NULL;
}

int addr_parse_host(struct slice host, struct addr *out)
{
	if (host.n > 2 && host.p[0] == '[')
		host = (struct slice){ host.p + 1, host.n - 2 };
	return addr_parse(host, out);
}

int addr_parse_odd(struct slice text, struct addr *out)
{
	const char *p = text.p, *end = p + text.n;
	uint64_t part, all = 0;
	uint8_t be[4];

	for (unsigned left = 32;; left -= 8) {
		p = p < end ? part_parse(p, end, &part) : NULL;
		/* the last one stands for all the bytes that are left */
		if (!p || part >> (p == end ? left : 8))
			return -EINVAL;
		if (p == end)
			break;
		if (left == 8)
			return -EINVAL;
		all |= part << (left - 8);
		p++;
	}
	all |= part;
	for (unsigned i = 0; i < 4; i++)
		be[i] = (uint8_t)(all >> (24 - 8 * i));
	*out = addr_v4(be);
	return 0;
}

/* One to three digits without a leading zero: "032" is more often a slip than a 32. */
static int length_parse(struct slice text, unsigned max, unsigned *out)
{
	unsigned len = 0;

	if (text.n == 0 || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
		return -EINVAL;
	for (uint32_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		len = len * 10 + (unsigned)(text.p[i] - '0');
	}
	if (len > max)
		return -EINVAL;
	*out = len;
	return 0;
}

int addr_parse_endpoint(struct slice text, struct addr *out, uint16_t *port)
{
	uint32_t at = text.n, n = 0;

	while (at && text.p[at - 1] >= '0' && text.p[at - 1] <= '9')
		at--;
	if (at < 2 || text.p[at - 1] != ':' || text.n - at > 5)
		return -EINVAL;
	for (uint32_t i = at; i < text.n; i++)
		n = n * 10 + (uint32_t)(text.p[i] - '0');
	if (!n || n > 65535)
		return -EINVAL;
	*port = (uint16_t)n;
	return addr_parse_host((struct slice){ text.p, at - 1 }, out);
}

int prefix_parse(struct slice text, struct prefix *out)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct slice host = slash ? slice_between(text.p, slash) : text;
	unsigned base, len = 128;
	struct addr a;

	if (addr_parse(host, &a) < 0)
		return -EINVAL;
	/* how it was written decides what "/n" counts: ::ffff:192.0.2.0/120 is IPv6 notation */
	base = memchr(host.p, ':', host.n) ? 0 : ADDR_V4_BITS;
	if (slash && length_parse(slice_between(slash + 1, text.p + text.n), 128 - base, &len) < 0)
		return -EINVAL;
	if (slash)
		len += base;
	out->addr = addr_masked(&a, len);
	out->len = (uint8_t)len;
	return 0;
}

size_t addr_print(const struct addr *a, char out[ADDR_TEXT])
{
	bool v4 = addr_is_v4(a);

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, out, ADDR_TEXT))
		out[0] = '\0';
	return strlen(out);
}

size_t prefix_print(const struct prefix *p, char out[PREFIX_TEXT])
{
	bool v4 = addr_is_v4(&p->addr) && p->len >= ADDR_V4_BITS;
	char host[ADDR_TEXT];
	int n;

	addr_print(&p->addr, host);
	if (p->len == 128)
		n = snprintf(out, PREFIX_TEXT, "%s", host);
	else
		n = snprintf(out, PREFIX_TEXT, "%s/%u", host, p->len - (v4 ? ADDR_V4_BITS : 0u));
	return n > 0 ? (size_t)n : 0;
}
