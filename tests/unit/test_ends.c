/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of whoever is banned, through the engine: which ones end, when, and what is told; and
 * that neither the words of anybody else nor many bans at once change anything about it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "check.h"
#include "rules.h"
#include "state/calls.h"
#include "state/legs.h"
#include "state/state.h"

#define START (1000 * NS)
#define ROOM 4
#define OPEN "memory = { learning = \"0s\"; }; dialog = { mode = \"off\"; };\n" \
	     "tables = { calls = 512; legs = 512; };\n"
#define END "bans = { calls = \"end\"; };\n"
#define BAD 9 /* the last byte of his address */

static struct ruleset *rules;
static struct state *st;
static struct scratch *scratch;
static struct decision d;
static uint64_t now;
static uint8_t moved_to; /* the last byte of what phones now have for an address, 0: as said */
static struct {
	unsigned told, cut, inside, outside;
	struct call_notice last;
} seen;

static struct addr phone(uint8_t host)
{
	return addr_v4((const uint8_t[4]){ 203, 0, 113, host });
}

static struct addr server(void)
{
	return addr_v4((const uint8_t[4]){ 192, 0, 2, 10 });
}

static void begin(const char *conf)
{
	static const uint8_t seed[16] = { 3 };
	struct prefix inside = { server(), 128 };
	char text[1024];

	snprintf(text, sizeof(text), OPEN "%s", conf);
	rules = rules_load(text);
	assert_int_equal(ruleset_set_inside(rules, &inside, 1), 0);
	st = state_new(ruleset_settings(rules), seed);
	scratch = scratch_new();
	now = START;
	memset(&seen, 0, sizeof(seen));
}

static void end(void)
{
	scratch_free(scratch);
	state_free(st);
	ruleset_free(rules);
}

/* start: "INVITE" or "200 INVITE"; in: the phone says it. */
static unsigned says(uint8_t host, bool in, const char *start, const char *number)
{
	bool answer = start[0] < 'A', asks = !strcmp(start, "INVITE");
	const char *method = answer ? start + 4 : start;
	bool back = !strcmp(method, "INFO") && in == answer; /* the server asks */
	struct addr a = phone(moved_to ? moved_to : host), b = server();
	struct pkt pkt = { .src = in ? a : b, .dst = in ? b : a, .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4 };
	char text[2048], line[512];

	snprintf(line, sizeof(line), answer ? "SIP/2.0 %.3s Ok" : "%s sip:%s@x SIP/2.0", start,
		 number);
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u%s\r\n"
		 "From: <sip:100@pbx.example>;tag=%s\r\nTo: <sip:%s@pbx.example>%s\r\n"
		 "Call-ID: r%u\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:100@%s>\r\nContent-Length: 0\r\n\r\n", line, host, method,
		 back ? "t" : "f", number, asks ? "" : back ? ";tag=f" : ";tag=t", host, method,
		 in ? "203.0.113.9" : "192.0.2.10");
	pkt.payload = slice_of(text);
	engine_run(rules, st, scratch, &pkt, now, &d);
	return d.verdict;
}

static void call_to(uint8_t host, bool calls, const char *number)
{
	assert_int_equal(says(host, calls, "INVITE", number), VERDICT_ACCEPT);
	says(host, !calls, "200 INVITE", number);
	assert_int_equal(says(host, calls, "ACK", number), VERDICT_ACCEPT);
}

static void call(uint8_t host)
{
	call_to(host, true, "200");
}

static void ban_at(uint8_t host, unsigned len, bool proven, bool hand)
{
	struct addr a = phone(host);
	struct ban b = { .who = { addr_masked(&a, len), (uint8_t)len }, .check = CHECK_NONE,
			 .until = now + 600 * NS, .proven = proven, .hand = hand,
			 .reason = "called at night" };

	assert_true(state_ban_add(st, &b, now));
}

/* A new ban of somebody else each time: two rounds are enough all the same. */
static void ban_another(void)
{
	struct addr a = phone(100);
	struct prefix who = addr_site_prefix(&a);

	(void)state_ban_remove(st, &who);
	ban_at(100, 128, true, false);
}

static void look(const struct call_notice *c)
{
	seen.inside += c->cut && c->parcel[LEG_INSIDE].n;
	seen.outside += c->cut && c->parcel[LEG_OUTSIDE].n;
	if (!c->d.notify)
		return;
	seen.told++;
	seen.cut += c->d.verdict == VERDICT_DROP;
	seen.last = *c;
}

/* As the daemon does it, 64 times a second. */
static void wait(unsigned seconds, void (*meanwhile)(void))
{
	struct reset ended[ENGINE_CUT];
	struct call_notice notice[ROOM];

	for (unsigned i = 0; i < seconds * 64; i++) {
		size_t n = ROOM;

		now += NS / 64;
		if (meanwhile)
			meanwhile();
		while (engine_cut(rules, st, now, ended))
			;
		while (n == ROOM) {
			n = engine_calls(rules, st, scratch, now, notice, ROOM);
			for (size_t k = 0; k < n; k++)
				look(&notice[k]);
		}
	}
}

static void expect(unsigned told, unsigned cut, unsigned inside, unsigned outside)
{
	assert_int_equal(seen.told, told);
	assert_int_equal(seen.cut, cut);
	assert_int_equal(seen.inside, inside);
	assert_int_equal(seen.outside, outside);
}

static void test_both_sides(void **unused)
{
	(void)unused;
	begin(END);
	call(BAD);
	call(10);
	wait(5, NULL);
	expect(0, 0, 0, 0);
	ban_at(BAD, 128, true, false);
	wait(2, NULL);
	/* the server has not answered for a second; whoever is banned is told once */
	expect(1, 1, seen.inside, 1);
	assert_in_range(seen.inside, 1, 2);
	assert_string_equal(seen.last.d.reason, "203.0.113.9 is banned: called at night");
	assert_string_equal(check_name(seen.last.d.check), "banned");
	assert_string_equal(seen.last.user, "100");
	wait(60, NULL);
	/* in the end it is told that the server has not heard of it; the neighbour goes on */
	expect(2, 1, 6, 1);
	assert_int_equal(says(10, true, "INFO", "200"), VERDICT_ACCEPT);
	assert_int_not_equal(says(BAD, false, "INFO", "200"), VERDICT_ACCEPT);
	end();
}

/* What the server says to its BYE is enough. */
static void test_server_alone_answers(void **unused)
{
	const struct parcel *bye = &seen.last.parcel[LEG_INSIDE];
	struct pkt pkt = { .src = server(), .dst = phone(BAD), .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4 };
	char text[1024], *branch;

	(void)unused;
	begin(END);
	call(BAD);
	ban_at(BAD, 128, true, false);
	while (!seen.cut)
		wait(1, NULL);
	assert_non_null(branch = strstr(bye->bytes, "branch="));
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;%.*s\r\n"
		 "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>;tag=t\r\nCall-ID: r9\r\n"
		 "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n", (int)strcspn(branch, ";\r"), branch);
	pkt.payload = slice_of(text);
	engine_run(rules, st, scratch, &pkt, now, &d);
	assert_true(d.absorbed);
	wait(60, NULL);
	expect(1, 1, seen.inside, 1);
	assert_in_range(seen.inside, 1, 2);
	end();
}

/* Who is called and banned loses the call, too; and by a ban of all around him. */
static void test_called(void **unused)
{
	(void)unused;
	begin(END);
	call_to(BAD, false, "200");
	ban_at(BAD, 120, false, true);
	wait(2, NULL);
	expect(1, 1, seen.inside, 1);
	assert_string_equal(seen.last.d.reason, "203.0.113.0/24 is banned: called at night");
	end();
}

static void spared(const char *conf, bool proven)
{
	begin(conf);
	call(BAD);
	ban_at(BAD, 128, proven, false);
	wait(4, NULL);
	expect(0, 0, 0, 0);
	end();
}

static void test_spared(void **unused)
{
	(void)unused;
	spared("", true);
	spared("bans = { calls = \"keep\"; };", true);
	spared(END, false);
	spared(END "mode = \"observe\";", true);
	spared(END "trusted: { addresses = [ \"203.0.113.9\" ]; };", true);
	spared("bans = { calls = \"end\"; never = [ \"203.0.113.0/24\" ]; };", true);
	spared(END "zones: ( { name = \"carrier\"; addresses = [ \"203.0.113.0/24\" ];"
	       " trust = true; } );", true);
}

static void test_allowed(void **unused)
{
	struct ban allowed = { .who = { phone(BAD), 128 }, .allow = true, .hand = true,
			       .until = START + 3600 * NS };

	(void)unused;
	begin(END);
	call(BAD);
	assert_true(state_ban_add(st, &allowed, now));
	ban_at(BAD, 120, true, true);
	wait(4, NULL);
	expect(0, 0, 0, 0);
	end();
}

/* By his neighbours' doing nobody loses a call. */
static void test_neighbours(void **unused)
{
	struct addr a = phone(BAD);
	struct ban b = { .who = { addr_masked(&a, 120), 120 }, .check = 0, .proven = true,
			 .until = START + 600 * NS, .reason = "8 of its sites are banned" };

	(void)unused;
	begin(END);
	call(BAD);
	assert_true(state_ban_add(st, &b, now));
	wait(4, ban_another);
	expect(0, 0, 0, 0);
	end();
}

/* The phone has a new address; whoever has its former one is banned. */
static void test_moved(void **unused)
{
	(void)unused;
	begin(END);
	call(BAD);
	now += NS;
	moved_to = 50;
	says(BAD, false, "INFO", "200");
	assert_int_equal(says(BAD, true, "200 INFO", "200"), VERDICT_ACCEPT);
	ban_at(BAD, 128, true, false);
	wait(4, ban_another);
	expect(0, 0, 0, 0);
	/* and the new one */
	ban_at(50, 128, true, false);
	wait(4, ban_another);
	assert_int_equal(seen.cut, 1);
	moved_to = 0;
	end();
}

static void test_emergency(void **unused)
{
	(void)unused;
	begin(END);
	call_to(BAD, true, "112");
	ban_at(BAD, 128, true, false);
	wait(4, NULL);
	expect(0, 0, 0, 0);
	end();
}

/* First a ban that anybody can forge; then the same source is sure. */
static void test_sure_later(void **unused)
{
	(void)unused;
	begin(END);
	call(BAD);
	for (unsigned i = 0; i < 3; i++) {
		ban_at(BAD, 128, false, false);
		wait(4, ban_another);
	}
	expect(0, 0, 0, 0);
	/* it lasts no longer than what was forged, and counts all the same */
	now -= NS;
	ban_at(BAD, 128, true, false);
	now += NS;
	wait(2, NULL);
	expect(1, 1, seen.inside, 1);
	end();
}

static void test_while_others_are_banned(void **unused)
{
	uint32_t made;

	(void)unused;
	begin(END);
	call(BAD);
	wait(2, ban_another);
	ban_at(BAD, 128, true, false);
	made = state_bans_made(st);
	wait(3, ban_another);
	assert_int_equal(seen.cut, 1);
	wait(3, ban_another);
	/* whoever waits for that knows, too */
	assert_true((int32_t)(state_bans_cut(st) - made) >= 0);
	end();
}

/* Not all calls can be ended; that is told once, however many bans follow. */
static void test_cannot(void **unused)
{
	char number[400];

	(void)unused;
	snprintf(number, sizeof(number), "%0399u", 7);
	begin(END);
	call_to(BAD, true, number);
	ban_at(BAD, 128, true, false);
	wait(10, ban_another);
	expect(1, 0, 0, 0);
	assert_non_null(strstr(seen.last.d.reason, "cannot be ended"));
	end();
}

/* Who was banned while calls went on loses them when that is changed. */
static void test_changed_later(void **unused)
{
	struct ruleset *ends = NULL, *keep;
	struct prefix inside = { server(), 128 };

	(void)unused;
	begin("");
	keep = rules;
	call(BAD);
	ban_at(BAD, 128, true, false);
	wait(3, NULL);
	expect(0, 0, 0, 0);
	rules = ends = rules_load(OPEN END);
	assert_int_equal(ruleset_set_inside(ends, &inside, 1), 0);
	wait(3, NULL);
	assert_int_equal(seen.cut, 1);
	ruleset_free(keep);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_sides),
		cmocka_unit_test(test_server_alone_answers),
		cmocka_unit_test(test_called),
		cmocka_unit_test(test_spared),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_sure_later),
		cmocka_unit_test(test_while_others_are_banned),
		cmocka_unit_test(test_cannot),
		cmocka_unit_test(test_changed_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
