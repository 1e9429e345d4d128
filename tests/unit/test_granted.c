/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of money and of minutes that were granted to somebody: a call that begins under
 * the grant goes on beyond the limit, also where it is reached only while that runs; one
 * that began before, and one after, is ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules.h"
#include "state/state.h"

static struct ruleset *rs;
static struct state *st;
static struct scratch *s;
static struct decision d;
static uint64_t now;

static void open_with(const char *conf)
{
	static const uint8_t seed[16] = { 5 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };

	rs = rules_load(conf);
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	st = state_new(ruleset_settings(rs), seed);
	s = scratch_new();
	now = 1000000 * NS;
}

static void close_all(void)
{
	scratch_free(s);
	state_free(st);
	ruleset_free(rs);
}

static void say(const char *start, unsigned call, const char *method, bool in, bool tag)
{
	const struct addr phone = addr_v4((uint8_t[]){ 203, 0, 113, 9 });
	const struct addr server = addr_v4((uint8_t[]){ 192, 0, 2, 10 });
	struct pkt pkt = { .src = in ? phone : server, .dst = in ? server : phone,
			   .sport = 5060, .dport = 5060, .proto = PROTO_UDP, .version = 4 };
	char text[1024];

	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK%s%u\r\n"
		 "From: <sip:1001@pbx.example>;tag=f%u\r\nTo: <sip:%s@pbx.example>%s\r\n"
		 "Call-ID: c%u\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:%s>\r\nContent-Length: 0\r\n\r\n",
		 start, method, call, call, "+493023125001", tag ? ";tag=t" : "", call, method,
		 in ? "1001@203.0.113.9" : "pbx@192.0.2.10");
	pkt.payload = slice_of(text);
	engine_run(rs, st, s, &pkt, now, &d);
}

/* false: refused. */
static bool begins(unsigned call)
{
	say("INVITE sip:+493023125001@pbx.example SIP/2.0", call, "INVITE", true, false);
	if (d.verdict != VERDICT_ACCEPT)
		return false;
	say("SIP/2.0 200 OK", call, "INVITE", false, true);
	say("ACK sip:pbx@192.0.2.10 SIP/2.0", call, "ACK", true, true);
	return true;
}

static void ends(unsigned call)
{
	say("BYE sip:pbx@192.0.2.10 SIP/2.0", call, "BYE", true, true);
	say("SIP/2.0 200 OK", call, "BYE", false, true);
}

/* How many calls are ended while so many seconds go by. */
static unsigned cut_within(unsigned seconds)
{
	static struct call_notice out[8];
	unsigned n = 0;
	size_t k;

	while (seconds--) {
		now += NS;
		while ((k = engine_calls(rs, st, s, now, out, 8)))
			for (size_t i = 0; i < k; i++)
				n += out[i].d.verdict == VERDICT_DROP;
	}
	return n;
}

static void grant_all(uint32_t seconds)
{
	struct approval got;

	assert_true(d.token[0]);
	assert_true(state_approve(st, d.token, seconds, now, &got));
}

/* most: s that the limit lets a user talk within a day. */
static void story(const char *conf, unsigned most)
{
	open_with(conf);
	assert_true(begins(1));
	assert_int_equal(cut_within(most + 5), 1);
	cut_within(60); /* whose end nobody hears */
	assert_false(begins(2));
	grant_all(30 * 3600);
	/* under the grant: beyond the limit */
	assert_true(begins(3));
	assert_int_equal(cut_within(2 * most), 0);
	ends(3);
	/* the limit is free again, and is reached while the call runs */
	now += 26 * 3600 * NS;
	assert_true(begins(4));
	assert_int_equal(cut_within(2 * most), 0);
	ends(4);
	/* the grant is over */
	now += 50 * 3600 * NS;
	assert_true(begins(5));
	assert_int_equal(cut_within(most + 5), 1);
	close_all();
}

static void test_money(void **unused)
{
	(void)unused;
	story("memory = { learning = \"0s\"; }; cost = { action = \"approve\"; "
	      "rates = [ \"49,1.00,0,1/1,0.30\" ]; "
	      "limits = ( { name = \"day\"; act = \"1.00\"; } ); };", 60);
}

static void test_minutes(void **unused)
{
	(void)unused;
	story("memory = { learning = \"0s\"; }; calls = { limits = ( { name = \"talk\"; "
	      "count = \"minutes-day\"; act = 1; action = \"approve\"; } ); };", 60);
}

/* What was granted while the check said "approve" opens nothing once it says "reject". */
static void test_not_any_more(void **unused)
{
	static const char conf[] = "memory = { learning = \"0s\"; }; cost = { action = \"%s\"; "
		"rates = [ \"49,3.00\" ]; limits = ( { name = \"day\"; act = \"2.00\"; } ); };";
	const struct prefix inside = { addr_v4((uint8_t[]){ 192, 0, 2, 10 }), 128 };
	char text[256];

	(void)unused;
	snprintf(text, sizeof(text), conf, "approve");
	open_with(text);
	assert_false(begins(1));
	grant_all(3600);
	assert_true(begins(2));
	ends(2);
	ruleset_free(rs);
	snprintf(text, sizeof(text), conf, "reject");
	rs = rules_load(text);
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	assert_false(begins(3));
	assert_false(d.token[0]);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money), cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_not_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
