/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One address type for both families: 16 bytes in network order, IPv4 as
 * ::ffff:a.b.c.d, as sockets have it; in a packet of IPv6 it is damage.
 *
 * Ownership: values.  Units: prefix lengths are 0..128; IPv4 /n is 96 + n.
 */
#ifndef SIPMOAT_ADDR_H
#define SIPMOAT_ADDR_H

#include "slice.h"

struct addr {
	uint8_t b[16];
};

struct prefix {
	struct addr addr; /* host bits are zero */
	uint8_t len;
};

#define ADDR_TEXT 46   /* room for the text of an address and its NUL */
#define PREFIX_TEXT 50 /* ... and of a prefix */
#define ADDR_V4_BITS 96

static inline struct addr addr_v4(const uint8_t be[4])
{
	struct addr a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	memcpy(a.b + 12, be, 4);
	return a;
}

static inline struct addr addr_v6(const uint8_t be[16])
{
	struct addr a;

	memcpy(a.b, be, 16);
	return a;
}

static inline bool addr_is_v4(const struct addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, 12) == 0;
}

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, 16) == 0;
}

/* Keeps the first len bits (0..128). */
static inline struct addr addr_masked(const struct addr *a, unsigned len)
{
	struct addr m = { { 0 } };

	memcpy(m.b, a->b, len / 8);
	if (len % 8)
		m.b[len / 8] = (uint8_t)(a->b[len / 8] & (0xff << (8 - len % 8)));
	return m;
}

/*
 * The site of an address is what is banned, proven and known as one: a single
 * IPv4 address, a /64 of IPv6 (one customer owns at least that much, RFC 6177).
 */
static inline unsigned addr_site_len(const struct addr *a)
{
	return addr_is_v4(a) ? 128 : 64;
}

static inline struct addr addr_site(const struct addr *a)
{
	return addr_masked(a, addr_site_len(a));
}

static inline struct prefix addr_site_prefix(const struct addr *a)
{
	return (struct prefix){ addr_site(a), (uint8_t)addr_site_len(a) };
}

/* The sites around one, which may well be one customer's or one farm's: IPv4 /24, IPv6 /48. */
static inline unsigned addr_around_len(const struct addr *a)
{
	return addr_is_v4(a) ? ADDR_V4_BITS + 24 : 48;
}

static inline struct prefix addr_around(const struct addr *a)
{
	unsigned len = addr_around_len(a);

	return (struct prefix){ addr_masked(a, len), (uint8_t)len };
}

static inline bool prefix_is_site(const struct prefix *p)
{
	return p->len == addr_site_len(&p->addr);
}

static inline bool prefix_has(const struct prefix *p, const struct addr *a)
{
	struct addr m = addr_masked(a, p->len);

	return addr_eq(&m, &p->addr);
}

/*
 * Text forms (rules/addr.c).  parse: 0 or -EINVAL; "198.51.100.7",
 * "2001:db8::1", with "/n" for prefixes; host bits of a prefix are cleared.
 * print: returns the length written, always NUL-terminated; a site or prefix
 * that is a whole host prints without "/n".
 */
int addr_parse(struct slice text, struct addr *out);
/* The same as the host of a URI or Via: IPv6 in brackets (RFC 3261 25.1). */
int addr_parse_host(struct slice host, struct addr *out);
/* IPv4 as only inet_aton() reads it, and with it many servers: "0300.0.2.10", "3221225994". */
int addr_parse_odd(struct slice text, struct addr *out);
/* "192.0.2.9:9060", "[2001:db8::9]:9060"; the port is not 0. */
int addr_parse_endpoint(struct slice text, struct addr *out, uint16_t *port);
int prefix_parse(struct slice text, struct prefix *out);
size_t addr_print(const struct addr *a, char out[ADDR_TEXT]);
size_t prefix_print(const struct prefix *p, char out[PREFIX_TEXT]);

#endif
