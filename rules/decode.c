/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 (RFC 791), IPv6 (RFC 8200), UDP (RFC 768), TCP (RFC 9293).  Lengths are
 * compared with what the IP header promises, not with what was captured: a
 * packet that was cut short is truncated, not dishonest.
 */
#include "pkt.h"

/* More than any sane packet carries; RFC 8200 4.1 names each at most once or twice. */
#define EXT_MAX 8

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AH = 51,
	NEXT_DESTINATION = 60,
};

/* What is left of the packet, and what the IP header says should be left. */
struct rest {
	const uint8_t *p;
	size_t have;     /* bytes that are here */
	size_t promised; /* bytes that the IP header promises; have <= promised */
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* false: not all n bytes are here; the flag says whose fault that is. */
static bool rest_need(struct pkt *pkt, const struct rest *r, size_t n)
{
	if (r->have >= n)
		return true;
	pkt->flags |= r->promised >= n ? PKT_TRUNCATED : PKT_BAD_HEADER;
	return false;
}

static void rest_skip(struct rest *r, size_t n)
{
	r->p += n;
	r->have -= n;
	r->promised -= n;
}

static void payload_set(struct pkt *pkt, const struct rest *r, size_t n)
{
	pkt->payload = (struct slice){ (const char *)r->p, (uint32_t)(n < r->have ? n : r->have) };
}

static void udp_decode(struct pkt *pkt, struct rest *r)
{
	size_t len;

	if (!rest_need(pkt, r, 8))
		return;
	pkt->sport = get16(r->p);
	pkt->dport = get16(r->p + 2);
	len = get16(r->p + 4);
	/* a fragment's length speaks of the whole datagram */
	if (!(pkt->flags & PKT_FRAGMENT) && len != r->promised)
		pkt->flags |= PKT_BAD_LENGTH;
	rest_skip(r, 8);
	payload_set(pkt, r, len < 8 ? 0 : len - 8);
}

static void tcp_decode(struct pkt *pkt, struct rest *r)
{
	size_t header;

	if (!rest_need(pkt, r, 20))
		return;
	pkt->segment = (struct slice){ (const char *)r->p, (uint32_t)r->have };
	pkt->sport = get16(r->p);
	pkt->dport = get16(r->p + 2);
	pkt->tcp_seq = get32(r->p + 4);
	pkt->tcp_ack = get32(r->p + 8);
	pkt->tcp_flags = r->p[13];
	header = (size_t)(r->p[12] >> 4) * 4;
	if (header < 20) {
		pkt->flags |= PKT_BAD_HEADER;
		return;
	}
	if (!rest_need(pkt, r, header))
		return;
	rest_skip(r, header);
	payload_set(pkt, r, r->have);
}

static void transport_decode(struct pkt *pkt, struct rest *r, uint8_t next, size_t offset)
{
	if (next != PROTO_UDP && next != PROTO_TCP) {
		pkt->flags |= PKT_OTHER;
		return;
	}
	pkt->proto = next;
	if (offset) /* a later fragment: no header here, only bytes without a meaning */
		return;
	if (next == PROTO_UDP)
		udp_decode(pkt, r);
	else
		tcp_decode(pkt, r);
}

static void ipv4_decode(struct pkt *pkt, struct rest *r)
{
	size_t header, total, offset;

	r->promised = 20;
	if (!rest_need(pkt, r, 20))
		return;
	header = (size_t)(r->p[0] & 15) * 4;
	total = get16(r->p + 2);
	offset = get16(r->p + 6) & 0x1fff;
	pkt->src = addr_v4(r->p + 12);
	pkt->dst = addr_v4(r->p + 16);
	if (header < 20) {
		pkt->flags |= PKT_BAD_HEADER;
		return;
	}
	if (r->have < total)
		pkt->flags |= PKT_TRUNCATED;
	else
		r->have = total; /* what follows is padding of the link */
	r->promised = total;
	if (offset || get16(r->p + 6) & 0x2000)
		pkt->flags |= PKT_FRAGMENT;
	if (rest_need(pkt, r, header)) {
		uint8_t next = r->p[9];

		rest_skip(r, header);
		transport_decode(pkt, r, next, offset);
	}
}

/* Bytes of the extension header at r, 0 when next is not one. */
static size_t extension_size(const struct rest *r, uint8_t next)
{
	switch (next) {
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_DESTINATION:
		return r->have < 2 ? 8 : ((size_t)r->p[1] + 1) * 8;
	case NEXT_AH: /* RFC 4302 2.2: words of 4 bytes, minus 2 */
		return r->have < 2 ? 12 : ((size_t)r->p[1] + 2) * 4;
	case NEXT_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static void extensions_decode(struct pkt *pkt, struct rest *r, uint8_t next)
{
	size_t offset = 0, size;
	unsigned count = 0;

	while (!offset && (size = extension_size(r, next))) {
		if (count++ == EXT_MAX) {
			pkt->flags |= PKT_BAD_HEADER;
			return;
		}
		if (!rest_need(pkt, r, size))
			return;
		if (next == NEXT_FRAGMENT) {
			uint16_t where = get16(r->p + 2);

			offset = where >> 3;
			/* offset 0 and no more to come: atomic, a whole packet (RFC 6946) */
			if (offset || where & 1)
				pkt->flags |= PKT_FRAGMENT;
		}
		next = r->p[0];
		rest_skip(r, size);
	}
	transport_decode(pkt, r, next, offset);
}

static void ipv6_decode(struct pkt *pkt, struct rest *r)
{
	uint8_t next;

	r->promised = 40;
	if (!rest_need(pkt, r, 40))
		return;
	pkt->src = addr_v6(r->p + 8);
	pkt->dst = addr_v6(r->p + 24);
	/* nobody is there; to us it would be somebody of IPv4, trusted perhaps */
	if (addr_is_v4(&pkt->src) || addr_is_v4(&pkt->dst)) {
		pkt->src = pkt->dst = (struct addr){ { 0 } };
		pkt->flags |= PKT_BAD_HEADER;
		return;
	}
	next = r->p[6];
	r->promised = 40 + (size_t)get16(r->p + 4);
	if (r->have < r->promised)
		pkt->flags |= PKT_TRUNCATED;
	else
		r->have = r->promised;
	rest_skip(r, 40);
	extensions_decode(pkt, r, next);
}

void pkt_decode(struct pkt *pkt, const void *bytes, size_t n)
{
	struct rest r = { bytes, n, n };

	memset(pkt, 0, sizeof(*pkt));
	pkt->version = n ? r.p[0] >> 4 : 0;
	if (pkt->version == 4) {
		ipv4_decode(pkt, &r);
	} else if (pkt->version == 6) {
		ipv6_decode(pkt, &r);
	} else {
		pkt->version = 0;
		pkt->flags = PKT_NOT_IP;
	}
}

/*
 * Sum of 16-bit words in ones' complement (RFC 1071), in the machine's own byte
 * order, which only matters for the sum itself and not for its being all ones.
 */
static uint64_t sum_add(uint64_t sum, const void *bytes, size_t n)
{
	const char *p = bytes;
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
		sum += sum < word;
	}
	word = 0;
	memcpy(&word, p, n);
	sum += word;
	return sum + (sum < word);
}

static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)(sum + (sum >> 16));
}

void pkt_verify(struct pkt *pkt)
{
	const uint8_t tail[8] = { (uint8_t)(pkt->segment.n >> 24), (uint8_t)(pkt->segment.n >> 16),
				  (uint8_t)(pkt->segment.n >> 8), (uint8_t)pkt->segment.n, 0, 0, 0,
				  PROTO_TCP };
	size_t skip = pkt->version == 4 ? 12 : 0;
	uint64_t sum;

	if (pkt->proto != PROTO_TCP || pkt->flags)
		return;
	/* the pseudo header; RFC 9293 3.1, RFC 8200 8.1: length and protocol add up alike */
	sum = sum_add(0, pkt->src.b + skip, sizeof(pkt->src.b) - skip);
	sum = sum_add(sum, pkt->dst.b + skip, sizeof(pkt->dst.b) - skip);
	sum = sum_add(sum, tail, sizeof(tail));
	sum = sum_add(sum, pkt->segment.p, pkt->segment.n);
	if (sum_fold(sum) != 0xffff)
		pkt->flags |= PKT_BAD_CHECKSUM;
}
