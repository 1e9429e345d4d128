/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the operator's own: which are refused and why, and what they are in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"

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

/* A rule, behind a good one, and what one of the notes must hold. */
static const struct broken {
	const char *rule, *says;
} broken[] = {
	{ "method = [ \"X\" ];", "pattern.rules[1].name: must be 1 to 31 letters" },
	{ "name = \"a b\"; rate = 1; per = \"all\";", "pattern.rules[1].name: must be 1 to 31" },
	{ "name = \"good\"; rate = 1; per = \"all\";",
	  "sipmoat.conf:2: pattern.rules[1].name: a rule of this name was written before" },
	{ "name = \"r\";", "pattern.rules[1]: has no condition" },
	{ "name = \"r\"; action = \"pass\"; direction = \"both\";", "has no condition" },
	{ "name = \"r\"; mehtod = [ ];", "rules[1].mehtod: unknown key; did you mean \"method\"?" },
	{ "name = \"r\"; method = [ \"invite\" ];",
	  "rules[1].method: method names are case-sensitive: \"invite\" is another" },
	{ "name = \"r\"; method = [ \"A B\" ];", "\"A B\" cannot be a method name" },
	{ "name = \"r\"; method = \"INVITE\";", "rules[1].method: has the wrong type" },
	{ "name = \"r\"; users = [ \"/(/\" ];", "rules[1].users: \"/(/\" is no expression" },
	{ "name = \"r\"; domain = [ \"/[/\" ];", "rules[1].domain: \"/[/\" is no expression" },
	{ "name = \"r\"; number = [ 0044 ];", "0044 has a leading zero" },
	{ "name = \"r\"; number = [ 44 ];", "rules[1].number: 44 must be in quotes" },
	{ "name = \"r\"; source = [ \"x\" ];", "rules[1].source: \"x\" is no address or prefix" },
	{ "name = \"r\"; groups = [ \"seles\" ];",
	  "rules[1].groups: there is no group \"seles\"; did you mean \"sales\"?" },
	{ "name = \"r\"; zones = [ \"ofice\" ];",
	  "there is no zone \"ofice\"; did you mean \"office\"?" },
	{ "name = \"r\"; schedule = \"!day\";", "rules[1].schedule: there is no schedule \"day\"" },
	{ "name = \"r\"; transport = \"tls\"; rate = 1; per = \"all\";",
	  "rules[1].transport: must be one of: \"any\" \"udp\" \"tcp\"" },
	{ "name = \"r\"; direction = \"inbound\"; rate = 1; per = \"all\";",
	  "rules[1].direction: must be one of: \"in\" \"out\" \"both\"" },
	{ "name = \"r\"; header = \"User Agent\";",
	  "\"User Agent\" cannot be the name of a header" },
	{ "name = \"r\"; header = \"!\";", "\"!\" cannot be the name of a header" },
	{ "name = \"r\"; matches = [ \"x\" ];", "rules[1].matches: needs a header" },
	{ "name = \"r\"; header = \"!To\"; matches = [ \"x\" ];", "there shall be no To" },
	{ "name = \"r\"; header = \"To\"; matches = [ \"/(/\" ];", "rules[1].matches: \"/(/\"" },
	{ "name = \"r\"; status = [ \"99\" ];", "rules[1].status: \"99\" is no status" },
	{ "name = \"r\"; status = [ \"7\" ];", "\"7\" is no status" },
	{ "name = \"r\"; status = [ \"700\" ];", "\"700\" is no status" },
	{ "name = \"r\"; status = [ \"4x\" ];", "\"4x\" is no status" },
	{ "name = \"r\"; status = [ \"4033\" ];", "\"4033\" is no status" },
	{ "name = \"r\"; status = [ \"0\" ];", "\"0\" is no status" },
	{ "name = \"r\"; status = [ \"x\" ];", "\"x\" is no status" },
	{ "name = \"r\"; status = [ \"xxx\" ];", "\"xxx\" is no status" },
	{ "name = \"r\"; rate = 5;", "rules[1].per: says for what the rate is counted" },
	{ "name = \"r\"; rate = 5; per = \"nothing\";", "rules[1].per: says for what the rate" },
	{ "name = \"r\"; rate = 5; per = \"phone\";", "rules[1].per: must be one of: \"nothing\"" },
	{ "name = \"r\"; method = [ \"BYE\" ]; per = \"user\";",
	  "rules[1].rate: is 0: nothing is counted per user" },
	{ "name = \"r\"; rate = -1; per = \"user\";", "rules[1].rate: is out of range" },
	{ "name = \"r\"; rate = 1; per = \"user\"; window = \"2d\";", "window: is out of range" },
	{ "name = \"r\"; rate = 1; per = \"user\"; window = 0;", "window: is out of range" },
	{ "name = \"r\"; method = [ \"BYE\" ]; action = \"deny\";",
	  "action: must be one of: \"drop\" \"reject\" \"alert\" \"pass\"" },
	{ "name = \"r\"; method = [ \"BYE\" ]; action = \"alert\"; ban = \"1h\";",
	  "rules[1].ban: follows action = \"drop\" or \"reject\" only" },
	{ "name = \"r\"; method = [ \"BYE\" ]; direction = \"out\"; ban = \"1h\";",
	  "rules[1].ban: is for sources outside" },
	{ "name = \"r\"; status = [ \"4\" ]; number = [ \"1\" ];", "an answer has no Request-URI" },
	{ "name = \"r\"; status = [ \"4\" ]; header = \"request-uri\";",
	  "an answer has no Request" },
	{ "name = \"r\"; status = [ \"4\" ]; rate = 1; per = \"number\";", "an answer dials no" },
	{ "name = \"r\"; status = [ \"4\" ]; action = \"reject\";", "nothing answers an answer" },
};

static void test_refused(void **state)
{
	struct confdir *d = *state;
	char text[1024];

	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct ruleset *rs;

		snprintf(text, sizeof(text),
			 "groups = ( { name = \"sales\"; users = [ \"1\" ]; } );"
			 "zones = ( { name = \"office\"; registered = true; } );"
			 "pattern = { rules = ( { name = \"good\"; method = [ \"BYE\" ]; },\n"
			 "{ %s } ); };", broken[i].rule);
		rs = confdir_load_text(d, text);
		if (rs || !confdir_says(d, broken[i].says)) {
			fprintf(stderr, "rule: %s\nwanted: %s\n", broken[i].rule, broken[i].says);
			confdir_print(d);
		}
		assert_null(rs);
		assert_true(confdir_says(d, broken[i].says));
	}
}

struct page {
	char text[4096];
	size_t n;
};

static void keep(void *arg, const char *line)
{
	struct page *p = arg;

	p->n += (size_t)snprintf(p->text + p->n, sizeof(p->text) - p->n, "%s\n", line);
}

static void expect_page(struct confdir *d, const char *text, const char *want)
{
	struct ruleset *rs = confdir_load_text(d, text);
	struct page page = { .n = 0 };

	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	ruleset_describe(rs, keep, &page);
	assert_string_equal(page.text, want);
	ruleset_free(rs);
}

static void test_words(void **state)
{
	expect_page(*state,
		    "schedules = ( { name = \"day\"; times = [ \"daily\" ]; } );"
		    "groups = ( { name = \"sales\"; users = [ \"1\" ]; } );"
		    "pattern = { rules = ("
		    "{ name = \"a\"; method = [ \"INVITE\", \"REFER\" ]; schedule = \"!day\";"
		    "  groups = [ \"sales\" ]; users = [ \"^2\" ]; zones = [ \"default\" ];"
		    "  source = [ \"192.0.2.0/24\" ]; domain = [ \"=x.example\" ];"
		    "  transport = \"tcp\";"
		    "  number = [ \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\" ];"
		    "  header = \"User-Agent\"; matches = [ \"/\\x1b[0-9]/\" ]; rate = 3;"
		    "  per = \"number\"; window = 3600; ban = 90; },"
		    "{ name = \"b\"; status = [ \"403\", \"5xx\" ]; method = [ \"INVITE\" ];"
		    "  direction = \"both\"; schedule = \"day\"; action = \"alert\"; },"
		    "{ name = \"c\"; header = \"!To\"; direction = \"out\"; action = \"pass\"; },"
		    "{ name = \"d\"; header = \"Via\"; action = \"reject\"; } ); };",
		    "pattern:\n"
		    "1. a: INVITE, REFER from outside over TCP; source 192.0.2.0/24; zone default; "
		    "not while day; group sales; user ^2; domain =x.example; "
		    "number 1, 2, 3, 4, 5, 6 and 2 more; User-Agent is /?[0-9]/; more than 3 in 1h "
		    "per number: drop, ban 90s\n"
		    "2. b: answers 403, 5xx to INVITE both ways; while day: alert\n"
		    "3. c: requests from inside; without To: pass\n"
		    "4. d: requests from outside; with Via: reject\n");
}

/* A zone with rules of its own has those alone; one that only says how has the same. */
static void test_zones(void **state)
{
	expect_page(*state,
		    "zones = ( { name = \"own\"; registered = true;"
		    "  pattern = { rules = ( { name = \"z\"; method = [ \"BYE\" ]; } ); }; },"
		    "{ name = \"none\"; registered = true; pattern = { rules = ( ); }; },"
		    "{ name = \"off\"; registered = true; pattern = { mode = \"off\"; }; },"
		    "{ name = \"watch\"; registered = true; pattern = { mode = \"observe\"; }; },"
		    "{ name = \"told\"; registered = true; pattern = { action = \"alert\"; }; },"
		    "{ name = \"same\"; registered = true; } );"
		    "pattern = { rules = ( { name = \"a\"; users = [ \"/a/\" ]; } ); };",
		    "pattern:\n1. a: requests from outside; user /a/: drop\n"
		    "pattern in zone own:\n1. z: BYE from outside: drop\n"
		    "pattern in zone none:\n  nothing\n"
		    "pattern in zone off:\n  off\n"
		    "pattern in zone watch (mode observe: only told):\n"
		    "1. a: requests from outside; user /a/: drop\n"
		    "pattern in zone told (action alert: only told):\n"
		    "1. a: requests from outside; user /a/: drop\n");
	expect_page(*state, "mode = \"observe\";", "");
}

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Cut where the room ends, never beyond. */
static void test_long(void **state)
{
	struct confdir *d = *state;
	char text[4096], want[128];
	size_t n = (size_t)snprintf(text, sizeof(text), "pattern = { rules = ( { name = \"a\"; ");
	struct page page = { .n = 0 };
	struct ruleset *rs;
	static const char *const keys[] = { "users", "domain", "number", "matches", "method" };

	n += (size_t)snprintf(text + n, sizeof(text) - n, "header = \"To\"; ");
	for (unsigned k = 0; k < 5; k++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s = [ ", keys[k]);
		for (unsigned i = 0; i < 6; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"%u%s\"",
					      i ? "," : "", i, LONG);
		n += (size_t)snprintf(text + n, sizeof(text) - n, " ]; ");
	}
	snprintf(text + n, sizeof(text) - n, "} ); };");
	rs = confdir_load_text(d, text);
	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	ruleset_describe(rs, keep, &page);
	snprintf(want, sizeof(want), "pattern:\n1. a: 0aaaa");
	assert_memory_equal(page.text, want, strlen(want));
	assert_true(page.n < 1100 && page.n > 1000);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
