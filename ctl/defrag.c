/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "defrag.h"

#include <stdlib.h>

#define DATAGRAM_MAX 65535u
#define HEADER_MAX 512u /* IPv4 has 60; IPv6 extension headers that need more are refused */
#define BLOCKS ((DATAGRAM_MAX + 8) / 8)
#define SECOND 1000000000ull
#define WAIT_V4 (30 * SECOND) /* Linux: net.ipv4.ipfrag_time */
#define WAIT_V6 (60 * SECOND) /* RFC 8200 4.5 */

enum { EXT_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_AUTH = 51, EXT_DEST = 60 };

struct parts {
	struct ip_head key; /* of the first that came */
	uint64_t until;
	bool used;
	uint32_t total;  /* bytes of data, 0 = the last one has not come */
	uint32_t blocks; /* how many blocks of 8 bytes are there */
	uint32_t header; /* bytes of head[]; 0 = the first one has not come */
	uint8_t have[BLOCKS / 8 + 1];
	uint8_t head[HEADER_MAX];
	uint8_t data[DATAGRAM_MAX];
};

struct defrag {
	struct parts *slot[DEFRAG_MAX];
	uint8_t out[HEADER_MAX + DATAGRAM_MAX];
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static bool read_v4(const uint8_t *p, uint32_t n, struct ip_head *h)
{
	uint32_t bits;

	if (n < 20)
		return false;
	h->proto = p[9];
	h->header = h->data = (p[0] & 15) * 4u;
	h->end = be16(p + 2);
	if (h->header < 20 || h->end < h->header || h->end > n)
		return false;
	bits = be16(p + 6);
	h->version = 4;
	h->src = addr_v4(p + 12);
	h->dst = addr_v4(p + 16);
	h->id = be16(p + 4);
	h->more = bits & 0x2000;
	h->offset = (bits & 0x1fff) * 8;
	h->fragment = h->more || h->offset;
	return true;
}

/* Walks the extension headers up to the data or the first fragment header. */
static bool walk_v6(const uint8_t *p, struct ip_head *h)
{
	uint32_t at = 40, next_at = 6;

	for (;;) {
		unsigned next = p[next_at];

		h->proto = (int)next;
		h->header = h->data = at;
		if (next != EXT_HOP && next != EXT_ROUTING && next != EXT_FRAGMENT &&
		    next != EXT_AUTH && next != EXT_DEST)
			return true;
		if (h->end - at < 8)
			return false;
		if (next == EXT_FRAGMENT && (be16(p + at + 2) & 0xfff9)) {
			h->fragment = true;
			h->more = p[at + 3] & 1;
			h->offset = be16(p + at + 2) & 0xfff8;
			h->id = be32(p + at + 4);
			h->proto = p[at];
			h->next_at = next_at;
			h->data = at + 8;
			return true;
		}
		next_at = at;
		if (next == EXT_FRAGMENT)
			at += 8;
		else if (next == EXT_AUTH)
			at += (p[at + 1] + 2u) * 4;
		else
			at += (p[at + 1] + 1u) * 8;
		if (at > h->end)
			return false;
	}
}

bool ip_head_read(struct slice ip, struct ip_head *h)
{
	const uint8_t *p = (const uint8_t *)ip.p;

	memset(h, 0, sizeof(*h));
	h->proto = -1;
	if (ip.n && p[0] >> 4 == 4)
		return read_v4(p, ip.n, h);
	if (ip.n < 40 || p[0] >> 4 != 6)
		return false;
	h->end = 40 + be16(p + 4);
	if (h->end > ip.n)
		return false;
	h->version = 6;
	h->src = addr_v6(p + 8);
	h->dst = addr_v6(p + 24);
	return walk_v6(p, h);
}

struct defrag *defrag_new(void)
{
	return calloc(1, sizeof(struct defrag));
}

void defrag_free(struct defrag *d)
{
	for (unsigned i = 0; d && i < DEFRAG_MAX; i++)
		free(d->slot[i]);
	free(d);
}

static bool same_datagram(const struct ip_head *a, const struct ip_head *b)
{
	/* RFC 791 counts the protocol in, RFC 8200 4.5 does not */
	return a->version == b->version && a->id == b->id && addr_eq(&a->src, &b->src) &&
	       addr_eq(&a->dst, &b->dst) && (a->version == 6 || a->proto == b->proto);
}

/* The slot of the datagram, or a fresh one: unused, timed out or the oldest. */
static struct parts *find(struct defrag *d, const struct ip_head *h, uint64_t now)
{
	struct parts *p;
	unsigned best = 0;

	for (unsigned i = 0; i < DEFRAG_MAX; i++) {
		p = d->slot[i];
		if (p && p->used && p->until > now && same_datagram(&p->key, h))
			return p;
		if (!p || !p->used)
			best = i;
		else if (d->slot[best] && d->slot[best]->used && p->until < d->slot[best]->until)
			best = i;
	}
	if (!d->slot[best])
		d->slot[best] = malloc(sizeof(struct parts));
	p = d->slot[best];
	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct parts, head));
	p->used = true;
	p->key = *h;
	p->until = now + (h->version == 4 ? WAIT_V4 : WAIT_V6);
	return p;
}

enum placed { PLACED, REPEATED, REFUSED };

static enum placed place(struct parts *p, const struct ip_head *h, const uint8_t *data, uint32_t n)
{
	uint32_t first = h->offset / 8, last, there = 0;

	if (h->more && n % 8 && h->version == 6)
		return REFUSED; /* RFC 8200 4.5 */
	if (h->more)
		n &= ~7u;
	if (!n || h->offset + n > DATAGRAM_MAX || (p->total && h->offset + n > p->total))
		return REFUSED;
	if (!h->more && p->total && p->total != h->offset + n)
		return REFUSED;
	last = (h->offset + n + 7) / 8;
	for (uint32_t b = first; b < last; b++)
		there += p->have[b / 8] >> b % 8 & 1;
	if (there)
		return there == last - first ? REPEATED : REFUSED;
	for (uint32_t b = first; b < last; b++)
		p->have[b / 8] |= (uint8_t)(1 << b % 8);
	if (!h->more) {
		/* something already lies behind what is said to be the end */
		for (uint32_t b = last; b < BLOCKS; b++)
			if (p->have[b / 8] >> b % 8 & 1)
				return REFUSED;
		p->total = h->offset + n;
	}
	p->blocks += last - first;
	memcpy(p->data + h->offset, data, n);
	return PLACED;
}

static bool whole_of(struct defrag *d, const struct parts *p, struct slice *out)
{
	uint32_t length = p->header + p->total;

	if (length - (p->key.version == 6 ? 40 : 0) > DATAGRAM_MAX)
		return false;
	memcpy(d->out, p->head, p->header);
	memcpy(d->out + p->header, p->data, p->total);
	if (p->key.version == 6)
		length -= 40;
	d->out[p->key.version == 6 ? 4 : 2] = (uint8_t)(length >> 8);
	d->out[p->key.version == 6 ? 5 : 3] = (uint8_t)length;
	if (p->key.version == 4)
		d->out[6] = d->out[7] = 0;
	*out = (struct slice){ (const char *)d->out, p->header + p->total };
	return true;
}

enum defrag_found defrag_put(struct defrag *d, struct slice ip, const struct ip_head *h,
			     uint64_t now, struct slice *whole)
{
	const uint8_t *bytes = (const uint8_t *)ip.p;
	struct parts *p = find(d, h, now);
	enum placed placed;

	if (!p)
		return DEFRAG_REFUSED;
	placed = h->header > HEADER_MAX ? REFUSED
					: place(p, h, bytes + h->data, h->end - h->data);
	if (placed == PLACED && h->offset == 0) {
		p->header = h->header;
		memcpy(p->head, bytes, h->header);
		if (h->version == 6)
			p->head[h->next_at] = (uint8_t)h->proto;
	}
	if (placed == REFUSED) {
		p->used = false;
		return DEFRAG_REFUSED;
	}
	if (!p->header || !p->total || p->blocks != (p->total + 7) / 8)
		return DEFRAG_HELD;
	p->used = false;
	return whole_of(d, p, whole) ? DEFRAG_WHOLE : DEFRAG_REFUSED;
}
