/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BYEs of our own: what is said to whom, byte for byte, and what cannot be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sip/compose.h"

static struct strict *strict;
static char out[1400];

static int setup(void **unused)
{
	(void)unused;
	strict = strict_new();
	return !strict;
}

static int teardown(void **unused)
{
	(void)unused;
	strict_free(strict);
	return 0;
}

static struct bye usual(void)
{
	return (struct bye){
		.target = SLICE("sip:bob@192.0.2.4:5070;transport=udp"),
		.from_uri = SLICE("sip:alice@atlanta.example"), .from_tag = SLICE("9fxced76sl"),
		.to_uri = SLICE("sip:bob@biloxi.example"), .to_tag = SLICE("8321234356"),
		.call_id = SLICE("3848276298220188511@atlanta.example"),
		.sent_by = SLICE("203.0.113.9:41000"), .branch = SLICE("z9hG4bK-c0123456789abcdef"),
		.reason = SLICE("Q.850;cause=31;text=\"too long\""), .cseq = 314160,
	};
}

/* NULL: it cannot be said; else what our own view makes of it, and libosip2, too. */
static const char *said(const struct bye *b)
{
	struct strict_difference difference;
	struct sip_msg m;
	size_t n = compose_bye(strict, b, out, sizeof(out) - 1);

	if (!n)
		return NULL;
	out[n] = 0;
	sip_parse(&m, slice_of(out));
	assert_int_equal(m.defects, 0);
	assert_int_equal(strict_compare(strict, &m, &difference), STRICT_SAME);
	return out;
}

static void test_plain(void **unused)
{
	struct bye b = usual();

	(void)unused;
	assert_string_equal(said(&b),
		"BYE sip:bob@192.0.2.4:5070;transport=udp SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 203.0.113.9:41000;branch=z9hG4bK-c0123456789abcdef;rport\r\n"
		"From: <sip:alice@atlanta.example>;tag=9fxced76sl\r\n"
		"To: <sip:bob@biloxi.example>;tag=8321234356\r\n"
		"Call-ID: 3848276298220188511@atlanta.example\r\n"
		"CSeq: 314160 BYE\r\n"
		"Max-Forwards: 70\r\n"
		"Reason: Q.850;cause=31;text=\"too long\"\r\n"
		"Content-Length: 0\r\n\r\n");
	b.tcp = true;
	b.sent_by = SLICE("[2001:db8::9]:5060");
	b.reason = SLICE_NONE;
	assert_non_null(strstr(said(&b), "\r\nVia: SIP/2.0/TCP [2001:db8::9]:5060;branch="));
	assert_null(strstr(out, "Reason"));
}

/* RFC 3261 12.2.1.1, and its example in 16.12.1. */
static void test_routes(void **unused)
{
	struct bye b = usual();

	(void)unused;
	b.route = SLICE("<sip:192.0.2.10;lr;ftag=a;did=8c1.4>, <sip:p2.example;lr=on>");
	assert_non_null(strstr(said(&b), "\r\nRoute: <sip:192.0.2.10;lr;ftag=a;did=8c1.4>\r\n"
			       "Route: <sip:p2.example;lr=on>\r\n"));
	assert_memory_equal(out, "BYE sip:bob@192.0.2.4:5070;transport=udp SIP/2.0\r\n", 50);
	b.route = SLICE("<sip:strict.example>,<sip:p2.example;lr>");
	assert_non_null(strstr(said(&b), "\r\nRoute: <sip:p2.example;lr>\r\n"
			       "Route: <sip:bob@192.0.2.4:5070;transport=udp>\r\n"));
	assert_memory_equal(out, "BYE sip:strict.example SIP/2.0\r\n", 32);
	b.route = SLICE("<sip:strict.example>");
	assert_non_null(strstr(said(&b), "\r\nRoute: <sip:bob@192.0.2.4:5070;transport=udp>\r\n"));
}

/* Contacts that phones and servers give. */
static void test_targets(void **unused)
{
	static const char *const targets[] = {
		"sip:203.0.113.9", "sip:[2001:db8::1]:5060", "sips:a@h.example;transport=tcp",
		"sip:1001@203.0.113.9:5061;ob", "sip:1001@203.0.113.9;line=abc123",
		"sip:1001@10.0.0.10:5063;alias=203.0.113.40~5063~1",
		"sip:asterisk@192.0.2.10:5060", "sip:mod_sofia@192.0.2.10:5060",
		"sip:+4930231250001@192.0.2.10:5060;user=phone",
		"sip:1001@203.0.113.9:5060;transport=TCP;rinstance=4cd8c1a9e1b5d3f2",
		"sip:gw+carrier@192.0.2.10:5060;transport=udp;gw=carrier",
		"sip:%2331%23@203.0.113.9", "sip:*1@203.0.113.9",
		"sip:a@h.example;maddr=203.0.113.9;ttl=5", "tel:+44-20-7946-0018",
	};
	unsigned could_not = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		struct bye b = usual();
		char want[256];

		b.target = slice_of(targets[i]);
		snprintf(want, sizeof(want), "BYE %s SIP/2.0\r\n", targets[i]);
		if (!said(&b)) {
			could_not++;
			fprintf(stderr, "cannot be said: %s\n", targets[i]);
			continue;
		}
		assert_memory_equal(out, want, strlen(want));
	}
	assert_int_equal(could_not, 0);
}

/* The same URI in other letters (RFC 3261 19.1.4). */
static void test_escapes(void **unused)
{
	struct bye b = usual();

	(void)unused;
	b.target = SLICE("sip:%23%2a1@203.0.113.9");
	assert_non_null(said(&b));
	assert_memory_equal(out, "BYE sip:%23*1@203.0.113.9 SIP/2.0\r\n", 35);
}

/* What would come out as something else is not said at all. */
static void test_impossible(void **unused)
{
	struct bye b = usual();
	char big[2000];

	(void)unused;
	b.cseq = 0;
	assert_null(said(&b));
	b.cseq = 0x80000000u;
	assert_null(said(&b));
	b = usual();
	b.target = SLICE_NONE;
	assert_null(said(&b));
	b.target = SLICE("sip:a@h SIP/2.0\r\nX: y");
	assert_null(said(&b));
	b = usual();
	b.from_tag = SLICE("a;tag=b");
	assert_null(said(&b));
	b = usual();
	b.call_id = SLICE("a\r\nX: y");
	assert_null(said(&b));
	b = usual();
	memset(big, 'a', sizeof(big));
	memcpy(big, "sip:", 4);
	b.target = (struct slice){ big, sizeof(big) };
	assert_null(said(&b));
	b = usual();
	assert_int_equal(compose_bye(strict, &b, out, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_impossible, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
