/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guard.h"
#include "pkt.h"

struct packet {
	uint8_t b[512];
	size_t n;
};

static void put(struct packet *k, const void *bytes, size_t n)
{
	memcpy(k->b + k->n, bytes, n);
	k->n += n;
}

static void put16(struct packet *k, unsigned v)
{
	uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(k, be, 2);
}

/* IPv4 header of 20 + options bytes, for len bytes behind it. */
static void put_ipv4(struct packet *k, unsigned options, unsigned frag, unsigned proto,
		     unsigned len)
{
	const uint8_t addrs[8] = { 198, 51, 100, 7, 192, 0, 2, 1 };
	const uint8_t first[2] = { (uint8_t)(0x45 + options / 4), 0 };

	put(k, first, 2);
	put16(k, 20 + options + len);
	put16(k, 1);
	put16(k, frag);
	put16(k, 64 << 8 | proto);
	put16(k, 0);
	put(k, addrs, 8);
	for (unsigned i = 0; i < options; i++)
		put(k, "\x01", 1);
}

static void put_ipv6(struct packet *k, unsigned next, unsigned len)
{
	uint8_t head[4] = { 0x60, 0, 0, 0 }, addrs[32] = { 0x20, 0x01, 0x0d, 0xb8 };

	addrs[15] = 7;
	memcpy(addrs + 16, "\x20\x01\x0d\xb8", 4);
	addrs[31] = 1;
	put(k, head, 4);
	put16(k, len);
	put16(k, next << 8 | 64);
	put(k, addrs, 32);
}

static void put_udp(struct packet *k, unsigned len, const char *payload)
{
	put16(k, 5060);
	put16(k, 5061);
	put16(k, len);
	put16(k, 0);
	put(k, payload, strlen(payload));
}

static void put_tcp(struct packet *k, unsigned words, const char *payload)
{
	const uint8_t seq[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const uint8_t rest[8] = { (uint8_t)(words << 4), 0x18 };

	put16(k, 5060);
	put16(k, 5061);
	put(k, seq, 8);
	put(k, rest, 8);
	for (unsigned i = 5; i < words; i++)
		put(k, "\x01\x01\x01\x01", 4);
	put(k, payload, strlen(payload));
}

/* Decodes the first n bytes flush against an unreadable page, and looks whether
 * the payload lies within them. */
static struct pkt decode_cut(const struct packet *k, size_t n)
{
	struct guard g = guard_new((struct slice){ (const char *)k->b, (uint32_t)n });
	struct pkt pkt;

	memset(&pkt, 0xee, sizeof(pkt));
	pkt_decode(&pkt, g.bytes.p, g.bytes.n);
	if (pkt.payload.n) {
		assert_true(pkt.payload.p >= g.bytes.p);
		assert_true(pkt.payload.p + pkt.payload.n <= g.bytes.p + g.bytes.n);
		pkt.payload.p = (const char *)k->b + (pkt.payload.p - g.bytes.p);
	}
	guard_free(&g);
	return pkt;
}

static struct pkt decode(const struct packet *k)
{
	return decode_cut(k, k->n);
}

static void assert_payload(const struct pkt *pkt, const char *text)
{
	assert_int_equal(pkt->payload.n, strlen(text));
	assert_memory_equal(pkt->payload.p, text, strlen(text));
}

static void udp_in_ipv4(void **unused)
{
	struct addr src = addr_v4((const uint8_t[4]){ 198, 51, 100, 7 });

	(void)unused;
	for (unsigned options = 0; options <= 40; options += 4) {
		struct packet k = { .n = 0 };
		struct pkt pkt;

		put_ipv4(&k, options, 0x4000, PROTO_UDP, 13);
		put_udp(&k, 13, "hello");
		put(&k, "pad", 3); /* a short Ethernet frame is padded: no disagreement */
		pkt = decode(&k);
		assert_int_equal(pkt.flags, 0);
		assert_int_equal(pkt.version, 4);
		assert_int_equal(pkt.proto, PROTO_UDP);
		assert_int_equal(pkt.sport, 5060);
		assert_int_equal(pkt.dport, 5061);
		assert_true(addr_eq(&pkt.src, &src));
		assert_payload(&pkt, "hello");
	}
}

static void tcp_in_ipv6(void **unused)
{
	struct packet k = { .n = 0 };
	struct pkt pkt;

	(void)unused;
	put_ipv6(&k, PROTO_TCP, 33);
	put_tcp(&k, 7, "hello");
	pkt = decode(&k);
	assert_int_equal(pkt.flags, 0);
	assert_int_equal(pkt.version, 6);
	assert_int_equal(pkt.proto, PROTO_TCP);
	assert_int_equal(pkt.tcp_seq, 0x01020304);
	assert_int_equal(pkt.tcp_ack, 0x05060708);
	assert_int_equal(pkt.tcp_flags, 0x18);
	assert_int_equal(pkt.src.b[15], 7);
	assert_payload(&pkt, "hello");
}

static void lengths_that_disagree(void **unused)
{
	static const struct {
		unsigned udp;
		const char *payload;
	} row[] = { { 0, "" }, { 7, "" }, { 8, "" }, { 12, "hell" }, { 14, "hello" },
		    { 65535, "hello" } };

	(void)unused;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			struct packet k = { .n = 0 };
			struct pkt pkt;

			if (v6)
				put_ipv6(&k, PROTO_UDP, 13);
			else
				put_ipv4(&k, 0, 0, PROTO_UDP, 13);
			put_udp(&k, row[i].udp, "hello");
			pkt = decode(&k);
			assert_int_equal(pkt.flags, PKT_BAD_LENGTH);
			assert_payload(&pkt, row[i].payload);
		}
	}
}

/* What is on no wire must not pass for somebody of IPv4. */
static void mapped_is_nobody(void **unused)
{
	const uint8_t mapped[16] = { [10] = 0xff, 0xff, 198, 51, 100, 7 };

	(void)unused;
	for (unsigned at = 8; at <= 24; at += 16) {
		struct packet k = { .n = 0 };
		struct pkt pkt;

		put_ipv6(&k, PROTO_UDP, 13);
		memcpy(k.b + at, mapped, 16);
		put_udp(&k, 13, "hello");
		pkt = decode(&k);
		assert_int_equal(pkt.flags, PKT_BAD_HEADER);
		assert_false(addr_is_v4(&pkt.src) || addr_is_v4(&pkt.dst));
		assert_int_equal(pkt.payload.n, 0);
	}
}

static void extension_headers(void **unused)
{
	const uint8_t hop[8] = { 43, 0 }, routing[16] = { 60, 1 }, dest[8] = { 51, 0 };
	const uint8_t ah[16] = { 44, 2 }, atomic[8] = { PROTO_UDP };
	struct packet k = { .n = 0 };
	struct pkt pkt;

	(void)unused;
	put_ipv6(&k, 0, 8 + 16 + 8 + 16 + 8 + 13);
	put(&k, hop, 8);
	put(&k, routing, 16);
	put(&k, dest, 8);
	put(&k, ah, 16);
	put(&k, atomic, 8);
	put_udp(&k, 13, "hello");
	pkt = decode(&k);
	assert_int_equal(pkt.flags, 0); /* an atomic fragment is a whole packet */
	assert_payload(&pkt, "hello");
}

/* Up to eight are followed; a longer chain hides the rest on purpose. */
static void chains_of_extension_headers(void **unused)
{
	(void)unused;
	for (unsigned n = 1; n <= 40; n++) {
		struct packet k = { .n = 0 };

		put_ipv6(&k, 60, n * 8 + 13);
		for (unsigned i = 0; i < n; i++) {
			const uint8_t header[8] = { i + 1 < n ? 60 : PROTO_UDP, 0 };

			put(&k, header, 8);
		}
		put_udp(&k, 13, "hello");
		assert_int_equal(decode(&k).flags, n <= 8 ? 0 : PKT_BAD_HEADER);
		assert_int_equal(decode(&k).payload.n, n <= 8 ? 5 : 0);
	}
}

static void fragments(void **unused)
{
	const uint8_t first[8] = { PROTO_UDP, 0, 0, 1 }, later[8] = { PROTO_UDP, 0, 0, 9 };
	struct packet k = { .n = 0 };
	struct pkt pkt;

	(void)unused;
	put_ipv4(&k, 0, 0x2000, PROTO_UDP, 13);
	put_udp(&k, 1000, "hello"); /* speaks of the whole datagram: no disagreement */
	pkt = decode(&k);
	assert_int_equal(pkt.flags, PKT_FRAGMENT);
	assert_int_equal(pkt.dport, 5061);
	assert_payload(&pkt, "hello");
	k.b[7] = 3; /* a later one: these bytes are no UDP header */
	pkt = decode(&k);
	assert_int_equal(pkt.flags, PKT_FRAGMENT);
	assert_int_equal(pkt.dport, 0);
	assert_int_equal(pkt.payload.n, 0);

	k.n = 0;
	put_ipv6(&k, 44, 8 + 13);
	put(&k, first, 8);
	put_udp(&k, 1000, "hello");
	assert_int_equal(decode(&k).flags, PKT_FRAGMENT);
	assert_int_equal(decode(&k).dport, 5061);
	memcpy(k.b + 40, later, 8);
	assert_int_equal(decode(&k).flags, PKT_FRAGMENT);
	assert_int_equal(decode(&k).dport, 0);
}

static void absurd_headers(void **unused)
{
	struct packet k = { .n = 0 };

	(void)unused;
	assert_int_equal(decode(&k).flags, PKT_NOT_IP);
	put_ipv4(&k, 0, 0, PROTO_UDP, 13);
	put_udp(&k, 13, "hello");
	k.b[0] = 0x44;
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
	k.b[0] = 0x4f; /* 60 bytes of header in a packet of 33 */
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
	k.b[0] = 0x55;
	assert_int_equal(decode(&k).flags, PKT_NOT_IP);
	k.b[0] = 0x45;
	k.b[3] = 10; /* a packet shorter than its own header */
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
	k.b[3] = 27; /* room for 7 bytes of UDP header */
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
	k.b[3] = 33;
	k.b[9] = 1;
	assert_int_equal(decode(&k).flags, PKT_OTHER);

	k.n = 0;
	put_ipv4(&k, 0, 0, PROTO_TCP, 25);
	put_tcp(&k, 4, "hello");
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
	k.b[32] = 0xf0; /* a TCP header longer than the packet */
	assert_int_equal(decode(&k).flags, PKT_BAD_HEADER);
}

/* Every shorter copy of a packet is truncated, and nothing worse. */
static void cut_short(void **unused)
{
	const uint8_t hop[8] = { PROTO_UDP, 0 };
	struct packet k[3] = { { .n = 0 } };

	(void)unused;
	put_ipv4(&k[0], 8, 0, PROTO_UDP, 13);
	put_udp(&k[0], 13, "hello");
	put_ipv4(&k[1], 0, 0, PROTO_TCP, 29);
	put_tcp(&k[1], 6, "hello");
	put_ipv6(&k[2], 0, 8 + 13);
	put(&k[2], hop, 8);
	put_udp(&k[2], 13, "hello");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(decode(&k[i]).flags, 0);
		for (size_t n = 1; n < k[i].n; n++)
			assert_int_equal(decode_cut(&k[i], n).flags, PKT_TRUNCATED);
	}
}

/* Any bytes at all: decode_cut looks at the bounds. */
static void noise(void **unused)
{
	static const uint8_t starts[] = { 0x45, 0x46, 0x4f, 0x60 };
	uint32_t x = 1;

	(void)unused;
	for (unsigned round = 0; round < 20000; round++) {
		struct packet k = { .n = round % 130 };

		for (size_t i = 0; i < k.n; i++) {
			x = x * 1664525u + 1013904223u;
			k.b[i] = (uint8_t)(x >> 24 & (x >> 20 & 1 ? 0xff : 0x2f));
		}
		k.b[0] = starts[round % sizeof(starts)];
		decode(&k);
	}
}

/* A segment as it should be: every bit of it, and of its addresses, counts. */
static void checksum_of(const char *hex)
{
	uint8_t bytes[128];
	struct pkt pkt;
	size_t n = 0;

	for (; hex[2 * n]; n++)
		bytes[n] = (uint8_t)strtoul((char[]){ hex[2 * n], hex[2 * n + 1], 0 }, NULL, 16);
	for (size_t bit = 0; bit <= n * 8; bit++) {
		struct pkt good;

		pkt_decode(&good, bytes, n);
		if (bit < n * 8)
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		pkt_decode(&pkt, bytes, n);
		pkt_verify(&pkt);
		if (bit == n * 8)
			assert_int_equal(pkt.flags, 0);
		else if (!(pkt.flags & ~PKT_BAD_CHECKSUM) && pkt.proto == PROTO_TCP &&
			 ((const uint8_t *)good.segment.p <= bytes + bit / 8 ||
			  !addr_eq(&pkt.src, &good.src) || !addr_eq(&pkt.dst, &good.dst)))
			assert_int_equal(pkt.flags, PKT_BAD_CHECKSUM);
		if (bit < n * 8)
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void checksums(void **unused)
{
	(void)unused;
	checksum_of("4500002b0001000040067cb8cb007109c000020a9c4013c4"
		    "0001e2400009fbf15018ffff500f0000"
		    "6f6464");
	checksum_of("450000380001000040067cabcb007109c000020a9c4013c4"
		    "0001e2400009fbf15018fffff8e10000"
		    "7369787465656e206279746573212121");
	checksum_of("600000000019064020010db8000000000000000000000009"
		    "20010db8000000000000000000000010"
		    "9c4013c40001e2400009fbf15018ffff8229000068656c6c6f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_in_ipv4),
		cmocka_unit_test(tcp_in_ipv6),
		cmocka_unit_test(lengths_that_disagree),
		cmocka_unit_test(mapped_is_nobody),
		cmocka_unit_test(extension_headers),
		cmocka_unit_test(chains_of_extension_headers),
		cmocka_unit_test(fragments),
		cmocka_unit_test(absurd_headers),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(noise),
		cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
