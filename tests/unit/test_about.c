/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people get to read of a message: who and which call, never what a password can be
 * guessed from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "check.h"
#include "engine.h"
#include "rules.h"

static struct ruleset *rs;
static struct state *st;
static struct scratch *s;

static int begin(void **unused)
{
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };
	struct conf_report report = { 0 };

	(void)unused;
	rs = ruleset_load(NULL, &report);
	conf_report_free(&report);
	st = state_new(ruleset_settings(rs), seed);
	s = scratch_new();
	return ruleset_set_inside(rs, &inside, 1);
}

static int end(void **unused)
{
	(void)unused;
	scratch_free(s);
	state_free(st);
	ruleset_free(rs);
	return 0;
}

static void about_over(uint8_t proto, struct slice bytes, struct about *out)
{
	const uint8_t server[4] = { 192, 0, 2, 10 }, phone[4] = { 192, 0, 2, 99 };
	struct pkt pkt = { .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
			   .dport = 5060, .proto = proto, .version = 4, .payload = bytes };
	struct decision d;

	memset(out, 'x', sizeof(*out));
	engine_run(rs, st, s, &pkt, NS, &d);
	engine_about(rs, s, &pkt, &d, out);
}

static void about_of(struct slice bytes, struct about *out)
{
	about_over(PROTO_UDP, bytes, out);
}

static void who_and_which_call(void **unused)
{
	struct about a;

	(void)unused;
	about_of(SLICE("INVITE sip:2@192.0.2.10 SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1\r\n"
		       "From: <sip:1001@pbx.example>;tag=1\r\nTo: <sip:2@pbx.example>\r\n"
		       "Call-ID: a\x1b[31mb\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		       "User-Agent: Phone\r\nContent-Length: 0\r\n\r\n"), &a);
	assert_string_equal(a.user, "1001");
	assert_string_equal(a.from, "sip:1001@pbx.example");
	assert_string_equal(a.to, "sip:2@pbx.example");
	assert_string_equal(a.call_id, "a\\x1b[31mb");
	assert_string_equal(a.agent, "Phone");
	assert_string_equal(a.country, "");
	assert_memory_equal(a.excerpt, "INVITE sip:2@192.0.2.10 SIP/2.0\nVia: ", 37);
}

static void credentials_are_nobodys_business(void **unused)
{
	struct about a;
	char text[ABOUT_EXCERPT + 1] = "";

	(void)unused;
	about_of(SLICE("REGISTER sip:pbx.example SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1\r\n"
		       "From: <sip:1001@pbx.example>;tag=1\r\nTo: <sip:1002@pbx.example>\r\n"
		       "aUTHORIZATION : Digest username=\"1003\", realm=\"r\", nonce=\"n\",\r\n"
		       " uri=\"sip:pbx.example\", response=\"0123456789abcdef\"\r\n"
		       "Proxy-Authorization: Digest response=\"0123456789abcdef\"\r\n"
		       "X-Authorization: Digest response=\"0123456789abcdef\"\r\n"
		       "authentication-info: rspauth=\"0123456789abcdef\"\r\n"
		       "Call-ID: c\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n"
		       "Content-Length: 0\r\n\r\n"), &a);
	memcpy(text, a.excerpt, a.excerpt_n);
	assert_string_equal(a.user, "1003");
	assert_non_null(strstr(text, "Call-ID: c"));
	assert_null(strstr(text, "0123456789abcdef"));
	assert_null(strstr(text, "response"));
}

static void who_calls_by_a_proxy(void **unused)
{
	struct about a;

	(void)unused;
	about_of(SLICE("INVITE sip:2@192.0.2.10 SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1\r\n"
		       "From: <sip:1001@pbx.example>;tag=1\r\nTo: <sip:2@pbx.example>\r\n"
		       "Proxy-Authorization: Digest username=\"1003\", "
		       "response=\"0123456789abcdef\"\r\n"
		       "Call-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		       "Content-Length: 0\r\n\r\n"), &a);
	assert_string_equal(a.user, "1003");
}

static void what_is_no_sip_is_cut_short(void **unused)
{
	char junk[1200];
	struct about a;

	(void)unused;
	memset(junk, 0x16, sizeof(junk));
	about_of((struct slice){ junk, sizeof(junk) }, &a);
	assert_string_equal(a.user, "");
	assert_string_equal(a.call_id, "");
	assert_true(a.excerpt_n > 0 && a.excerpt_n <= 96);
}

/* A segment may begin in the middle of anything, and a broken message with anything. */
static void what_is_no_sip_tells_no_credentials(void **unused)
{
	struct about a;

	(void)unused;
	about_over(PROTO_TCP, SLICE("9abcdef\", algorithm=MD5\r\nContent-Length: 0\r\n\r\n"), &a);
	assert_int_equal(a.excerpt_n, 0);
	about_over(PROTO_TCP, SLICE("\x16\x03\x01"), &a);
	assert_int_equal(a.excerpt_n, 3);
	about_of(SLICE("REGISTER nobody\r\nAuthorization: Digest response=\"0123456789abcdef\""
		       "\r\n\r\n"), &a);
	assert_int_equal(a.excerpt_n, 15);
	assert_memory_equal(a.excerpt, "REGISTER nobody", 15);
}

/* Of a header line without its colon, and of one with a byte that is none of a text. */
static void evidence_is_no_digest(void **unused)
{
	static const char *const line[] = {
		"Authorization Digest username=\"1003\", response=\"0123456789abcdef\"",
		"Authorization: Digest username=\"\x01\", reSponse =\"0123456789abcdef\"",
	};

	(void)unused;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t server[4] = { 192, 0, 2, 10 }, phone[4] = { 203, 0, 113, 9 };
		struct pkt pkt = { .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
				   .dport = 5060, .proto = PROTO_UDP, .version = 4 };
		struct decision d;
		char text[1024];

		snprintf(text, sizeof(text), "REGISTER sip:pbx.example SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1\r\n"
			 "From: <sip:1001@pbx.example>;tag=1\r\nTo: <sip:1002@pbx.example>\r\n"
			 "%s\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n"
			 "Content-Length: 0\r\n\r\n", line[i]);
		pkt.payload = slice_of(text);
		engine_run(rs, st, s, &pkt, NS, &d);
		assert_int_equal(d.verdict, VERDICT_DROP);
		assert_non_null(d.evidence[0] ? d.evidence : NULL);
		assert_null(strstr(d.evidence, "0123456789abcdef"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_and_which_call),
		cmocka_unit_test(credentials_are_nobodys_business),
		cmocka_unit_test(who_calls_by_a_proxy),
		cmocka_unit_test(what_is_no_sip_is_cut_short),
		cmocka_unit_test(what_is_no_sip_tells_no_credentials),
		cmocka_unit_test(evidence_is_no_digest),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
