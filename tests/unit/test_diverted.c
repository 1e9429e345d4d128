/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often a call was diverted, and whether it goes in circles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "diverted.h"
#include "rules.h"

static struct ruleset *rules;

static int setup(void **unused)
{
	(void)unused;
	rules = rules_load("dialplan = { country = \"44\"; };");
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	ruleset_free(rules);
	return 0;
}

static struct sip_msg sip;

static struct diverted read_lines(const char *lines)
{
	static char text[16384];
	struct diverted out;

	snprintf(text, sizeof(text), "INVITE sip:b@x SIP/2.0\r\nCall-ID: a\r\n%s\r\n", lines);
	sip_parse(&sip, slice_of(text));
	diverted_read(rules, &sip, &out);
	return out;
}

static void test_rows(void **unused)
{
	static const struct {
		const char *lines;
		unsigned hops;
		const char *twice; /* "": not */
	} rows[] = {
		{ "", 0, "" },
		{ "Diversion: <sip:1@x>;reason=user-busy\r\n", 1, "" },
		{ "diversion: <sip:1@x>, <sip:2@x>\r\nDiversion: <sip:3@x>\r\n", 3, "" },
		/* RFC 5806 5 */
		{ "Diversion: <sip:1@x>;counter=5, <sip:2@x>;counter=0\r\n", 6, "" },
		{ "Diversion: <sip:1@x>;counter=99999999999999999999\r\n", 1000, "" },
		{ "Diversion: <sip:1@x>;counter=x\r\n", 1, "" },
		{ "X-Diversion: <sip:1@x>\r\n", 0, "" },
		/* back where it was, however the number is written, and whoever routes it */
		{ "Diversion: <sip:02079460001@x>, <sip:02079460002@x>, "
		  "<sip:+442079460001@y>\r\n", 3, "sip:+442079460001@y" },
		/* written down by several */
		{ "Diversion: <sip:02079460001@x>, <sip:+442079460001@x>, "
		  "<sip:02079460002@x>\r\n", 3, "" },
		{ "Diversion: <sip:ann@x>, <sip:bob@x>, <sip:ann@y>\r\n", 3, "" },
		{ "Diversion: <sip:ann@x>, <sip:bob@x>, <sip:Ann@X>\r\n", 3, "sip:Ann@X" },
		{ "Diversion: <sip:anonymous@x>, <sip:bob@x>, <sip:anonymous@x>\r\n", 3, "" },
		{ "Diversion: <sip:x>, <sip:bob@x>, <sip:x>\r\n", 3, "" },
		/* RFC 7044: the last entry is where it is now */
		{ "History-Info: <sip:ann@x>;index=1, <sip:bob@x>;index=1.1\r\n", 1, "" },
		{ "History-Info: <sip:ann@x>;index=1, <sip:bob@x>;index=1.1, "
		  "<sip:cy@x>;index=1.1.1\r\n", 2, "" },
		/* phones tried before lie on no way to the last one */
		{ "History-Info: <sip:ann@x>;index=1, <sip:bob@x>;index=1.1, "
		  "<sip:cy@x>;index=1.2\r\n", 1, "" },
		{ "History-Info: <sip:ann@x>;index=1, <sip:bob@x>;index=1.1, "
		  "<sip:ann@x>;index=1.1.1, <sip:bob@x>;index=1.1.1.1\r\n", 3, "sip:ann@x" },
		{ "History-Info: <sip:ann@x>;index=1, <sip:cy@x>;index=10\r\n", 0, "" },
		/* the higher one of both */
		{ "Diversion: <sip:1@x>;counter=7\r\nHistory-Info: <sip:ann@x>;index=1, "
		  "<sip:bob@x>;index=1.1\r\n", 7, "" },
		{ "Diversion: ,,\r\nHistory-Info: ;;;index\r\n", 0, "" },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diverted d = read_lines(rows[i].lines);

		if (d.hops != rows[i].hops || !slice_eq(d.twice, slice_of(rows[i].twice)))
			fail_msg("%s: %u hops, twice \"%.*s\"", rows[i].lines, d.hops,
				 (int)d.twice.n, d.twice.n ? d.twice.p : "");
	}
}

/* More than anybody counts: what is behind is not read. */
static void test_many(void **unused)
{
	char lines[8192];
	size_t n = 0;

	(void)unused;
	n += (size_t)snprintf(lines, sizeof(lines), "Diversion: ");
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n, "%s<sip:%u@x>",
				      i ? ", " : "", i);
	snprintf(lines + n, sizeof(lines) - n, "\r\n");
	assert_in_range(read_lines(lines).hops, 32, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
