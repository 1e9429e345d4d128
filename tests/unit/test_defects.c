/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "defects.h"

static void what_is_not_a_message(void **unused)
{
	static const struct row rows[] = {
		OTHER(SIP_KEEPALIVE, ""),
		OTHER(SIP_KEEPALIVE, "\r\n"),
		OTHER(SIP_KEEPALIVE, "\r\n\r\n"),
		OTHER(SIP_KEEPALIVE, "\0"),
		OTHER(SIP_KEEPALIVE, "\0\0\0\0"),
		OTHER(SIP_KEEPALIVE, "\0\1\0\0\x21\x12\xa4\x42" "123456789abc"),
		OTHER(SIP_NONE, "\0\1\0\0\x21\x12\xa4\x42" "1234567890\r\n" LINE HEAD "\r\n"),
		OTHER(SIP_NONE, "\0\1\0\4\x21\x12\xa4\x42" "123456789abc"), /* length lies */
		OTHER(SIP_NONE, "\x80\1\0\0\x21\x12\xa4\x42" "123456789abc"), /* RTP */
		OTHER(SIP_NONE, "hello"),
		OTHER(SIP_NONE, "GET / HTTP/1.1\r\nHost: pbx\r\n\r\n"),
		OTHER(SIP_NONE, "OPTIONS sip:x@example.org\r\n" HEAD "\r\n"),
		OTHER(SIP_NONE, "OPTIONS\vsip:x@example.org\vSIP/2.0\r\n" HEAD "\r\n"),
		OTHER(SIP_NONE, "OPTIONS sip:x@example.orgSIP/2.0\r\n" HEAD "\r\n"),
		OTHER(SIP_NONE, "OPTIONS sip:x@example.org\r\nSIP/2.0\r\n" HEAD "\r\n"),
	};
	char crlfs[200];
	struct sip_msg m;

	(void)unused;
	JUDGE(rows);
	memset(crlfs, '\n', sizeof(crlfs));
	sip_parse(&m, (struct slice){ crlfs, sizeof(crlfs) });
	assert_int_equal(m.kind, SIP_NONE);
}

static void start_lines(void **unused)
{
	static const struct row rows[] = {
		REQ(LINE HEAD "\r\n", -1),
		REQ("\r\n\r\n" LINE HEAD "\r\n", -1),
		REQ("OPTIONS sip:a@b sip/2.0\r\n" HEAD "\r\n", -1),
		REQ("OPTIONS sip:a@b SIP/3.0\r\n" HEAD "\r\n", D(VERSION), -1),
		REQ("OPTIONS sip:a@b SIP/2.01\r\n" HEAD "\r\n", D(VERSION), -1),
		REQ("OPTIONS  sip:a@b SIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS sip:a@b  SIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS sip:a@b SIP/2.0 \r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS sip:a@b SIP/2.0 x\r\n" HEAD "\r\n", D(VERSION), -1),
		REQ(" SIP/2.0\r\n" HEAD "\r\n", D(METHOD), D(URI), D(CSEQ_METHOD), -1),
		REQ("OPTIONS SIP/2.0\r\n" HEAD "\r\n", D(URI), -1),
		REQ("OPT(IONS sip:a@b SIP/2.0\r\n" HEAD "\r\n", D(METHOD), D(CSEQ_METHOD), -1),
		REQ("Options sip:a@b SIP/2.0\r\n" HEAD "\r\n", D(METHOD), D(CSEQ_METHOD), -1),
		/* Kamailio takes STUN for a method */
		REQ("\0\1\0\0\x21\x12\xa4\x42" "123456789abc sip:a@b SIP/2.0\r\n" HEAD "\r\n",
		    D(METHOD), D(CSEQ_METHOD), D(NUL), D(CONTROL), -1),
		REQ("!!$$\x21\x12\xa4\x42" "123456789abc sip:a@b SIP/2.0\r\n" HEAD "\r\n",
		    D(METHOD), D(CSEQ_METHOD), D(CONTROL), -1),
		/* Kamailio takes this for an INVITE */
		REQ("invite sip:a@b SIP/2.0\r\n" VIA FROM TO ID FORWARDS
		    "CSeq: 7 invite\r\n\r\n", D(METHOD), -1),
		REQ("invit sip:a@b SIP/2.0\r\n" VIA FROM TO ID FORWARDS
		    "CSeq: 7 invit\r\n\r\n", -1),
		REQ("OPTIONS\tsip:a@b SIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS sip:a@b\tSIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS \tsip:a@b SIP/2.0\t\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS sip:a@b\r\n SIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("OPTIONS\r\n\tsip:a@b SIP/2.0\r\n" HEAD "\r\n", D(START_LINE), -1),
		REQ("\xef\xbb\xbfOPTIONS sip:a@b SIP/2.0\r\n" HEAD "\r\n", D(METHOD),
		    D(CSEQ_METHOD), -1),
		REQ("OPTIONS sip:a@b SIP/2.0\v\r\n" HEAD "\r\n", D(VERSION), D(CONTROL), -1),
		RES(RING HEAD "\r\n", -1),
		RES("SIP/2.0 200 \r\n" HEAD "\r\n", -1),
		RES("SIP/2.0 200\r\n" HEAD "\r\n", -1),
		RES("sip/2.0 200 OK\r\n" HEAD "\r\n", -1),
		RES("SIP/2.0 603 \xc3\x9c" "bel \"\r\n" HEAD "\r\n", -1),
		RES("SIP/2.0\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 099 x\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 0200 x\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 700 x\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 4294967496 x\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 2OO OK\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/1.0 200 OK\r\n" HEAD "\r\n", D(VERSION), -1),
		RES("SIP/2.0\t200 OK\r\n" HEAD "\r\n", D(VERSION), D(STATUS), -1),
		RES("SIP/2.0  200 OK\r\n" HEAD "\r\n", D(STATUS), -1),
		RES("SIP/2.0 200 OK\r\n then\r\n" HEAD "\r\n", D(START_LINE), -1),
	};

	(void)unused;
	JUDGE(rows);
}

#define URI(u, ...) REQ("OPTIONS " u " SIP/2.0\r\n" HEAD "\r\n", __VA_ARGS__)

static void request_uris(void **unused)
{
	static const struct row rows[] = {
		URI("sip:pbx.example.org", -1),
		URI("sip:pbx_1.example.org:5060;lr?Subject=a", -1),
		URI("sips:a;b=c?d:pw@[2001:db8::1]:5061;transport=tcp", -1),
		URI("sip:+49(30)12-3*%23@192.0.2.1", -1),
		URI("sip:u@[2001:db8:::192.0.2.1]", -1), /* RFC 5118 4.10: tolerate */
		URI("tel:+49301234;phone-context=example.org", -1),
		URI("urn:service:sos", -1),
		URI("x-new:anything:at@all", -1),
		URI("sip:\xc3\xa9@example.org", -1),
		URI("<sip:a@example.org>", D(URI), -1),
		URI("sip:a@example.org; lr", D(URI), -1),
		URI("sip:a\x01" "b@example.org", D(URI), D(CONTROL), -1),
		URI("sip:2001:db8::10", D(URI), -1),
		URI("sip:a@2001:db8::10", D(URI), -1),
		URI("sip:a@[2001:db8::10", D(URI), -1),
		URI("sip:a@", D(URI), -1),
		URI("sip:", D(URI), -1),
		URI("sip:a@example.org:", D(URI), -1),
		URI("sip:a@example.org:99999", D(URI), -1),
		URI("sip:a@example.org:50x0", D(URI), -1),
		URI("sip:a@evil.example@example.org", D(URI), -1),
		URI("sip:a@example.org;x=y@evil.example", D(URI), -1),
		URI("sip:a@[]", D(URI), -1),
		URI("2045", D(URI), -1),
		URI(":x", D(URI), -1),
		URI("*", D(URI), -1),
	};

	(void)unused;
	JUDGE(rows);
}

static void lines_and_names(void **unused)
{
	static const struct row rows[] = {
		REQ(LINE HEAD, D(NO_END), -1),
		REQ("OPTIONS sip:a@b SIP/2.0", D(NO_END), D(MISSING_VIA), D(MISSING_FROM),
		    D(MISSING_TO), D(MISSING_CALL_ID), D(MISSING_CSEQ),
		    D(MISSING_MAX_FORWARDS), -1),
		REQ(LINE HEAD "X-Flag: 1", D(NO_END), -1),
		REQ(LINE HEAD "X-Flag\t : 1\r\n\r\n", D(SPACE_COLON), -1), /* HCOLON allows it */
		REQ(LINE HEAD "Subject : 1\r\n\r\n", D(SPACE_COLON), -1),
		REQ(LINE HEAD "X-Flag\r\n : 1\r\n\r\n", D(HEADER_NAME), -1), /* but no fold */
		REQ(LINE HEAD "X-Flag\v: 1\r\n\r\n", D(HEADER_NAME), D(CONTROL), -1),
		REQ(LINE HEAD "X-Fl\xc3\xa4g: 1\r\n\r\n", D(HEADER_NAME), -1),
		REQ(LINE HEAD "X-Empty:\r\n\r\n", -1),
		REQ(LINE HEAD "nonsense\r\n\r\n", D(HEADER_SYNTAX), -1),
		REQ(LINE HEAD ": value\r\n\r\n", D(HEADER_SYNTAX), -1),
		REQ(LINE HEAD "X Flag: 1\r\n\r\n", D(HEADER_NAME), -1),
		REQ(LINE HEAD "X-Flag\x01: 1\r\n\r\n", D(HEADER_NAME), D(CONTROL), -1),
		REQ(LINE " folded: x\r\n" HEAD "\r\n", D(START_LINE), D(VERSION), -1),
		REQ(LINE HEAD "X-Flag: 1\n\r\n", D(BARE_LINE_END), -1),
		REQ("OPTIONS sip:a@b SIP/2.0\n" VIA FROM TO ID FORWARDS "CSeq: 7 OPTIONS\n\n",
		    D(BARE_LINE_END), -1),
		REQ(LINE HEAD "X-Flag: 1\rX-Other: 2\r\n\r\n", D(LONE_CR), -1),
		REQ(LINE HEAD "X-Flag: 1\r\r\n\r\n", D(LONE_CR), -1),
		REQ(LINE HEAD "\r\rX", D(LONE_CR), -1),
		REQ(LINE HEAD "\r", D(LONE_CR), D(NO_END), -1),
		REQ(LINE HEAD "X-Flag: a\0b\r\n\r\n", D(NUL), -1),
		REQ(LINE HEAD "X-Flag: \"a\0b\"\r\n\r\n", D(NUL), -1),
		REQ(LINE HEAD "X-Flag: \"a\\\0b\\\"\\\0\"\r\n\r\n", -1),
		REQ(LINE HEAD "X-Flag: \"a\\\0b\" \\\0\r\n\r\n", D(NUL), -1),
		REQ(LINE HEAD "X-Flag: a\x07" "b\r\n\r\n", D(CONTROL), -1),
		REQ(LINE HEAD "X-Flag: \f5\r\n\r\n", D(CONTROL), -1),
		REQ(LINE HEAD "X-Flag: \x7f\r\n\r\n", D(CONTROL), -1),
		REQ(LINE HEAD "X-Flag: \"a\x1b\"\r\n\r\n", D(CONTROL), -1),
		REQ(LINE HEAD "X-Flag: \"a\\\x1b\\\x7f\t\"\r\n\r\n", -1),
		REQ(LINE HEAD "X-Flag: \"\\\x1b\" \x1b \0\r\n\r\n", D(CONTROL), D(NUL), -1),
		REQ(LINE HEAD "\x7f\r\n\r\n", D(CONTROL), D(HEADER_SYNTAX), -1),
		REQ(LINE HEAD "X-Flag:\t\xc2\x85\xe2\x80\xa8\r\n\t1\r\n\r\n", -1),
		REQ(LINE HEAD "\r\na\0b\rc\nd", -1), /* the body is opaque */
	};

	(void)unused;
	JUDGE(rows);
}

static void required_and_repeated(void **unused)
{
	static const struct row rows[] = {
		HDRS(FROM TO ID CSEQ FORWARDS, D(MISSING_VIA), -1),
		HDRS(VIA TO ID CSEQ FORWARDS, D(MISSING_FROM), -1),
		HDRS(VIA FROM ID CSEQ FORWARDS, D(MISSING_TO), -1),
		HDRS(VIA FROM TO CSEQ FORWARDS, D(MISSING_CALL_ID), -1),
		HDRS(VIA FROM TO ID FORWARDS, D(MISSING_CSEQ), -1),
		HDRS(VIA FROM TO "Call-ID: \t\r\n" CSEQ FORWARDS, D(MISSING_CALL_ID), -1),
		HDRS(VIA FROM TO ID CSEQ, D(MISSING_MAX_FORWARDS), -1),
		RES(RING VIA FROM TO ID CSEQ "\r\n", -1),
		HDRS(FORWARDS CSEQ ID TO FROM VIA, -1),
		HDRS(FORWARDS "v: SIP/2.0/UDP a;branch=1\r\nF: <sip:a@b>\r\nt: <sip:b@b>\r\n"
		     "I: 1\r\n" CSEQ, -1),
		HDRS(FORWARDS "VIA: SIP/2.0/UDP a;branch=1\r\nfRoM: <sip:a@b>\r\ntO: <sip:b@b>\r\n"
		     "call-id: 1\r\nCSEQ: 7 OPTIONS\r\n", -1),
		HDRS(HEAD FROM, D(DUPLICATE), -1),
		HDRS(HEAD "f: <sip:x@y>\r\n", D(DUPLICATE), -1), /* long and compact are one */
		HDRS(HEAD TO, D(DUPLICATE), -1),
		HDRS(HEAD ID, D(DUPLICATE), -1),
		HDRS(HEAD CSEQ, D(DUPLICATE), -1),
		HDRS(HEAD "l: 0\r\nContent-Length: 0\r\n", D(DUPLICATE), -1),
		HDRS(HEAD FORWARDS, D(DUPLICATE), -1),
		HDRS(HEAD "c: a/b\r\nContent-Type: c/d\r\n", D(DUPLICATE), -1),
		HDRS(HEAD "Expires: 1\r\nExpires: 2\r\n", D(DUPLICATE), -1),
		HDRS(HEAD VIA VIA "m: <sip:a@b>\r\nContact: <sip:c@d>\r\nRoute: <sip:r>\r\n"
		     "Route: <sip:s>\r\nUser-Agent: a\r\nUser-Agent: b\r\nSupported: x\r\n"
		     "k: y\r\nX-One: 1\r\nX-One: 2\r\n", -1),
	};

	(void)unused;
	JUDGE(rows);
}

#define WITH_CSEQ(value, ...) \
	HDRS(VIA FROM TO ID FORWARDS "CSeq: " value "\r\n", __VA_ARGS__)
#define WITH_ID(value, ...) HDRS(VIA FROM TO CSEQ FORWARDS "i: " value "\r\n", __VA_ARGS__)
#define WITH_FORWARDS(value, ...) \
	HDRS(VIA FROM TO ID CSEQ "Max-Forwards:" value "\r\n", __VA_ARGS__)

static void numbers(void **unused)
{
	static const struct row rows[] = {
		WITH_CSEQ("0 OPTIONS", -1),
		WITH_CSEQ("000000000000000007\r\n   OPTIONS", -1),
		WITH_CSEQ("2147483647 OPTIONS", -1),
		WITH_CSEQ("2147483648 OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("18446744073709551617 OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("-1 OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("7OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("7", D(CSEQ), -1),
		WITH_CSEQ("7 OPTIONS x", D(CSEQ), -1),
		WITH_CSEQ("7 INVITE", D(CSEQ_METHOD), -1),
		WITH_CSEQ("7 options", D(CSEQ_METHOD), -1),
		RES(RING VIA FROM TO ID "CSeq: 1 INVITE\r\n\r\n", -1),
		RES(RING VIA FROM TO ID "CSeq: 1 Invite\r\n\r\n", D(CSEQ), -1),
		RES(RING VIA FROM TO ID "CSeq: 1 X-Own\r\n\r\n", -1),
		WITH_CSEQ("7\tOPTIONS", -1),
		WITH_CSEQ("+7 OPTIONS", D(CSEQ), -1),
		WITH_CSEQ("7\fOPTIONS", D(CSEQ), D(CONTROL), -1),
		WITH_FORWARDS(" 000255", -1),
		WITH_FORWARDS(" 0", -1),
		WITH_FORWARDS(" 256", D(MAX_FORWARDS), -1),
		WITH_FORWARDS(" -1", D(MAX_FORWARDS), -1),
		WITH_FORWARDS("", D(MAX_FORWARDS), -1),
		HDRS(HEAD "Content-Length: -1\r\n", D(CONTENT_LENGTH), -1),
		WITH_FORWARDS(" +7", D(MAX_FORWARDS), -1),
		WITH_FORWARDS(" 7 7", D(MAX_FORWARDS), -1),
		HDRS(HEAD "Expires: 4294967295\r\n", -1),
		HDRS(HEAD "Expires: 0\r\n", -1),
		HDRS(HEAD "Expires: 4294967296\r\n", D(EXPIRES), -1),
		HDRS(HEAD "Expires: 3600.5\r\n", D(EXPIRES), -1),
		HDRS(HEAD "Expires: \r\n", -1),
		WITH_ID("a(b)<>:\\\"/[]?{}@c", -1),
		WITH_ID("\r\n a\t", -1),
		WITH_ID("a b", D(CALL_ID), -1),
		WITH_ID("a\tb", D(CALL_ID), -1),
		WITH_ID("a\r\n b", D(CALL_ID), -1),
		HDRS(HEAD "Content-Length: +0\r\n", D(CONTENT_LENGTH), -1),
		HDRS(HEAD "Content-Length: 0, 0\r\n", D(CONTENT_LENGTH), -1),
		HDRS(HEAD "Content-Length : 0\r\n", D(SPACE_COLON), -1),
		HDRS(HEAD "Content-Length:\r\n 00\r\n", -1),
		HDRS(HEAD "Content-Length: 0x0\r\n", D(CONTENT_LENGTH), -1),
		HDRS(HEAD "Content-Length:\r\n", D(CONTENT_LENGTH), -1),
		HDRS(HEAD "Content-Length: 18446744073709551616\r\n", D(CONTENT_LENGTH), -1),
		HDRS(HEAD "Content-Length: 4294967295\r\n", D(SHORT_BODY), -1),
	};

	(void)unused;
	JUDGE(rows);
}

static void framing(void **unused)
{
	static const struct row rows[] = {
		HDRS(HEAD "l: 4\r\n\r\nbody", -1),
		HDRS(HEAD "l: 5\r\n\r\nbody", D(SHORT_BODY), -1),
		HDRS(HEAD "l: 3\r\n\r\nbody", D(TRAILING), -1),
		HDRS(HEAD "l: 0\r\n\r\n\r\n", -1), /* a line end too many harms nobody */
		HDRS(HEAD "l: 0\r\n\r\n" LINE HEAD, D(SECOND_MESSAGE), -1),
		HDRS(HEAD "l: 0\r\n\r\n\r\n\r\n" RING HEAD, D(SECOND_MESSAGE), -1),
		HDRS(HEAD "\r\n" LINE HEAD, -1), /* without a length it is the body */
	};

	(void)unused;
	/* HDRS ends with an empty line, which would stand behind the body here */
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = rows[i];

		row.text.n -= 2;
		judge(&row, 1);
	}
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_a_message),
		cmocka_unit_test(start_lines),
		cmocka_unit_test(request_uris),
		cmocka_unit_test(lines_and_names),
		cmocka_unit_test(required_and_repeated),
		cmocka_unit_test(numbers),
		cmocka_unit_test(framing),
	};

	return cmocka_run_group_tests_name("defects", tests, NULL, NULL);
}
