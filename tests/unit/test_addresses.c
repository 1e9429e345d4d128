/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "defects.h"

#define WITH_FROM(value, ...) HDRS(VIA "From: " value "\r\n" TO ID CSEQ FORWARDS, __VA_ARGS__)
#define WITH_TO(value, ...) HDRS(VIA FROM "t: " value "\r\n" ID CSEQ FORWARDS, __VA_ARGS__)
#define WITH_VIA(value, ...) HDRS("Via: " value "\r\n" FROM TO ID CSEQ FORWARDS, __VA_ARGS__)
#define WITH(header, ...) HDRS(HEAD header "\r\n", __VA_ARGS__)

static void from_and_to(void **unused)
{
	static const struct row rows[] = {
		WITH_FROM("\"a \\\" < \\\\\" <sip:a@b>;tag=1", -1),
		WITH_FROM("A. Bell <sip:a@b>;x=\"<\"", -1),
		WITH_FROM("O'Brien <sip:a@b>", -1),
		WITH_FROM("\"a, b\" <sip:a@b>;x=\",;tag=2\";tag=1;", -1),
		WITH_FROM("\"Ann \\\"<\\\" Lee\" <sip:a@b>", -1),
		/* Kamailio reads no tag of these */
		WITH_FROM("Ann \"<\" Lee <sip:a@b>", D(FROM), -1),
		WITH_FROM("\"Ann\" Lee <sip:a@b>", D(FROM), -1),
		WITH_FROM("\"Ann\" \"Lee\" <sip:a@b>", D(FROM), -1),
		WITH_FROM("<sip:a@b>;tag=1 x", D(FROM), -1),
		WITH_FROM("<sip:a@b>;x=y z;tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b>;x=\"y\"z;tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b>;x=y\"z\";tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b>;=x;tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b> ;\r\n x = \"y\" ; z ; tag = 1==", -1),
		WITH_FROM("\"\xc3\xa9\" <sip:a@b>", -1),
		WITH_FROM("sip:a@b;tag=1", -1),
		WITH_FROM("< sip:a,b;c@d > ; tag = 1", -1),
		WITH_FROM("<tel:+49-30>;tag=1", -1),
		WITH_FROM("<sip:%00@b;tag=2?x=\"y>;tag=1", -1), /* no quotes inside brackets */
		WITH_FROM("<sips:[2001:db8::1]:5061>", -1),
		WITH_FROM("<urn:service:sos>", -1),
		WITH_FROM("\"Desk <sip:a@b>;tag=1", D(QUOTE), -1),
		WITH_FROM("\"Desk\\\" <sip:a@b>;tag=1", D(QUOTE), -1),
		WITH_FROM("<sip:a@b>;x=\"y;tag=1", D(QUOTE), -1),
		WITH_FROM("<sip:a@b>;x=\"y\\", D(QUOTE), -1),
		WITH_FROM("\"Desk\" <sip:a@b;tag=1", D(BRACKET), -1),
		WITH_FROM("Desk <sip:a@b;tag=1", D(BRACKET), -1),
		WITH_FROM("<sip:a@b>;tag=1;tag=2", D(FROM), -1),
		WITH_FROM("<sip:a@b>;tag=1;TAG=2", D(FROM), -1),
		WITH_FROM("<sip:a@b>;;tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b> x;tag=1", D(FROM), -1),
		WITH_FROM("<sip:a@b> <sip:c@d>;tag=1", D(FROM), -1),
		WITH_FROM("<<sip:a@b>>", D(FROM), -1),
		WITH_FROM("\"Desk\" sip:a@b", D(FROM), -1),
		WITH_FROM("<>", D(FROM), -1),
		WITH_FROM(";tag=1", D(FROM), -1),
		WITH_FROM("Desk", D(FROM), -1),
		WITH_FROM("<2031>", D(FROM), -1),
		WITH_FROM("<sip:>", D(FROM), -1),
		WITH_FROM("<sip:a@b:x>", D(FROM), -1),
		WITH_FROM("<sip:a@2001:db8::1>", D(FROM), -1),
		WITH_FROM("<sip:a@b>;tag=1,", D(TWO_ADDRESSES), -1),
		WITH_FROM("<sip:a@b>;tag=1, <sip:c@d>", D(TWO_ADDRESSES), -1),
		WITH_FROM("sip:a@b, sip:c@d", D(TWO_ADDRESSES), -1),
		WITH_FROM("<sip:a@b> x, <sip:c@d>", D(FROM), D(TWO_ADDRESSES), -1),
		WITH_TO("\"a\" <sip:a@b>;tag=1", -1),
		WITH_TO("a <sip:a@b>;tag=1;x;tag=1", D(TO), -1),
		WITH_TO("\"a\" sip:a@b", D(TO), -1),
		WITH_TO("sip:a@b,sip:c@d", D(TWO_ADDRESSES), -1),
		WITH_TO("\"", D(QUOTE), -1),
		WITH_TO("<", D(BRACKET), -1),
	};

	(void)unused;
	JUDGE(rows);
}

static void contacts(void **unused)
{
	static const struct row rows[] = {
		WITH("Contact: *", -1),
		WITH("Contact: <sip:a@b>, \"x, <\" <sip:c@d>;q=\",\" ,sip:e@f;x=1\r\nm: <sip:g@h>",
		     -1),
		WITH("Contact: <sip:a@b;x=\",\">;expires=60;q=0.7;", -1),
		WITH("Contact:", -1), /* names nobody */
		WITH("Contact: \r\nm: 2031", D(CONTACT), -1),
		WITH("Contact: *, <sip:a@b>", D(CONTACT), -1),
		WITH("Contact: <sip:a@b>,", D(CONTACT), -1),
		WITH("Contact: ,<sip:a@b>", D(CONTACT), -1),
		WITH("Contact: <sip:a@b>\r\nm: 2031", D(CONTACT), -1),
		WITH("Contact: <sip:a@b>, <sip:c@d> e", D(CONTACT), -1),
		WITH("Contact: <sip:a@b>, \"x\" <sip:c@d>\r\nm: <sip:e@f", D(BRACKET), -1),
		WITH("Contact: a, \"x <sip:c@d>", D(CONTACT), D(QUOTE), -1),
	};

	(void)unused;
	JUDGE(rows);
}

/* However they are spread over lines. */
static void contacts_are_counted(void **unused)
{
	static char text[8192];
	static struct sip_msg m;

	(void)unused;
	for (unsigned n = SIP_MAX_CONTACTS - 1; n < SIP_MAX_CONTACTS + 2; n++) {
		for (unsigned per_line = 1; per_line <= n; per_line++) {
			int at = snprintf(text, sizeof(text), LINE HEAD "m: <sip:a@b>");
			struct guard g;

			for (unsigned i = 1; i < n; i++)
				at += snprintf(text + at, sizeof(text) - (size_t)at, "%s<sip:a@b>",
					       i % per_line ? ", " : "\r\nContact: ");
			at += snprintf(text + at, sizeof(text) - (size_t)at, "\r\n\r\n");
			g = parse(&m, (struct slice){ text, (uint32_t)at });
			assert_int_equal(m.defects,
					 n > SIP_MAX_CONTACTS ? 1ull << DEFECT_CONTACT : 0);
			guard_free(&g);
		}
	}
}

static void parameters_are_counted(void **unused)
{
	static char text[8192];
	static struct sip_msg m;

	(void)unused;
	for (unsigned n = 62; n < 66; n++) {
		int at = snprintf(text, sizeof(text), LINE HEAD "m: <sip:a@b>");
		struct guard g;

		for (unsigned i = 0; i < n; i++)
			at += snprintf(text + at, sizeof(text) - (size_t)at, ";a=\";,\"");
		at += snprintf(text + at, sizeof(text) - (size_t)at, ",sip:c@d\r\n\r\n");
		g = parse(&m, (struct slice){ text, (uint32_t)at });
		assert_int_equal(m.defects, n > 64 ? 1ull << DEFECT_CONTACT : 0);
		guard_free(&g);
	}
}

static void other_addresses(void **unused)
{
	static const struct row rows[] = {
		WITH("Route: <sip:a;lr>, \"x <\" <sip:b;lr>\r\nRoute: <sip:c>", -1),
		WITH("Record-Route: <sip:a;lr>;x=\">\"", -1),
		WITH("Refer-To: <sip:a@b?Replaces=1%40c>", -1),
		WITH("r: sip:a@b", -1),
		WITH("b: \"x\" <sip:a@b>", -1),
		WITH("Route: <sip:a;lr>\r\nRoute: <sip:b;lr", D(BRACKET), -1),
		WITH("Record-Route: \"<sip:a;lr>", D(QUOTE), -1),
		WITH("Refer-To: <sip:a", D(BRACKET), -1),
		WITH("Referred-By: \"x\\\" <sip:a@b>", D(QUOTE), -1),
		WITH("X-Route: <\"", -1),
		WITH("Subject: <\"", -1),
	};

	(void)unused;
	JUDGE(rows);
}

static void vias(void **unused)
{
	static const struct row rows[] = {
		WITH_VIA("SIP  /\t2.0 / UDP \r\n a.example.org : 5060 ;branch\r\n =  z9hG4bK1 , "
			 "SIP/2.0/TCP b", -1),
		WITH_VIA("SIP/2.0/X-NEW [2001:db8::1]:5060;received=2001:db8::2;branch=1", -1),
		WITH_VIA("SIP/2.0/UDP a;branch=z9hG4bK1;", -1),
		WITH_VIA("SIP/2.0/UDP a;x=\";;\";y;branch=\"a,b\"", -1),
		WITH_VIA("SIP/2.0/UDP a;rport, SIP/2.0/UDP b;branch=1", D(MISSING_BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a", D(MISSING_BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;xbranch=1;branchx=1;x=branch", D(MISSING_BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;branch", D(BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;branch = ;rport", D(BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=z9hG4bK", D(BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=\"Z9HG4BK\"", D(BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=z9hG4bK1;Branch=z9hG4bK1", D(BRANCH), -1),
		WITH_VIA("SIP/2.0/UDP a;;branch=1", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=1 2", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a;x=\"y\" \"z\";branch=1", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=1;x=\";y", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a;branch=1;\"x\"", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP", D(VIA), -1),
		WITH_VIA("SIP/2.0 a", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP[2001:db8::1]", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP;branch=1", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP 2001:db8::1", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a:b", D(VIA), -1),
		WITH_VIA("SIP/2.0/UDP a b", D(VIA), -1),
		RES(RING "v: SIP/2.0/UDP a\r\n" FROM TO ID CSEQ "\r\n", D(MISSING_BRANCH), -1),
	};

	(void)unused;
	JUDGE(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_and_to),
		cmocka_unit_test(contacts),
		cmocka_unit_test(contacts_are_counted),
		cmocka_unit_test(parameters_are_counted),
		cmocka_unit_test(other_addresses),
		cmocka_unit_test(vias),
	};

	return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
