/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: an IP packet, or what claims to be one. */
#include "fuzz.h"
#include "pkt.h"

static void same(const struct pkt *a, const struct pkt *b)
{
	must(addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst));
	must(a->sport == b->sport && a->dport == b->dport);
	must(a->flags == b->flags && a->version == b->version && a->proto == b->proto);
	must(a->tcp_flags == b->tcp_flags);
	must(a->tcp_seq == b->tcp_seq && a->tcp_ack == b->tcp_ack && a->link == b->link);
	must(slice_eq(a->payload, b->payload) && slice_eq(a->segment, b->segment));
}

static void sane(const struct pkt *p, struct slice bytes)
{
	must(inside(p->payload, bytes) && inside(p->segment, bytes));
	must(p->proto != PROTO_TCP || inside(p->payload, p->segment));
	must(p->version == 0 || p->version == 4 || p->version == 6);
	must((p->version == 0) == !!(p->flags & PKT_NOT_IP));
	must(p->proto == PROTO_NONE || p->proto == PROTO_UDP || p->proto == PROTO_TCP);
	must(p->proto != PROTO_NONE || (!p->payload.n && !p->sport && !p->dport));
	must(!(p->flags & PKT_OTHER) || p->proto == PROTO_NONE);
	must(p->link == 0);
}

/* What a link adds behind a packet is not part of it. */
static void padded(const struct pkt *p, struct slice bytes)
{
	struct slice longer;
	struct pkt other;
	char *room;

	if (!p->version || p->flags & (PKT_TRUNCATED | PKT_BAD_HEADER))
		return;
	room = malloc(bytes.n + 7u);
	must(room);
	memcpy(room, bytes.p, bytes.n);
	memset(room + bytes.n, 'A', 7);
	longer = (struct slice){ room, bytes.n + 7u };
	pkt_decode(&other, longer.p, longer.n);
	same(p, &other);
	free(room);
}

/* RFC 1071, the plain way: 16 bits at a time. */
static uint32_t add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static bool right(const struct pkt *p)
{
	size_t skip = p->version == 4 ? 12 : 0;
	uint32_t sum = PROTO_TCP + (p->segment.n >> 16) + (p->segment.n & 0xffff);

	sum = add(sum, p->src.b + skip, 16 - skip);
	sum = add(sum, p->dst.b + skip, 16 - skip);
	sum = add(sum, (const uint8_t *)p->segment.p, p->segment.n);
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff;
}

static void verified(const struct pkt *p)
{
	bool whole = p->proto == PROTO_TCP && !p->flags;
	struct pkt other = *p;

	pkt_verify(&other);
	must(!!(other.flags & PKT_BAD_CHECKSUM) == (whole && !right(p)));
	other.flags = p->flags;
	same(p, &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_data(data, size), copy = piece_new(bytes);
	struct pkt a, b;

	memset(&a, 0xaa, sizeof(a));
	memset(&b, 0x55, sizeof(b));
	pkt_decode(&a, bytes.p, bytes.n);
	pkt_decode(&b, copy.p, copy.n);
	sane(&a, bytes);
	sane(&b, copy);
	same(&a, &b);
	padded(&a, bytes);
	verified(&a);
	piece_free(copy);
	return 0;
}
