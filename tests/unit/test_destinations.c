/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of numbers of the destination check, as the config says and breaks them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "checks.h"
#include "confdir.h"
#include "destinations.h"
#include "ruleset.h"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static enum destination_said judge(const struct ruleset *rs, unsigned zone, const char *uri)
{
	struct pkt pkt = { .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .rules = rs, .zone = &rs->zone[zone], .now = 1 };
	const struct policy *policy;
	struct destination_query q = { .p = &p, .where = "X",
				       .lists = LISTS_NUMBERS | LISTS_UNPARSABLE };
	struct evidence ev;

	q.conf = destination_of(&p, &policy);
	assert_non_null(q.conf);
	return destination_judge(&q, slice_of(uri), &ev, NULL);
}

static void test_longest(void **state)
{
	static const struct {
		const char *uri;
		enum destination_said said;
	} row[] = {
		{ "sip:+441632960001@a", DESTINATION_DENIED },
		{ "tel:+442079460001", DESTINATION_FREE },
		{ "tel:+442079460999", DESTINATION_DENIED },
		{ "tel:+61255500123", DESTINATION_FREE }, /* as long as each other */
		{ "tel:+881612345678", DESTINATION_TOLD },
		{ "tel:+881699345678", DESTINATION_FREE },
		{ "sip:alice@a", DESTINATION_FREE },
		{ "sip:+999123456@a", DESTINATION_TOLD },
		{ "urn:service:sos", DESTINATION_FREE },
	};
	struct ruleset *rs = confdir_load_text(*state,
		"destination = { deny_numbers = [ \"44\", \"442079460999\", \"61\" ];"
		" allow_numbers = [ \"4420\", \"61\", \"881699\" ]; unparsable = \"alert\"; };");

	assert_non_null(rs);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (judge(rs, 0, row[i].uri) != row[i].said)
			fail_msg("%s: not %d", row[i].uri, (int)row[i].said);
	ruleset_free(rs);
}

static void errors_of(struct confdir *d, const char *text, const char *say)
{
	struct ruleset *rs = confdir_load_text(d, text);

	if (!rs && confdir_says(d, say))
		return;
	confdir_print(d);
	fail_msg("%s: does not say %s", text, say);
}

/* File, line and reason; the ruleset that was there is nobody's business here: without a
 * new one the daemon goes on with it. */
static void test_errors(void **state)
{
	struct confdir *d = *state;

	errors_of(d, "destination = {\n\tdeny_numbers = [ \"44\",\n\t\"4x\" ]; };",
		  "sipmoat.conf:3: destination.deny_numbers: \"4x\"");
	errors_of(d, "destination = {\n\talert_numbers = [ \"premiun\" ]; };",
		  "sipmoat.conf:2: destination.alert_numbers: there is no class \"premiun\"");
	confdir_write(d, "lists/dear.txt", "# dear\n441632\n\n44-1632 x\n");
	errors_of(d, "destination = { deny_numbers = [ \"file:dear.txt\" ]; };", "dear.txt:4: ");
	errors_of(d, "destination = { deny_numbers = [ \"file:none.txt\" ]; };", "none.txt");
	errors_of(d, "destination = { rules = (\n{ name = \"a\";allow_numbers = [ \"?\" ]; } ); };",
		  "sipmoat.conf:2: destination.rules[0].allow_numbers: \"?\"");
	errors_of(d, "destination = { rules = (\n{ deny = [ \"1\" ]; } ); };",
		  "sipmoat.conf:2: destination.rules[0].name: is empty");
	errors_of(d, "destination = { rules = ( { name = \"a\"; schedule = \"nihgt\"; } ); };",
		  "destination.rules[0].schedule");
	errors_of(d, "destination = { rules = ( { name = \"a\"; groups = [ \"b\" ]; } ); };",
		  "destination.rules[0].groups");
	errors_of(d, "destination = { rules = ( { name = \"a\"; deny = [ \"/(/\" ]; } ); };",
		  "destination.rules[0].deny");
	errors_of(d, "destination = { unparsable = \"reject\"; };", "destination.unparsable");
	errors_of(d, "destination = { rules = ( { name = \"a\"; denied = [ ]; } ); };",
		  "did you mean \"deny\"");
}

/* A zone that says nothing of them has the same entries. */
static void test_zones_share_rules(void **state)
{
	struct ruleset *rs = confdir_load_text(*state,
		"destination = { rules = ( { name = \"a\"; to = [ \"44\" ];"
		" deny_numbers = [ \"4416\" ]; } ); };"
		"zones = ( { name = \"z\"; addresses = [ \"203.0.113.1\" ];"
		" destination = { deny_numbers = [ \"61\" ]; }; },"
		" { name = \"y\"; addresses = [ \"203.0.113.2\" ];"
		" destination = { rules = ( ); }; } );");

	assert_non_null(rs);
	for (unsigned z = 0; z < 3; z++) {
		assert_int_equal(judge(rs, z, "tel:+441632960001"),
				 z < 2 ? DESTINATION_DENIED : DESTINATION_FREE);
		assert_int_equal(judge(rs, z, "tel:+61255500123"),
				 z == 1 ? DESTINATION_DENIED : DESTINATION_FREE);
	}
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_longest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zones_share_rules, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
