/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guard.h"
#include "sip.h"

struct row {
	struct slice bytes;
	enum sip_defect is;
};

#define S12 "\0\1\0\0\0\xa0\1\2\3\4" /* an RTP header from its sequence number on */

static const struct row rows[] = {
	{ SLICE("\x80\0" S12 "payload"), DEFECT_RTP },
	{ SLICE("\x80\x80" S12 "payload"), DEFECT_RTP }, /* marker */
	{ SLICE("\x80\x65" S12 "\5\0\0\xa0"), DEFECT_RTP },
	{ SLICE("\x80\0" S12), DEFECT_RTP },
	{ SLICE("\x90\x60" S12 "\xbe\xde\0\1\x10\xff\0\0payload"), DEFECT_RTP },
	{ SLICE("\x90\x60" S12 "\x10\5\0\0payload"), DEFECT_RTP },
	{ SLICE("\xa0\0" S12 "pay\0\0\3"), DEFECT_RTP },
	{ SLICE("\x80\0" "\0\1\0\0\0\xa0\1\2\3"), DEFECT_NOT_SIP }, /* too short */
	{ SLICE("\x80\x28" S12 "payload"), DEFECT_NOT_SIP }, /* no such type */
	{ SLICE("\x82\0" S12 "payload"), DEFECT_NOT_SIP }, /* sources that are not there */
	{ SLICE("\x90\x60" S12 "\xbe\xde\0\5\x10\xff\0\0payload"), DEFECT_NOT_SIP },
	{ SLICE("\x90\x60" S12 "\x12\x34\0\1\x10\xff\0\0payload"), DEFECT_NOT_SIP },
	{ SLICE("\x90\x60" S12 "\xbe\xde\0"), DEFECT_NOT_SIP },
	{ SLICE("\xa0\0" S12 "pay\0\0\0"), DEFECT_NOT_SIP },
	{ SLICE("\xa0\0" S12 "pay\0\0\x63"), DEFECT_NOT_SIP },
	{ SLICE("\x40\0" S12 "payload"), DEFECT_NOT_SIP },

	{ SLICE("\x80\xc8\0\6\1\2\3\4abcdefghijklmnopqrst"), DEFECT_RTCP }, /* sender report */
	{ SLICE("\x81\xc9\0\1\1\2\3\4\x81\xca\0\1\1\2\3\4"), DEFECT_RTCP },
	{ SLICE("\xa1\xcf\0\1\1\2\3\4"), DEFECT_RTCP },
	{ SLICE("\x81\xc9\0\7\1\2\3\4"), DEFECT_NOT_SIP },
	{ SLICE("\x81\xc9\0\0\1\2\3\4"), DEFECT_NOT_SIP },
	{ SLICE("\x81\xc9\0\1\1\2\3"), DEFECT_NOT_SIP },
	{ SLICE("\x81\xc7\0\1\1\2\3\4"), DEFECT_NOT_SIP },

	{ SLICE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\4body"), DEFECT_DTLS },
	{ SLICE("\x17\xfe\xfd\0\1\0\0\0\0\0\7\0\4bodymore"), DEFECT_DTLS },
	{ SLICE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\5body"), DEFECT_NOT_SIP },
	{ SLICE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\0"), DEFECT_NOT_SIP },
	{ SLICE("\x1a\xfe\xff\0\0\0\0\0\0\0\0\0\4body"), DEFECT_NOT_SIP },
	{ SLICE("\x16\xfe\xfe\0\0\0\0\0\0\0\0\0\4body"), DEFECT_NOT_SIP },

	{ SLICE("\x16\3\1\2\0\1\0\1\xfc\3\3"), DEFECT_TLS }, /* ClientHello, its beginning */
	{ SLICE("\x17\3\3\0\4body"), DEFECT_TLS },
	{ SLICE("\x16\3\1\2\0"), DEFECT_NOT_SIP },
	{ SLICE("\x16\3\5\2\0\1"), DEFECT_NOT_SIP },
	{ SLICE("\x16\3\1\x60\0\1"), DEFECT_NOT_SIP },
	{ SLICE("\x16\3\1\0\0\1"), DEFECT_NOT_SIP },

	{ SLICE("GET / HTTP/1.1\r\nHost: pbx\r\n\r\n"), DEFECT_HTTP },
	{ SLICE("POST /a?b c HTTP/1.0\n"), DEFECT_HTTP },
	{ SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), DEFECT_HTTP },
	{ SLICE("HTTP/1.1 200 OK\r\n\r\n"), DEFECT_HTTP },
	{ SLICE("GET / HTTP/1.1"), DEFECT_NOT_SIP },
	{ SLICE("GET / xHTTP/1.1\r\n"), DEFECT_NOT_SIP },
	{ SLICE("GET HTTP/1.1\r\n"), DEFECT_NOT_SIP },
	{ SLICE("G:T / HTTP/1.1\r\n"), DEFECT_NOT_SIP },
	{ SLICE("HTTP/"), DEFECT_NOT_SIP },
	{ SLICE("HTTP/x"), DEFECT_NOT_SIP },
	{ SLICE("\n"), DEFECT_NOT_SIP },
	{ SLICE(" \n"), DEFECT_NOT_SIP },
	{ SLICE("hello"), DEFECT_NOT_SIP },
	{ SLICE(""), DEFECT_NOT_SIP },
};

static void guesses(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard g = guard_new(rows[i].bytes);

		if (sip_other(g.bytes) != rows[i].is)
			fail_msg("row %u: %s, not %s", i, sip_defect_name(sip_other(g.bytes)),
				 sip_defect_name(rows[i].is));
		guard_free(&g);
	}
}

static void any_cut_is_safe(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t n = 0; n < rows[i].bytes.n; n++) {
			struct guard g = guard_new((struct slice){ rows[i].bytes.p, n });

			(void)sip_other(g.bytes);
			guard_free(&g);
		}
	}
}

/* Of rubbish, less than one in a hundred gets a name. */
static void rubbish_has_no_name(void **unused)
{
	char text[200];
	uint32_t x = 11;
	unsigned named = 0;

	(void)unused;
	for (unsigned round = 0; round < 100000; round++) {
		for (unsigned i = 0; i < sizeof(text); i++) {
			x = x * 1664525u + 1013904223u;
			text[i] = (char)(x >> 24);
		}
		named += sip_other((struct slice){ text, sizeof(text) }) != DEFECT_NOT_SIP;
	}
	assert_true(named < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guesses),
		cmocka_unit_test(any_cut_is_safe),
		cmocka_unit_test(rubbish_has_no_name),
	};

	return cmocka_run_group_tests_name("other", tests, NULL, NULL);
}
