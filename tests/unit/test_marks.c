/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gives scanning tools away, and what must not be taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sip/marks.h"

#define BIT(id) ((uint32_t)1 << MARK_##id)

static struct sip_msg sip;
static char text[4096];

/* A REGISTER of a phone, with these parts. */
static uint32_t marks(const char *branch, const char *from, const char *call, const char *more)
{
	snprintf(text, sizeof(text),
		 "INVITE sip:b.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9%s\r\n"
		 "From: %s\r\nTo: <sip:x@b.example>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%s",
		 branch, from, call, more);
	sip_parse(&sip, slice_of(text));
	return sip_marks(&sip);
}

#define FROM(tag) "<sip:x@b.example>;tag=" tag
#define END "Content-Length: 0\r\n\r\n"

static void test_vicious_tag(void **unused)
{
	static const char *const yes[] = {
		/* hex of 1000, the byte 1, and up to ten digits */
		FROM("31303030013132333435"), FROM("3130303001313233343536373839"),
		FROM("63303030303230613133633401343239343936373239"),
	};
	static const char *const no[] = {
		FROM("3130313031303031"), FROM("31303030013132333g"), FROM("3130303001313233"),
		FROM("310130313233343536373839303132333435"), /* more digits than 2^32 has */
		FROM("X13030300131323334353637"), FROM("3130303002313233343536"),
		FROM("0131323334353637"), FROM("1"), FROM("01"), "<sip:x@b.example>",
		FROM("3130303001313233343A"),
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_int_equal(marks(";branch=z9hG4bKx", yes[i], "c@x", END), BIT(VICIOUS_TAG));
	for (unsigned i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_int_equal(marks(";branch=z9hG4bKx", no[i], "c@x", END), 0);
}

static void test_vicious_from(void **unused)
{
	(void)unused;
	assert_int_equal(marks("", "\"sipvicious\"<sip:100@1.1.1.1>;tag=1", "c", END),
			 BIT(VICIOUS_FROM));
	assert_int_equal(marks("", "\"x\" <sip:100@1.1.1.1>;tag=1", "c", END), BIT(VICIOUS_FROM));
	assert_int_equal(marks("", "\"sipvicious fan\" <sip:x@b.example>;tag=1", "c", END), 0);
	assert_int_equal(marks("", "<sip:100@1.1.1.10>;tag=1", "c", END), 0);
}

static void test_ids(void **unused)
{
	const char *from = FROM("a");

	(void)unused;
	assert_int_equal(marks(";branch=z9hG4bK-4294967295;rport", from, "123456", END),
			 BIT(VICIOUS_IDS));
	assert_int_equal(marks(";branch=z9hG4bK-4294967295", from, "123456@x", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK-12345678901", from, "123456", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK4294967295", from, "123456", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK-", from, "123456", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK-12-3-0", from, "c", END), BIT(SIPP_BRANCH));
	assert_int_equal(marks(";branch=z9hG4bK-12-3-", from, "c", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK-12-3", from, "c", END), 0);
	assert_int_equal(marks(";branch=z9hG4bK-12-3-0-1", from, "c", END), 0);
	assert_int_equal(marks("", FROM("12SIPpTag001"), "c", END), BIT(SIPP_TAG));
	assert_int_equal(marks("", FROM("SIPpTag001"), "c", END), 0);
	assert_int_equal(marks("", FROM("12SIPpTag"), "c", END), 0);
}

#define LONG "0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3x4y5z6a7b8c9d0e1f2g3h4i"

static void test_sippts(void **unused)
{
	const char *call = "00112233445566778899aabbccddeeff";
	const char *sdp = "Content-Type: application/sdp\r\n\r\nv=0\r\n"
			  "o=x 1 1 IN IP4 203.0.113.9\r\ns=SIPPTS\r\n";

	(void)unused;
	assert_int_equal(marks(";branch=" LONG "5", FROM("a"), "c", END), BIT(SIPPTS_BRANCH));
	assert_int_equal(marks(";branch=" LONG, FROM("a"), "c", END), 0);
	assert_int_equal(marks(";branch=" LONG "55", FROM("a"), "c", END), 0);
	assert_int_equal(marks(";branch=" LONG "A", FROM("a"), "c", END), 0);
	assert_int_equal(marks(";branch=" LONG "5", FROM("0a1b2c3d"), call, END),
			 BIT(SIPPTS_BRANCH) | BIT(SIPPTS_IDS));
	assert_int_equal(marks(";branch=z9hG4bKx", FROM("0a1b2c3d"), call, END), 0);
	assert_int_equal(marks(";branch=" LONG "5", FROM("a"), "c", sdp),
			 BIT(SIPPTS_BRANCH) | BIT(SIPPTS_SDP));
	assert_int_equal(marks(";branch=z9hG4bKx", FROM("a"), "c", sdp), 0);
	assert_int_equal(marks(";branch=" LONG "5", FROM("a"), "c",
			       "Allow: INVITE, REGISTER, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, "
			       "INFO, SUBSCRIBE, UPDATE, PRACK, MESSAGE\r\n" END),
			 BIT(SIPPTS_BRANCH) | BIT(SIPPTS_ALLOW));
}

static void test_sipp(void **unused)
{
	uint32_t all = marks(";branch=z9hG4bK-12-3-0", FROM("12SIPpTag001"), "c",
			     "Subject: Performance Test\r\nContent-Type: application/sdp\r\n\r\n"
			     "v=0\r\no=user1 53655765 2353687637 IN IP4 203.0.113.9\r\n");

	(void)unused;
	assert_int_equal(all, BIT(SIPP_BRANCH) | BIT(SIPP_TAG) | BIT(SIPP_SUBJECT) | BIT(SIPP_SDP));
	/* all that SIPp is known by is less than the default of scan.score */
	assert_int_equal(sip_marks_points(all), 90);
	assert_string_equal(sip_marks_text(all), "SIPp's From tag");
}

/* No single mark has as many points as it takes. */
static void test_points(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < MARK_COUNT; i++) {
		assert_in_range(sip_marks_points((uint32_t)1 << i), 1, 60);
		assert_true(strlen(sip_marks_text((uint32_t)1 << i)) > 0);
	}
	assert_int_equal(sip_marks_points(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vicious_tag), cmocka_unit_test(test_vicious_from),
		cmocka_unit_test(test_ids),         cmocka_unit_test(test_sippts),
		cmocka_unit_test(test_sipp),        cmocka_unit_test(test_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
