/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a packet was sent to before DNAT, from entries as the kernel writes them, cut short
 * anywhere, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "pkt.h"
#include "tuple.h"

static const uint8_t client4[4] = { 203, 0, 113, 9 }, public4[4] = { 192, 0, 2, 2 };
static const uint8_t inner4[4] = { 192, 0, 2, 130 };
static const uint8_t client6[16] = { 0x20, 1, 0xd, 0xb8, 9 };
static const uint8_t public6[16] = { 0x20, 1, 0xd, 0xb8, 2 };
static const uint8_t inner6[16] = { 0x20, 1, 0xd, 0xb8, 0x82 };

static void put_tuple(struct nlmsghdr *m, uint16_t type, bool v6, const void *src, const void *dst,
		      uint16_t sport, uint16_t dport)
{
	struct nlattr *all = mnl_attr_nest_start(m, type);
	struct nlattr *part = mnl_attr_nest_start(m, CTA_TUPLE_IP);

	mnl_attr_put(m, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, v6 ? 16 : 4, src);
	mnl_attr_put(m, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, v6 ? 16 : 4, dst);
	mnl_attr_nest_end(m, part);
	part = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, 17);
	mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(m, part);
	mnl_attr_nest_end(m, all);
}

/* A client asks public:5070, which is inner:5060. */
static struct slice entry(uint32_t room[256], bool v6)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(room);
	const void *client = v6 ? client6 : client4, *public = v6 ? public6 : public4;

	put_tuple(m, CTA_TUPLE_ORIG, v6, client, public, 5062, 5070);
	put_tuple(m, CTA_TUPLE_REPLY, v6, v6 ? inner6 : inner4, client, 5060, 5062);
	mnl_attr_put_u32(m, CTA_STATUS, 0);
	mnl_attr_put_u32(m, CTA_MAX + 9, 0); /* of kernels to come */
	return (struct slice){ (char *)room + MNL_NLMSG_HDRLEN, m->nlmsg_len - MNL_NLMSG_HDRLEN };
}

static void test_both_ways(void **arg)
{
	const struct addr public = addr_v4(public4);
	uint32_t room[256];
	struct tuple t;

	(void)arg;
	for (uint32_t info = IP_CT_ESTABLISHED; info <= IP_CT_NEW; info++) {
		assert_true(tuple_of_packet(entry(room, false), info, &t));
		assert_true(addr_eq(&t.dst, &public));
		assert_int_equal(t.dport, 5070);
		assert_int_equal(t.proto, PROTO_UDP);
		assert_true(tuple_of_packet(entry(room, true), info, &t));
		assert_memory_equal(t.dst.b, public6, 16);
	}
	assert_true(tuple_of_packet(entry(room, false), IP_CT_ESTABLISHED_REPLY, &t));
	assert_int_equal(t.dport, 5062);
	assert_int_equal(t.sport, 5060);
	assert_false(tuple_of_packet(entry(room, false), 7, &t)); /* untracked */
	assert_false(tuple_of_packet(entry(room, false), UINT32_MAX, &t));
	assert_false(tuple_of_packet(SLICE_NONE, IP_CT_NEW, &t));
}

/* In memory of just its size, so that the sanitizer sees one byte too many. */
static bool read_exactly(struct slice s, struct tuple *t)
{
	char *copy = malloc(s.n ? s.n : 1);
	bool got;

	memcpy(copy, s.p, s.n);
	got = tuple_of_packet((struct slice){ copy, s.n }, IP_CT_NEW, t);
	free(copy);
	return got;
}

static void test_short(void **arg)
{
	uint32_t room[256];
	struct tuple t;

	(void)arg;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct slice all = entry(room, v6);
		bool was = false;

		for (uint32_t n = 0; n <= all.n; n++) {
			bool is = read_exactly((struct slice){ all.p, n }, &t);

			assert_true(is || !was);
			was = is;
		}
		assert_true(was);
	}
}

/* Every byte as every other value: what is read is a tuple, or nothing, and inside. */
static void test_damaged(void **arg)
{
	uint32_t room[256];
	struct slice all = entry(room, false);
	char *bytes = (char *)room + MNL_NLMSG_HDRLEN;
	struct tuple t;

	(void)arg;
	for (uint32_t i = 0; i < all.n; i++) {
		char was = bytes[i];

		for (unsigned v = 0; v < 256; v++) {
			bytes[i] = (char)v;
			if (read_exactly(all, &t))
				assert_true(addr_is_v4(&t.dst) && addr_is_v4(&t.src));
		}
		bytes[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("tuple", tests, NULL, NULL);
}
