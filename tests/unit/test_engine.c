/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine makes of addresses and hits: direction, bans, news. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "message.h"
#include "rules.h"

static void test_forged_inside_is_not_banned(void **arg)
{
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 };
	const struct outside_link wan = { .index = 3, .v4 = true };
	struct prefix inside = { addr_v4(server), 128 };
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(NULL, &report);
	struct state *st = state_new(ruleset_settings(rs), seed);
	struct scratch *s = scratch_new();
	unsigned dropped = 0;

	(void)arg;
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	assert_int_equal(ruleset_set_outside(rs, &wan, 1), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct pkt pkt = { .src = addr_v4(server), .dst = addr_v4(server), .sport = 5060,
				   .dport = 5060, .proto = PROTO_UDP, .version = 4, .link = 3,
				   .payload = SLICE("OPTIONS sip:x SIP/2.0\r\n\r\n") };
		struct decision d;

		engine_run(rs, st, s, &pkt, NS, &d);
		assert_int_equal(d.dir, DIR_INBOUND);
		assert_int_equal(d.ban, 0);
		dropped += d.verdict == VERDICT_DROP;
	}
	assert_true(dropped > 80);
	scratch_free(s);
	state_free(st);
	ruleset_free(rs);
	conf_report_free(&report);
}

/* Whoever reads the log learns of every drop once: of the ban, not of each packet
 * it stops; and of a drop that bans nobody. */
static void test_what_is_news(void **arg)
{
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 }, phone[4] = { 192, 0, 2, 99 };
	struct prefix inside = { addr_v4(server), 128 };
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(NULL, &report);
	struct state *st = state_new(ruleset_settings(rs), seed);
	struct scratch *s = scratch_new();
	struct pkt pkt = { .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
			   .dport = 5060, .proto = PROTO_UDP, .version = 4,
			   .payload = SLICE("OPTIONS sip:x SIP/2.0\r\n\r\n") };
	struct ban ban = { .who = { addr_v4(phone), 128 }, .until = 100 * NS };
	struct decision d;

	(void)arg;
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	engine_run(rs, st, s, &pkt, NS, &d);
	assert_int_equal(d.verdict, VERDICT_DROP);
	assert_int_equal(d.ban, 0);
	assert_true(d.notify);
	assert_true(state_ban_add(st, &ban, NS));
	engine_run(rs, st, s, &pkt, NS, &d);
	assert_string_equal(check_name(d.check), "banned");
	assert_int_equal(d.verdict, VERDICT_DROP);
	assert_false(d.notify);
	scratch_free(s);
	state_free(st);
	ruleset_free(rs);
	conf_report_free(&report);
}

/* A defect that only alerts is told and counted, and a later check still decides. */
static void test_alert_lets_pass(void **arg)
{
	static const char config[] =
		"malformed = { defects = { trailing-bytes = \"alert\"; }; };";
	static const char *const agents[] = { "Phone 1", "friendly-scanner" };
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 }, phone[4] = { 192, 0, 2, 99 };
	struct prefix inside = { addr_v4(server), 128 };
	struct ruleset *rs = rules_load(config);
	struct state *st = state_new(ruleset_settings(rs), seed);
	struct scratch *s = scratch_new();

	(void)arg;
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct pkt pkt = { .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
				   .dport = 5060, .proto = PROTO_UDP, .version = 4 };
		struct decision d;
		char text[512];

		snprintf(text, sizeof(text),
			 LINE HEAD "User-Agent: %s\r\nContent-Length: 0\r\n\r\nx", agents[i]);
		pkt.payload = slice_of(text);
		engine_run(rs, st, s, &pkt, NS, &d);
		assert_int_equal(d.verdict, i ? VERDICT_DROP : VERDICT_ACCEPT);
		assert_string_equal(check_name(d.check), i ? "agent" : "malformed");
		assert_int_equal(d.defect, DEFECT_TRAILING);
		assert_true(d.notify);
		assert_false(d.observed);
	}
	scratch_free(s);
	state_free(st);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_inside_is_not_banned),
		cmocka_unit_test(test_what_is_news),
		cmocka_unit_test(test_alert_lets_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
