/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of feeds: each format, what is wrong in them, and what is no list at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "feedlist.h"
#include "rules.h"

static struct feed_text text;

static const char *read_as(const char *bytes, enum feed_list list, enum feed_format format)
{
	feed_text_free(&text);
	return feed_read(&text, bytes, strlen(bytes), list, format);
}

static const char *read_auto(const char *bytes)
{
	return read_as(bytes, FEED_BLOCK, FEED_AUTO);
}

/* The entries, one after the other. */
static void must_hold(const char *want)
{
	char got[1024] = "", one[PREFIX_TEXT];

	for (size_t i = 0; i < text.n; i++) {
		prefix_print(&text.item[i].who, one);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "", one);
	}
	assert_string_equal(got, want);
}

static void test_plain(void **state)
{
	(void)state;
	assert_null(read_auto("# a list\n\n192.0.2.7\r\n  198.51.100.0/24\t# a net\n"
			      "203.0.113.77/28 ; host bits\n2001:db8::1\n2001:db8:1::/48\n"
			      "192.0.2.7\n::ffff:192.0.2.9\n203.0.113.5"));
	must_hold("192.0.2.7 198.51.100.0/24 203.0.113.64/28 2001:db8::1 2001:db8:1::/48 "
		  "192.0.2.7 192.0.2.9 203.0.113.5");
	assert_int_equal(text.item[0].line, 3);
	assert_int_equal(text.item[7].line, 10);
	assert_int_equal(text.nets, 3);
	assert_int_equal(text.wrong + text.ignored, 0);
	assert_null(read_auto("\xef\xbb\xbf" "192.0.2.1\n"));
	must_hold("192.0.2.1");
}

static void test_named_formats(void **state)
{
	(void)state;
	assert_null(read_as("# VoIPBL\n192.0.2.1/32\n198.51.100.0/30\n", FEED_BLOCK, FEED_VOIPBL));
	must_hold("192.0.2.1 198.51.100.0/30");
	assert_null(read_as("192.0.2.1\n2001:db8::7\n", FEED_BLOCK, FEED_BLOCKLIST));
	must_hold("192.0.2.1 2001:db8::7");
	assert_null(read_as("; DROP\n; Expires: later\n192.0.2.0/24 ; SBL1\n"
			    "2001:db8::/32 ; SBL2\n", FEED_BLOCK, FEED_DROP));
	must_hold("192.0.2.0/24 2001:db8::/32");
}

static void test_apiban(void **state)
{
	const char *json = "{\"ipaddress\": [\"192.0.2.1\",\n\"192.0.2.2\"], \"ID\":\"17\"}\n";

	(void)state;
	assert_null(read_auto(json));
	must_hold("192.0.2.1 192.0.2.2");
	assert_int_equal(text.item[1].line, 2);
	assert_null(read_as(json, FEED_BLOCK, FEED_APIBAN));
	must_hold("192.0.2.1 192.0.2.2");
	assert_null(read_as("192.0.2.1\n192.0.2.2\n", FEED_BLOCK, FEED_APIBAN));
	must_hold("192.0.2.1 192.0.2.2");
	/* what is not of this format is not meant */
	assert_null(read_as(json, FEED_BLOCK, FEED_DROP));
	must_hold("");
	/* it has nothing new to say */
	assert_non_null(read_auto("{\"ipaddress\":[\"no new bans\"],\"ID\":\"none\"}"));
	/* several downloads, one behind the other; escapes; a bare list */
	assert_null(read_auto("{\"ipaddress\":[\"192.0.2.1\"],\"ID\":\"1\"}\n"
			      "{\"ipaddress\":[\"192.0.2.64\\/26\"],\"ID\":\"2\"}"));
	must_hold("192.0.2.1 192.0.2.64/26");
	assert_null(read_auto("[\"192.0.2.1\", \"2001:db8::1\"]"));
	must_hold("192.0.2.1 2001:db8::1");
}

static void test_drop_json(void **state)
{
	const char *lines = "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"none\"}\n"
			    "{\"cidr\":\"2001:db8::/32\",\"sblid\":\"SBL2\"}\n"
			    "{\"type\":\"metadata\",\"size\":2.5e3,\"x\":[true,{}]}\n";

	(void)state;
	assert_null(read_auto(lines));
	must_hold("192.0.2.0/24 2001:db8::/32");
	assert_int_equal(text.item[1].line, 2);
	assert_null(read_as(lines, FEED_BLOCK, FEED_DROP));
	must_hold("192.0.2.0/24 2001:db8::/32");
}

static void test_broken_json(void **state)
{
	static const char *const broken[] = {
		"{\"ipaddress\":[\"192.0.2.1\"", "{\"ipaddress\":[\"192.0.2.1\",]}",
		"{\"ipaddress\" \"192.0.2.1\"}", "{\"ipaddress\":[\"192.0.2.1]}",
		"{\"ipaddress\":[\"192.0.2.1\"]} }", "{\"a\":\"x\\", "{\"a\":}",
		"[[[[[[[[[[[[[[[[[\"192.0.2.1\"]]]]]]]]]]]]]]]]]", "{,}", "[\"\n\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		if (!read_auto(broken[i]))
			fail_msg("taken for good: %s", broken[i]);
	/* plain formats know no JSON */
	assert_non_null(read_as("{\"ipaddress\":[\"192.0.2.1\"]}", FEED_BLOCK, FEED_PLAIN));
}

static void test_wrong_lines(void **state)
{
	(void)state;
	assert_null(read_auto("192.0.2.1\nscanner.example\n192.0.2.2\n192.0.2.300\n192.0.2.3\n"
			      "192.0.2.0/33\n192.0.2.4\n192.0.2.5 192.0.2.6\n192.0.2.7\n"));
	must_hold("192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.7");
	assert_int_equal(text.wrong, 4);
	assert_int_equal(text.notes, FEED_NOTES);
	assert_int_equal(text.note[0].line, 2);
	assert_string_equal(text.note[0].text, "\"scanner.example\" is no address");
	assert_int_equal(text.note[1].line, 4);
	/* an error page, a list of which most is something else */
	assert_non_null(read_auto("<html><body>\n<h1>503</h1>\n</body></html>\n"));
	assert_non_null(read_auto("192.0.2.1\na\nb\n"));
	assert_null(read_auto("192.0.2.1\na\n"));
	/* bytes that a terminal would obey */
	assert_non_null(read_auto("\x1b[2J\xff\n"));
	assert_string_equal(text.note[0].text, "\"?[2J?\" is no address");
}

static void test_empty(void **state)
{
	(void)state;
	assert_null(read_auto(""));
	assert_int_equal(text.n, 0);
	assert_null(read_auto("# nobody\n\n"));
	assert_int_equal(text.n, 0);
}

static void test_absurd(void **state)
{
	static const char *const none[] = {
		"0.0.0.0/0", "128.0.0.0/7", "10.1.2.3", "172.16.0.0/12", "192.168.1.0/24",
		"192.160.0.0/11", "127.0.0.1", "169.254.0.1", "100.64.9.9", "224.0.0.1",
		"255.255.255.255", "0.1.2.3", "::/0", "2000::/3", "2001:d00::/18", "fe80::1",
		"fd00::1", "ff02::1", "::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		char line[80];

		snprintf(line, sizeof(line), "192.0.2.1\n%s\n", none[i]);
		assert_null(read_auto(line));
		if (text.n != 1 || text.ignored != 1)
			fail_msg("%s was taken", none[i]);
	}
	/* an allow list may name the local network, but not the world */
	assert_null(read_as("10.0.0.0/8\nfd00::/32\n0.0.0.0/0\n", FEED_ALLOW, FEED_AUTO));
	must_hold("10.0.0.0/8 fd00::/32");
	assert_non_null(read_auto("10.0.0.1\n"));
}

static void test_config(void **state)
{
	static const struct {
		const char *feeds, *says;
	} wrong[] = {
		{ "{ name = \"a\"; file = \"/l\"; }, { name = \"a\"; file = \"/m\"; }",
		  "feeds[1].name: a feed of this name was written before" },
		{ "{ name = \"a b\"; file = \"/l\"; }", "feeds[0].name: must be 1 to 31" },
		{ "{ name = \"a\"; file = \"l\"; }", "feeds[0].file: must begin with" },
		{ "{ name = \"a\"; }", "feeds[0].file: must begin with the whole path" },
		{ "{ name = \"a\"; file = \"/l\"; list = \"deny\"; }",
		  "feeds[0].list: must be one of" },
		{ "{ name = \"a\"; file = \"/l\"; format = \"csv\"; }",
		  "feeds[0].format: must be one of" },
	};
	const struct feed_entry *e;
	struct ruleset *rs;
	char conf[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *said;

		snprintf(conf, sizeof(conf), "feeds = ( %s );", wrong[i].feeds);
		said = rules_error(conf);
		if (!said || !strstr(said, wrong[i].says))
			fail_msg("%s: %s", conf, said ? said : "it loads");
		free(said);
	}
	rs = rules_load("feeds = ( { name = \"a\"; file = \"/l\"; list = \"allow\"; "
			"format = \"blocklist.de\"; }, { name = \"b\"; file = \"/m\"; } );");
	e = rs->settings.feeds.entry;
	assert_int_equal(rs->settings.feeds.n, 2);
	assert_int_equal(e[0].list, FEED_ALLOW);
	assert_int_equal(e[0].format, FEED_BLOCKLIST);
	assert_int_equal(e[1].list, FEED_BLOCK);
	assert_int_equal(e[1].format, FEED_AUTO);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_named_formats),
		cmocka_unit_test(test_apiban), cmocka_unit_test(test_drop_json),
		cmocka_unit_test(test_broken_json), cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_empty), cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_config),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	feed_text_free(&text);
	return r;
}
