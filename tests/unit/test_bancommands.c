/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands about bans, as JSON in and out; what is done in the kernel is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "ban.h"
#include "byhand.h"
#include "clock.h"
#include "commands.h"
#include "smallstate.h"

static struct byhand given; /* what the ban thread was asked for last */
static const char *refusal;

void ban_by_hand(struct ban_thread *t, struct byhand *o)
{
	(void)t;
	o->code = refusal;
	snprintf(o->text, sizeof(o->text), "because");
	o->lifted = 2;
	given = *o;
}

typedef void command(const struct asking *a);

static struct commands_on on;

/* What is answered, without its end. */
static char *ask(command *run, const char *line)
{
	struct request *r = request_read(line, strlen(line));
	struct asking a = { &on, r, 1000 };
	char *answer;
	size_t n;

	assert_non_null(r);
	given = (struct byhand){ .lifted = 0 };
	run(&a);
	answer = request_answer(r, &n);
	assert_non_null(answer);
	answer[n - 1] = '\0';
	request_free(r);
	return answer;
}

static void says(command *run, const char *line, const char *want)
{
	char *got = ask(run, line);

	if (!strstr(got, want))
		fail_msg("%s: %s, not %s", line, got, want);
	free(got);
}

static void orders(void **unused)
{
	char who[PREFIX_TEXT];

	(void)unused;
	says(bancommands_ban, "{\"command\":\"ban\",\"who\":\"203.0.113.7\"}",
	     "{\"ok\":true,\"who\":\"203.0.113.7\",\"kept\":false}");
	assert_true(given.bare);
	assert_int_equal(given.seconds, 0);
	assert_int_equal(given.entry.uid, 1000);
	assert_true(given.wall > 1000000000);
	says(bancommands_allow, "{\"command\":\"allow\",\"who\":\"2001:db8::5/64\",\"seconds\":60,"
	     "\"note\":\"a\\nb\"}", "\"who\":\"2001:db8::/64\",\"seconds\":60");
	assert_false(given.bare);
	assert_int_equal(given.what, BYHAND_ALLOW);
	assert_string_equal(given.entry.note, "a?b");
	prefix_print(&given.entry.who, who);
	assert_string_equal(who, "2001:db8::/64");
	says(bancommands_unban, "{\"command\":\"unban\",\"who\":\"203.0.113.0/24\"}",
	     "\"lifted\":2");
	assert_int_equal(given.what, BYHAND_UNBAN);
	says(bancommands_disallow, "{\"command\":\"disallow\",\"who\":\"203.0.113.0/24\"}",
	     "\"lifted\":2");
	assert_int_equal(given.what, BYHAND_DISALLOW);
	refusal = "never";
	says(bancommands_ban, "{\"command\":\"ban\",\"who\":\"203.0.113.7\"}",
	     "{\"ok\":false,\"error\":\"never\",\"text\":\"because\"}");
	refusal = NULL;
}

static void mistakes(void **unused)
{
	static const char *const bad[] = {
		"{\"command\":\"ban\"}", "{\"command\":\"ban\",\"who\":7}",
		"{\"command\":\"ban\",\"who\":\"\"}", "{\"command\":\"ban\",\"who\":\"anna\"}",
		"{\"command\":\"ban\",\"who\":\"203.0.113.7/33\"}",
		"{\"command\":\"ban\",\"who\":\"203.0.113.7\",\"seconds\":0}",
		"{\"command\":\"ban\",\"who\":\"203.0.113.7\",\"seconds\":\"1h\"}",
		"{\"command\":\"ban\",\"who\":\"203.0.113.7\",\"seconds\":315360001}",
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		says(bancommands_ban, bad[i], "\"error\":\"bad_request\"");
		assert_int_equal(given.lifted, 0); /* nothing was asked for */
	}
}

static struct ban ban_of(const char *who, uint64_t left, const char *reason)
{
	struct ban b = { .until = left ? clock_now() + left * NS : BAN_FOREVER };

	assert_int_equal(prefix_parse(slice_of(who), &b.who), 0);
	b.check = CHECK_NONE;
	snprintf(b.reason, sizeof(b.reason), "%s", reason);
	return b;
}

static void lists(void **unused)
{
	struct ban check = ban_of("203.0.113.7", 3600, "too fast"),
		   hand = ban_of("203.0.113.0/24", 0, "by hand: n"),
		   nft = ban_of("203.0.113.8", 7200, "by hand"),
		   allow = ban_of("203.0.113.9", 60, "by hand");
	struct hand_entry e = { .who = hand.who, .uid = 1000, .since = 5 };
	char *got;

	(void)unused;
	says(bancommands_bans, "{\"command\":\"bans\"}", "{\"ok\":true,\"total\":0,\"bans\":[]}");
	check.check = 0;
	check.proven = true;
	check.times = 3;
	hand.hand = allow.allow = true;
	hand_note(e.note, "n");
	assert_true(hand_put(on.hand, &e, 1));
	assert_true(state_ban_add(on.state, &check, clock_now()));
	assert_true(state_ban_add(on.state, &hand, clock_now()));
	assert_true(state_ban_add(on.state, &nft, clock_now()));
	assert_true(state_ban_add(on.state, &allow, clock_now()));
	got = ask(bancommands_bans, "{\"command\":\"bans\"}");
	assert_string_equal(got,
		"{\"ok\":true,\"total\":4,\"bans\":["
		"{\"state\":\"allowed\",\"who\":\"203.0.113.9\",\"seconds\":60,"
		"\"note\":\"by hand\"},"
		"{\"state\":\"banned\",\"who\":\"203.0.113.0/24\",\"uid\":1000,\"since\":5,"
		"\"note\":\"n\"},"
		"{\"state\":\"banned\",\"who\":\"203.0.113.8\",\"seconds\":7200,"
		"\"note\":\"by hand\"},"
		"{\"state\":\"banned\",\"who\":\"203.0.113.7\",\"seconds\":3600,"
		"\"check\":\"trusted\",\"proven\":true,\"times\":3,\"note\":\"too fast\"}]}");
	free(got);
	says(bancommands_bans, "{\"command\":\"bans\",\"most\":1}",
	     "{\"ok\":true,\"total\":4,\"bans\":[{\"state\":\"allowed\","
	     "\"who\":\"203.0.113.9\",\"seconds\":60,\"note\":\"by hand\"}]}");
	says(bancommands_bans, "{\"command\":\"bans\",\"most\":0}",
	     "{\"ok\":false,\"error\":\"bad_request\","
	     "\"text\":\"\\\"most\\\" must be 1 to 8192\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(lists),
	};
	int failed;

	if (make_state(NULL) || hand_open(&on.hand, "", 0))
		return 1;
	on.state = st;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hand_close(on.hand);
	drop_state(NULL);
	return failed;
}
