/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that belong to no country and no network, from the IANA special-
 * purpose registries (RFC 6890, RFC 8190) and the multicast ranges.  Databases
 * cannot be trusted with these: one calls 203.0.113.9 Australian.
 */
#include "geo.h"

enum kind {
	NOBODYS,
	PRIVATE, /* used inside networks, so a real source there */
	WRITTEN, /* documentation: nobody has them, but examples and tests */
};

struct special {
	uint64_t bits; /* of the prefix: IPv4 in the lower half, of IPv6 the upper half */
	uint64_t mask;
	uint8_t kind;  /* enum kind */
};

#define HIGH(n) (~(uint64_t)0 << (64 - (n)))
#define V4(a, b, c, n, kind) \
	{ (uint64_t)(a) << 24 | (b) << 16 | (c) << 8, HIGH(n) >> 32, kind }
#define V6(a, b, c, d, n, kind) \
	{ (uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d), HIGH(n), kind }

static const struct special special_v4[] = {
	V4(0, 0, 0, 8, NOBODYS),              /* this network, RFC 791 */
	V4(10, 0, 0, 8, PRIVATE),             /* RFC 1918 */
	V4(100, 64, 0, 10, PRIVATE),          /* carrier NAT, RFC 6598 */
	V4(127, 0, 0, 8, PRIVATE),            /* loopback, RFC 1122 */
	V4(169, 254, 0, 16, PRIVATE),         /* link-local, RFC 3927 */
	V4(172, 16, 0, 12, PRIVATE),          /* RFC 1918 */
	V4(192, 0, 0, 24, NOBODYS),           /* protocol assignments, RFC 6890 */
	V4(192, 0, 2, 24, WRITTEN),           /* documentation, RFC 5737 */
	V4(192, 88, 99, 24, NOBODYS),         /* 6to4 relays, deprecated by RFC 7526 */
	V4(192, 168, 0, 16, PRIVATE),         /* RFC 1918 */
	V4(198, 18, 0, 15, NOBODYS),          /* benchmarks, RFC 2544 */
	V4(198, 51, 100, 24, WRITTEN),        /* documentation, RFC 5737 */
	V4(203, 0, 113, 24, WRITTEN),         /* documentation, RFC 5737 */
	V4(224, 0, 0, 3, NOBODYS),            /* multicast, reserved, broadcast: RFC 1112 */
};

static const struct special special_v6[] = {
	V6(0x64, 0xff9b, 1, 0, 48, PRIVATE),  /* local NAT64, RFC 8215 */
	V6(0x100, 0, 0, 0, 64, NOBODYS),      /* discard, RFC 6666 */
	V6(0x2001, 0, 0, 0, 32, NOBODYS),     /* Teredo, RFC 4380 */
	V6(0x2001, 2, 0, 0, 48, NOBODYS),     /* benchmarks, RFC 5180 */
	V6(0x2001, 0x10, 0, 0, 28, NOBODYS),  /* ORCHID, RFC 4843 */
	V6(0x2001, 0x20, 0, 0, 28, NOBODYS),  /* ORCHIDv2, RFC 7343 */
	V6(0x2001, 0xdb8, 0, 0, 32, WRITTEN), /* documentation, RFC 3849 */
	V6(0x3fff, 0, 0, 0, 20, WRITTEN),     /* documentation, RFC 9637 */
	V6(0x5f00, 0, 0, 0, 16, NOBODYS),     /* segment routing, RFC 9602 */
	V6(0xfc00, 0, 0, 0, 7, PRIVATE),      /* unique local, RFC 4193 */
	V6(0xfe80, 0, 0, 0, 10, PRIVATE),     /* link-local, RFC 4291 */
	V6(0xfec0, 0, 0, 0, 10, NOBODYS),     /* site-local, deprecated by RFC 3879 */
	V6(0xff00, 0, 0, 0, 8, NOBODYS),      /* multicast, RFC 4291 */
};

static uint64_t word(const struct addr *a, unsigned at, unsigned n)
{
	uint64_t w = 0;

	for (unsigned i = 0; i < n; i++)
		w = w << 8 | a->b[at + i];
	return w;
}

static const struct special *find(const struct special *s, size_t n, uint64_t bits)
{
	for (size_t i = 0; i < n; i++)
		if ((bits & s[i].mask) == s[i].bits)
			return &s[i];
	return NULL;
}

static const struct special *special_find(const struct addr *a)
{
	if (addr_is_v4(a))
		return find(special_v4, sizeof(special_v4) / sizeof(*special_v4), word(a, 12, 4));
	return find(special_v6, sizeof(special_v6) / sizeof(*special_v6), word(a, 0, 8));
}

/* ::1 is private, the rest of ::/96 (unspecified, IPv4-compatible) nobody's. */
static bool low_v6(const struct addr *a)
{
	static const uint8_t zero[12];

	return memcmp(a->b, zero, sizeof(zero)) == 0;
}

static bool loopback_v6(const struct addr *a)
{
	return low_v6(a) && a->b[12] == 0 && a->b[13] == 0 && a->b[14] == 0 && a->b[15] == 1;
}

bool addr_is_bogon(const struct addr *a)
{
	return low_v6(a) || special_find(a);
}

bool addr_is_private(const struct addr *a)
{
	const struct special *s = special_find(a);

	return s ? s->kind == PRIVATE : loopback_v6(a);
}

static bool meets(const struct special *s, size_t n, uint64_t bits, uint64_t mask)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].kind != WRITTEN && !((bits ^ s[i].bits) & s[i].mask & mask))
			return true;
	return false;
}

bool prefix_is_odd(const struct prefix *p)
{
	if (addr_is_v4(&p->addr) && p->len >= ADDR_V4_BITS)
		return meets(special_v4, sizeof(special_v4) / sizeof(*special_v4),
			     word(&p->addr, 12, 4), ~(uint64_t)0 << (128 - p->len));
	return p->len < 3 || p->addr.b[0] >> 5 != 1 ||
	       meets(special_v6, sizeof(special_v6) / sizeof(*special_v6), word(&p->addr, 0, 8),
		     p->len >= 64 ? ~(uint64_t)0 : HIGH(p->len));
}
