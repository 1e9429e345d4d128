/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers made from requests: what is copied, where they go, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sip/reply.h"

#define REST "From: <sip:100@pbx.example>;tag=f\r\nTo: <sip:200@pbx.example>\r\n" \
	     "Call-ID: c1\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
#define TAIL "From: <sip:100@pbx.example>;tag=f\r\nTo: <sip:200@pbx.example>" \
	     ";tag=8000000000000000\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"

static struct parcel out;

static bool answer(const char *text)
{
	struct reply r = { .status = 403, .phrase = SLICE("Destination blocked"), .tag = 8,
			   .room = PARCEL_BYTES };
	struct pkt pkt = { .sport = 40000, .dport = 5060 };
	struct sip_msg sip;

	addr_parse(SLICE("203.0.113.9"), &pkt.src);
	addr_parse(SLICE("192.0.2.10"), &pkt.dst);
	sip_parse(&sip, slice_of(text));
	memset(&out, 0, sizeof(out));
	return reply_make(&out, &pkt, &sip, &r);
}

static void expect(const char *vias, const char *want)
{
	char text[4096], whole[4096];

	snprintf(text, sizeof(text), "INVITE sip:200@pbx.example SIP/2.0\r\n%s" REST, vias);
	snprintf(whole, sizeof(whole), "SIP/2.0 403 Destination blocked\r\n%s" TAIL, want);
	assert_true(answer(text));
	assert_int_equal(out.n, strlen(whole));
	if (memcmp(out.bytes, whole, out.n) != 0)
		fail_msg("%.*s", out.n, out.bytes);
}

/* A line of its own for whoever knows no folds. */
static void test_one_line(void **unused)
{
	(void)unused;
	expect("Via: SIP/2.0/UDP 10.0.0.5\r\n ;branch=z9hG4bKa\r\n\t;x\r\n"
	       "Via: SIP/2.0/UDP\r\n b\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5   ;branch=z9hG4bKa  \t;x;received=203.0.113.9\r\n"
	       "Via: SIP/2.0/UDP   b\r\n");
	assert_false(answer("INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;b=\"\x01\"\r\n" REST));
	assert_false(answer("INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;b\r\nVia: \x1b[2J\r\n"
			    REST));
	assert_true(answer("INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n"
			   "From: <sip:a>\r\n X: y\r\n;tag=f\r\nTo: <sip:b>\r X: y\nCall-ID: c\r\n"
			   "CSeq: 1 INVITE\r\n\r\n"));
	assert_null(memmem(out.bytes, out.n, "\nX", 2));
	assert_null(memmem(out.bytes, out.n, "\n ", 2));
	assert_null(memmem(out.bytes, out.n, "\r ", 2));
}

static void test_vias(void **unused)
{
	(void)unused;
	expect("Via: SIP/2.0/UDP 10.0.0.5:5071;branch=z9hG4bKa\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5:5071;branch=z9hG4bKa;received=203.0.113.9\r\n");
	assert_int_equal(out.dport, 5071);
	expect("Via: SIP/2.0/UDP phone.example;branch=z9hG4bKa\r\n",
	       "Via: SIP/2.0/UDP phone.example;branch=z9hG4bKa;received=203.0.113.9\r\n");
	assert_int_equal(out.dport, 5060);
	expect("Via: SIP/2.0/UDP 10.0.0.5;rport;branch=z9hG4bKa\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa;received=203.0.113.9;rport=40000\r\n");
	assert_int_equal(out.dport, 40000);
	expect("v: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa;RPORT=1;x, SIP/2.0/TCP b;branch=2\r\n"
	       "Via: SIP/2.0/UDP c;branch=3, SIP/2.0/UDP d\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa;x;received=203.0.113.9;rport=40000,"
	       "SIP/2.0/TCP b;branch=2\r\nVia: SIP/2.0/UDP c;branch=3, SIP/2.0/UDP d\r\n");
	expect("Via: SIP/2.0/UDP 10.0.0.5;x=\"a;rport=\\\";1\";rport;branch=1\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5;x=\"a;rport=\\\";1\";branch=1;received=203.0.113.9"
	       ";rport=40000\r\n");
	expect("Via: SIP/2.0/UDP 10.0.0.5;x=\"a;rport\";branch=1\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5;x=\"a;rport\";branch=1;received=203.0.113.9\r\n");
}

static void test_ends(void **unused)
{
	char text[ADDR_TEXT];

	(void)unused;
	expect("Via: SIP/2.0/UDP 10.0.0.5;rport;branch=a\r\n",
	       "Via: SIP/2.0/UDP 10.0.0.5;branch=a;received=203.0.113.9;rport=40000\r\n");
	addr_print(&out.from, text);
	assert_string_equal(text, "192.0.2.10");
	assert_int_equal(out.sport, 5060);
	addr_print(&out.to, text);
	assert_string_equal(text, "203.0.113.9");
	assert_true(reply_tag_is(SLICE("8000000000000000"), 8));
	assert_false(reply_tag_is(SLICE("8000000000000001"), 8));
	assert_false(reply_tag_is(SLICE_NONE, 0));
}

/* A request within a dialog has its tag already. */
static void test_tagged(void **unused)
{
	static const struct slice to = SLICE("To: <sip:b@x>;tag=own\r\n");

	(void)unused;
	assert_true(answer("INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=1\r\n"
			   "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>;tag=own\r\nCall-ID: c\r\n"
			   "CSeq: 1 INVITE\r\n\r\n"));
	assert_non_null(memmem(out.bytes, out.n, to.p, to.n));
}

static void test_refused(void **unused)
{
	static char text[8192];

	(void)unused;
	assert_false(answer("INVITE sip:b@x SIP/2.0\r\n" REST));
	assert_false(answer("INVITE sip:b@x SIP/2.0\r\nVia: nonsense\r\n" REST));
	assert_false(answer("INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=1\r\n"
			    "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>\r\nCSeq: 1 INVITE\r\n\r\n"));
	snprintf(text, sizeof(text),
		 "INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=%01400d\r\n" REST, 1);
	assert_false(answer(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_vias),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
