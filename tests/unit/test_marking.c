/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which marks a configuration may give, which are given at all, and what a hit makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine.h"
#include "rules.h"

#define BASE "inside = [ \"192.0.2.10\" ]; memory = { learning = \"0s\"; }; " \
	     "flood = { mode = \"off\"; };\n"

static void refused(const char *text, const char *why)
{
	char *said = rules_error(text);

	if (!said || !strstr(said, why))
		fail_msg("%s: %s", text, said ? said : "it loads");
	free(said);
}

static void test_configs(void **arg)
{
	(void)arg;
	refused("agent = { action = \"mark\"; };", "agent.mark: is 0");
	refused("agent = { mark = 0x51b0a7; };", "agent.mark: 0x51b0a7 is that of packets");
	refused("agent = { mark = 5353639; };", "agent.mark: 0x51b0a7 is that of packets");
	refused("agent = { mark = -1; };", "agent.mark: is out of range");
	refused("agent = { mark = 0x80000000; };", "too large");
	refused("zones = ( { name = \"z\"; transport = \"udp\"; "
		"agent = { action = \"mark\"; }; } );", "zones.z.agent.mark: is 0");
}

static void test_given(void **arg)
{
	struct ruleset *rs = rules_load(BASE "agent = { mark = 7; }; method = { mark = 8; mode = "
					"\"off\"; };\nzones = ( { name = \"z\"; transport = "
					"\"udp\"; scan = { mark = 0x7fffffff; }; } );");

	(void)arg;
	assert_true(ruleset_marks(rs, 0));
	assert_true(ruleset_marks(rs, 7));
	assert_true(ruleset_marks(rs, 0x7fffffff));
	assert_false(ruleset_marks(rs, 8)); /* of a check that is off */
	assert_false(ruleset_marks(rs, 9));
	ruleset_free(rs);
	rs = rules_load(BASE);
	assert_false(ruleset_marks(rs, 0));
	ruleset_free(rs);
}

struct bench {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct decision d;
};

static struct bench bench_open(const char *text)
{
	static const uint8_t seed[16] = { 5 };
	struct bench b = { .rs = rules_load(text) };

	b.st = state_new(ruleset_settings(b.rs), seed);
	b.s = scratch_new();
	assert_non_null(b.st);
	assert_non_null(b.s);
	return b;
}

static void bench_close(struct bench *b)
{
	scratch_free(b->s);
	state_free(b->st);
	ruleset_free(b->rs);
}

/* The seconds that its source is marked for. */
static uint32_t scanned(struct bench *b, uint64_t now)
{
	static const char text[] = "OPTIONS sip:pbx.example SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
		"To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
		"User-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n";
	struct pkt pkt = { .sport = 5060, .dport = 5060, .proto = PROTO_UDP, .version = 4,
			   .src = addr_v4((const uint8_t[4]){ 203, 0, 113, 9 }),
			   .dst = addr_v4((const uint8_t[4]){ 192, 0, 2, 10 }),
			   .payload = slice_of(text) };

	engine_run(b->rs, b->st, b->s, &pkt, now, &b->d);
	return b->d.mark_time;
}

/* What goes on is written again, not with each packet; the shortest of what is said counts. */
static void test_again(void **arg)
{
	struct bench b = bench_open(BASE "agent = { action = \"mark\"; mark = 7; };");

	(void)arg;
	assert_int_equal(scanned(&b, 100 * NS), 300); /* bans.unproven */
	assert_int_equal(b.d.verdict, VERDICT_ACCEPT);
	for (uint64_t i = 1; i < 50; i++) {
		assert_int_equal(scanned(&b, 100 * NS + i * NS / 10), 0);
		assert_int_equal(b.d.mark, 7);
	}
	assert_int_equal(scanned(&b, 106 * NS), 300);
	bench_close(&b);

	b = bench_open(BASE "agent = { action = \"mark\"; mark = 7; };"
		       "marks = { time = \"1m\"; };");
	assert_int_equal(scanned(&b, NS), 60);
	bench_close(&b);
	b = bench_open(BASE "agent = { action = \"mark\"; mark = 7; };"
		       "bans = { unproven = \"0s\"; };");
	assert_int_equal(scanned(&b, NS), 0);
	assert_int_equal(b.d.mark, 7);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configs),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
