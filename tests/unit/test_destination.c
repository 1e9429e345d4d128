/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The destination check: which URIs count, how their user is read, which list wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "checks.h"
#include "message.h"
#include "rules.h"

#define LISTS \
	"destination: { deny = [ \"^900\", \"=0700\", \"/5{4}$/\" ]; allow = [ \"^9009\" ]; };"

/* Runs the check alone over a request with this first part of the start line and
 * these header lines. */
static enum found run(const struct ruleset *rs, const char *start, const char *headers,
		      struct evidence *ev)
{
	char text[4096];
	struct sip_msg sip;
	struct pkt pkt = { .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .sip = &sip, .rules = rs, .zone = &rs->zone[0], .now = 1 };
	int n = snprintf(text, sizeof(text), "%s SIP/2.0\r\n" HEAD "%s\r\n", start, headers);
	struct guard g;
	enum found found;

	assert_true(n > 0 && (size_t)n < sizeof(text));
	g = parse(&sip, (struct slice){ text, (uint32_t)n });
	assert_int_equal(sip.kind, SIP_REQUEST);
	memset(ev, 0, sizeof(*ev));
	found = check_destination.run(&p, rules_conf(rs, &check_destination), ev);
	guard_free(&g);
	return found;
}

struct row {
	const char *start, *headers;
	enum found found;
};

static void rows_run(const char *conf, const struct row *row, size_t n)
{
	struct ruleset *rs = rules_load(conf);
	struct evidence ev;

	for (size_t i = 0; i < n; i++)
		if (run(rs, row[i].start, row[i].headers, &ev) != row[i].found)
			fail_msg("%s | %s: not %s", row[i].start, row[i].headers,
				 row[i].found == HIT ? "refused" : "passed");
	ruleset_free(rs);
}

#define ROWS(conf, row) rows_run(conf, row, sizeof(row) / sizeof((row)[0]))

static void test_methods(void **state)
{
	static const struct row row[] = {
		{ "INVITE sip:9001@192.0.2.1", "", HIT },
		{ "invite sip:9001@192.0.2.1", "", HIT }, /* Kamailio takes it for INVITE */
		{ "MESSAGE sip:9001@192.0.2.1", "", HIT },
		{ "REFER sip:9001@192.0.2.1", "", HIT },
		{ "ACK sip:9001@192.0.2.1", "", CLEAR },
		{ "BYE sip:9001@192.0.2.1", "", CLEAR },
		{ "CANCEL sip:9001@192.0.2.1", "", CLEAR },
		{ "OPTIONS sip:9001@192.0.2.1", "", CLEAR },
		{ "REGISTER sip:9001@192.0.2.1", "", CLEAR },
		{ "SUBSCRIBE sip:9001@192.0.2.1", "", CLEAR },
		{ "INVITES sip:9001@192.0.2.1", "", CLEAR },
	};

	(void)state;
	ROWS(LISTS, row);
}

static void test_users(void **state)
{
	static const struct row row[] = {
		{ "INVITE sips:9001@192.0.2.1", "", HIT },
		{ "INVITE tel:900-1", "", HIT },
		{ "INVITE tel:(900)1;phone-context=+1", "", HIT },
		{ "INVITE tel:9%3-0%(30)", "", HIT },
		{ "INVITE sip:9%30%301@192.0.2.1", "", HIT },
		{ "INVITE sip:0700@192.0.2.1", "", HIT },
		{ "INVITE sip:0700;isub=2@192.0.2.1", "", HIT },
		{ "INVITE sip:07-00;isub=2@192.0.2.1", "", HIT },
		{ "INVITE sip:0700%3Bisub=2@192.0.2.1", "", HIT }, /* to PJSIP the same */
		{ "INVITE sip:0700%3bisub=2@192.0.2.1", "", HIT },
		{ "INVITE sip:0700%3Cisub=2@192.0.2.1", "", CLEAR },
		{ "INVITE sip:0700", "", HIT }, /* chan_sip dials it */
		{ "INVITE sips:0%370%30;user=phone", "", HIT },
		{ "INVITE sip:*900", "", CLEAR },
		{ "INVITE sip:900-1:5060", "", HIT },
		{ "INVITE sip:9001x", "", CLEAR },
		{ "INVITE sip:900.1.1.1", "", CLEAR },
		{ "INVITE sip:0700%00@192.0.2.1", "", HIT }, /* as C strings are read */
		{ "INVITE sip:9-00%001x@192.0.2.1", "", HIT },
		{ "INVITE sip:9-00%00;x@192.0.2.1", "", HIT },
		{ "INVITE sip:0700%01@192.0.2.1", "", CLEAR },
		{ "INVITE sip:0700:word@192.0.2.1", "", HIT },
		{ "INVITE sip:15555@192.0.2.1", "", HIT },
		{ "INVITE sip:15555;x@192.0.2.1", "", HIT },
		{ "INVITE sip:07001@192.0.2.1", "", CLEAR },
		{ "INVITE sip:9%2530%2530@192.0.2.1", "", CLEAR }, /* undone once */
		{ "INVITE sip:900.example.org", "", CLEAR },
		{ "INVITE sip:1:9001@192.0.2.1", "", CLEAR },
		{ "INVITE sip:9@192.0.2.1;user=9001", "", CLEAR },
		{ "INVITE urn:service:sos", "", CLEAR },
	};

	(void)state;
	ROWS(LISTS, row);
}

static void test_allow(void **state)
{
	static const struct row row[] = {
		{ "INVITE sip:9008@192.0.2.1", "", HIT },
		{ "INVITE sip:9009@192.0.2.1", "", CLEAR },
		{ "INVITE sip:%39009;x=900@192.0.2.1", "", CLEAR },
		/* it pardons itself, not another URI */
		{ "INVITE sip:9009@192.0.2.1", "Route: <sip:9001@192.0.2.9>\r\n", HIT },
		{ "REFER sip:9009@192.0.2.1", "Refer-To: <sip:9001@192.0.2.9>\r\n", HIT },
	};
	static const struct row only[] = {
		{ "INVITE sip:9001@192.0.2.1", "", CLEAR },
		{ "INVITE sip:1@192.0.2.1", "", CLEAR },
	};

	(void)state;
	ROWS(LISTS, row);
	ROWS("destination: { allow = [ \"^9009\" ]; };", only); /* nothing to pardon */
}

static void test_routes(void **state)
{
#define PBX "INVITE sip:192.0.2.1"
	static const struct row row[] = {
		{ PBX, "Route: <sip:9001@192.0.2.9>\r\n", HIT },
		{ PBX, "Route: <sip:9001@192.0.2.9>, <sip:192.0.2.1;lr>\r\n", HIT },
		{ PBX, "Route: <sip:192.0.2.1;lr>\r\nRoute: <sip:9001@192.0.2.9;lr>\r\n", HIT },
		{ PBX, "Route: <sip:192.0.2.1;LR>,\r\n \"x,<\" <tel:9-001>\r\n", HIT },
		{ PBX, "Route: <sip:9001@192.0.2.9;lr>, <sip:192.0.2.1;lr>\r\n", CLEAR },
		{ PBX, "Route: <sip:9001@192.0.2.9;lr=on>, <sip:192.0.2.1;lr>\r\n", CLEAR },
		{ PBX, "Record-Route: <sip:9001@192.0.2.9>\r\n", CLEAR },
		{ PBX, "Route:\r\n", CLEAR },
		{ "BYE sip:192.0.2.1", "Route: <sip:9001@192.0.2.9>\r\n", CLEAR },
	};

	(void)state;
	ROWS(LISTS, row);
}

static void test_refer(void **state)
{
	static const struct row row[] = {
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:9001@192.0.2.9>\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "r: sip:9001@192.0.2.9\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:2@x>\r\nR: <tel:9-0-0>\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:2@x>, <sip:9001@x>\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:9001@192.0.2.9 x>\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:9001@192.0.2.9@x>\r\n", HIT },
		/* without brackets it ends at ';' to one, at '@' to the other */
		{ "REFER sip:1@192.0.2.1", "Refer-To: sip:9001;x@192.0.2.9\r\n", HIT },
		{ "REFER sip:1@192.0.2.1", "Refer-To: <sip:2@192.0.2.9>\r\n", CLEAR },
		{ "INVITE sip:1@192.0.2.1", "Refer-To: <sip:9001@192.0.2.9>\r\n", CLEAR },
	};

	(void)state;
	ROWS(LISTS, row);
}

static void test_long(void **state)
{
	struct ruleset *rs = rules_load(LISTS);
	struct evidence ev;
	char start[3000];

	(void)state;
	snprintf(start, sizeof(start), "INVITE sip:900%02500d@192.0.2.1", 1);
	assert_int_equal(run(rs, start, "", &ev), HIT);
	ruleset_free(rs);
}

static void test_evidence(void **state)
{
	struct ruleset *rs = rules_load(LISTS);
	struct evidence ev;

	(void)state;
	assert_int_equal(run(rs, "INVITE sip:9%30%30@192.0.2.1", "", &ev), HIT);
	assert_string_equal(ev.reason, "Request-URI is denied by \"^900\"");
	assert_string_equal(ev.text, "9%30%30"); /* as it came */
	ruleset_free(rs);
}

static void test_config(void **state)
{
	struct ruleset *rs = rules_load("");
	struct evidence ev;
	char *said;

	(void)state;
	assert_int_equal(run(rs, "INVITE sip:9001@192.0.2.1", "", &ev), CLEAR);
	ruleset_free(rs);
	said = rules_error("destination: { deny = [ \"/(/\" ]; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "destination.deny"));
	free(said);
	/* a number has no leading zeros: this would deny each with a 44 anywhere */
	said = rules_error("destination: { deny = [ 44 ]; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "destination.deny: 44 must be in quotes"));
	free(said);
	said = rules_error("destination: { deny = [ 0044 ]; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "0044 has a leading zero"));
	free(said);
	said = rules_error("destination: { deny = [ \"^1\" ]; allow = [ \"\" ]; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "destination.allow"));
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),	 cmocka_unit_test(test_users),
		cmocka_unit_test(test_allow),	 cmocka_unit_test(test_routes),
		cmocka_unit_test(test_refer),	 cmocka_unit_test(test_long),
		cmocka_unit_test(test_evidence), cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
