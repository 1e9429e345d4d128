/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls while they run, through the engine: warned once, cut once, their end said until both
 * sides have heard it; whose zone and mode that depends on; and that all of it outlasts a
 * restart, and a reload that knows less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check.h"
#include "rules.h"
#include "state/legs.h"
#include "state/state.h"

#define START (1000 * NS)
#define ROOM 4
#define OPEN "memory = { learning = \"0s\"; }; dialog = { mode = \"off\"; };\n"
#define LONG "duration = { warn = \"10s\"; cut = \"20s\"; };\n"

static struct ruleset *rules;
static struct state *st;
static struct scratch *scratch;
static struct decision d;
static struct call_notice notice[ROOM];
static uint64_t now;
static struct {
	unsigned warned, cut, told, byes;
	uint8_t check;
} seen;

static struct ruleset *load(const char *conf)
{
	static const uint8_t server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };
	char text[2048];
	struct ruleset *rs;

	snprintf(text, sizeof(text), OPEN "%s", conf);
	rs = rules_load(text);
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	return rs;
}

static void begin(const char *conf)
{
	static const uint8_t seed[16] = { 3 };

	rules = load(conf);
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

static void reload(const char *conf)
{
	ruleset_free(rules);
	rules = load(conf);
}

static unsigned pass(bool in, const char *text)
{
	static const uint8_t server[4] = { 192, 0, 2, 10 }, phone[4] = { 203, 0, 113, 9 };
	struct addr a = addr_v4(phone), b = addr_v4(server);
	struct pkt pkt = { .src = in ? a : b, .dst = in ? b : a, .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4, .payload = slice_of(text) };

	engine_run(rules, st, scratch, &pkt, now, &d);
	return d.verdict;
}

/* start: "INVITE" or "200 INVITE", which comes from the server. */
static unsigned says(const char *start, unsigned call, const char *branch)
{
	bool answer = start[0] < 'A', asks = !strcmp(start, "INVITE");
	const char *method = answer ? start + 4 : start;
	char text[1024], line[96], own[32];

	snprintf(line, sizeof(line), answer ? "SIP/2.0 %.3s Ok" : "%s sip:200@192.0.2.10 SIP/2.0",
		 start);
	snprintf(own, sizeof(own), "z9hG4bK%u%s", call, method);
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=%s\r\n"
		 "From: <sip:100@pbx.example>;tag=f\r\nTo: <sip:200@pbx.example>%s\r\n"
		 "Call-ID: r%u\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:100@%s>\r\nContent-Length: 0\r\n\r\n", line,
		 branch ? branch : own, asks ? "" : ";tag=t", call,
		 strcmp(method, "BYE") ? 1 : 2, method, answer ? "192.0.2.10" : "203.0.113.9");
	return pass(!answer, text);
}

static void call(unsigned n)
{
	assert_int_equal(says("INVITE", n, NULL), VERDICT_ACCEPT);
	says("200 INVITE", n, NULL);
	assert_int_equal(says("ACK", n, NULL), VERDICT_ACCEPT);
}

static void refused(unsigned n)
{
	assert_int_not_equal(says("INVITE", n, NULL), VERDICT_ACCEPT);
	assert_string_equal(check_name(d.check), "calls");
}

static void hang_up(unsigned n)
{
	assert_int_equal(says("BYE", n, NULL), VERDICT_ACCEPT);
	says("200 BYE", n, NULL);
}

static void look(const struct call_notice *c)
{
	if (c->cut)
		for (unsigned i = 0; i < 2; i++)
			seen.byes += c->parcel[i].n > 0;
	assert_false(c->d.reset);
	if (!c->d.notify)
		return;
	seen.told++;
	seen.check = c->d.check;
	seen.cut += c->d.verdict == VERDICT_DROP;
	seen.warned += c->d.verdict == VERDICT_ACCEPT && !c->d.observed;
	assert_true(c->d.call);
}

static void tick(void)
{
	for (size_t n = ROOM; n == ROOM;) {
		n = engine_calls(rules, st, scratch, now, notice, ROOM);
		for (size_t i = 0; i < n; i++)
			look(&notice[i]);
	}
}

static void wait(unsigned seconds)
{
	while (seconds--) {
		now += NS;
		tick();
	}
}

static void expect(unsigned warned, unsigned cut, unsigned byes)
{
	assert_int_equal(seen.warned, warned);
	assert_int_equal(seen.cut, cut);
	assert_int_equal(seen.byes, byes);
}

/* The answer of the side outside to the BYE that it got, or of the server to its own. */
static void answers(bool outside, const char *status)
{
	const struct parcel *p = &notice[0].parcel[outside ? LEG_OUTSIDE : LEG_INSIDE];
	char branch[64], text[1024], bytes[PARCEL_BYTES + 1];
	char *at;

	memcpy(bytes, p->bytes, p->n);
	bytes[p->n] = 0;
	at = strstr(bytes, "branch=");
	assert_non_null(at);
	snprintf(branch, sizeof(branch), "%.*s", (int)strcspn(at + 7, ";\r"), at + 7);
	snprintf(text, sizeof(text), "SIP/2.0 %s\r\nVia: SIP/2.0/UDP x;branch=%s\r\n"
		 "From: <sip:a@x>;tag=%s\r\nTo: <sip:b@x>;tag=%s\r\nCall-ID: r1\r\n"
		 "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n", status, branch,
		 outside ? "t" : "f", outside ? "f" : "t");
	assert_int_equal(pass(outside, text), VERDICT_DROP);
	assert_true(d.absorbed);
}

static void test_once(void **unused)
{
	(void)unused;
	begin(LONG);
	assert_false(engine_calls_run(st));
	call(1);
	wait(9);
	assert_true(engine_calls_run(st));
	expect(0, 0, 0);
	wait(3);
	expect(1, 0, 0);
	assert_string_equal(notice[0].user, "100");
	wait(7);
	expect(1, 0, 0);
	wait(2);
	expect(1, 1, 2);
	/* neither side says anything: five times more, and then who has not is told */
	wait(60);
	expect(2, 1, 12);
	assert_int_equal(seen.told, 3);
	assert_false(engine_calls_run(st));
	end();
}

static void test_until_answered(void **unused)
{
	(void)unused;
	begin(LONG);
	call(1);
	while (!seen.cut)
		wait(1);
	answers(true, "200 OK");
	expect(1, 1, 2);
	while (seen.byes == 2)
		wait(1);
	/* to the server alone */
	expect(1, 1, 3);
	assert_int_equal(notice[0].parcel[LEG_OUTSIDE].n, 0);
	answers(false, "481 No");
	wait(90);
	expect(1, 1, 3);
	assert_int_equal(seen.told, 2);
	assert_false(engine_calls_run(st));
	end();
}

static void test_hung_up_in_time(void **unused)
{
	(void)unused;
	begin(LONG);
	call(1);
	wait(15);
	hang_up(1);
	wait(60);
	expect(1, 0, 0);
	assert_false(engine_calls_run(st));
	end();
}

/* What is only watched goes on; said once, as what would have been done. */
static void test_modes(void **unused)
{
	static const struct {
		const char *conf;
		unsigned told, warned, cut;
	} row[] = {
		{ "mode = \"observe\";" LONG, 2, 1, 0 },
		{ "duration = { mode = \"observe\"; warn = \"10s\"; cut = \"20s\"; };", 2, 1, 0 },
		{ "duration = { action = \"alert\"; warn = \"10s\"; cut = \"20s\"; };", 2, 2, 0 },
		{ "duration = { mode = \"off\"; warn = \"10s\"; cut = \"20s\"; };", 0, 0, 0 },
		{ LONG "zones = ( { name = \"z\"; addresses = [ \"203.0.113.9\" ];\n"
		  "duration = { mode = \"observe\"; }; } );", 2, 1, 0 },
		{ LONG "zones = ( { name = \"z\"; addresses = [ \"203.0.113.9\" ];\n"
		  "duration = { warn = \"0s\"; cut = \"90s\"; }; } );", 0, 0, 0 },
		{ LONG "zones = ( { name = \"z\"; addresses = [ \"203.0.113.8\" ];\n"
		  "duration = { mode = \"off\"; }; } );", 2, 1, 1 },
		{ LONG "emergency = [ \"200\" ];", 0, 0, 0 },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		begin(row[i].conf);
		call(1);
		wait(23);
		if (seen.told != row[i].told || seen.warned != row[i].warned ||
		    seen.cut != row[i].cut)
			fail_msg("row %u: told %u, warned %u, cut %u", i, seen.told, seen.warned,
				 seen.cut);
		assert_int_equal(seen.byes > 0, row[i].cut);
		end();
	}
}

/* ---- a limit on what calls last together ---- */

#define TALK "calls = { limits = ( { name = \"talk\"; count = \"minutes-day\"; act = 1; " \
	     "warn = 0; }, { name = \"two\"; count = \"now\"; act = 2; } ); };\n"

static void test_used_up(void **unused)
{
	(void)unused;
	begin(TALK "duration = { warn = \"0s\"; };");
	call(1);
	wait(63);
	assert_int_equal(seen.told, 1);
	assert_int_equal(seen.cut, 1);
	assert_string_equal(check_name(seen.check), "calls");
	refused(2);
	end();
}

/* ---- what a restart, and a reload, leave of it ---- */

struct bytes {
	unsigned char *p;
	size_t n;
};

static int put(void *arg, const struct state_part *part)
{
	struct bytes *b = arg;

	b->p = realloc(b->p, b->n + part->n);
	assert_non_null(b->p);
	memcpy(b->p + b->n, part->bytes, part->n);
	b->n += part->n;
	return 0;
}

static void restart(void)
{
	static const uint8_t seed[16] = { 9 };
	struct bytes b = { NULL, 0 };
	struct state_saved about;

	assert_int_equal(state_save(st, now, 1, put, &b), 0);
	state_free(st);
	scratch_free(scratch);
	scratch = scratch_new();
	st = state_new(ruleset_settings(rules), seed);
	now += 2 * NS;
	assert_true(state_restore(st, b.p, b.n, now, true, &about));
	free(b.p);
}

#define TWO "calls = { limits = ( { name = \"two\"; count = \"now\"; act = 2; } ); };\n"

static void test_restart_counts(void **unused)
{
	(void)unused;
	begin(TWO);
	call(1);
	call(2);
	refused(3);
	restart();
	refused(4);
	hang_up(1);
	call(5);
	refused(6);
	/* once: it gives back what it held, and no more */
	hang_up(1);
	refused(7);
	restart();
	hang_up(2);
	hang_up(5);
	call(8);
	call(9);
	refused(10);
	end();
}

static void test_restart_cuts(void **unused)
{
	(void)unused;
	begin(LONG);
	call(1);
	wait(12);
	expect(1, 0, 0);
	restart();
	wait(5);
	expect(1, 0, 0);
	while (!seen.cut && now < START + 40 * NS)
		wait(1);
	expect(1, 1, 2);
	assert_in_range(now, START + 20 * NS, START + 22 * NS);
	answers(true, "200 OK");
	restart();
	while (seen.byes == 2 && now < START + 40 * NS)
		wait(1);
	expect(1, 1, 3);
	answers(false, "200 OK");
	restart();
	wait(60);
	expect(1, 1, 3);
	end();
}

/* Zones, limits and checks that calls hang on are not there any more. */
static void test_reload(void **unused)
{
	static const char rich[] = LONG TWO
		"zones = ( { name = \"a\"; addresses = [ \"198.51.100.1\" ]; },\n"
		"{ name = \"b\"; addresses = [ \"203.0.113.9\" ];\n"
		"duration = { warn = \"5s\"; cut = \"15s\"; }; } );\n";
	static const char *const poor[] = {
		"", "calls = { mode = \"off\"; }; duration = { mode = \"off\"; };", TALK,
		"mode = \"observe\";", ("trusted = { addresses = [ \"203.0.113.9\" ]; };" TWO),
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(poor) / sizeof(poor[0]); i++) {
		begin(rich);
		call(1);
		call(2);
		refused(3);
		reload(poor[i]);
		wait(8);
		restart();
		wait(8);
		/* two calls, each told and ended as the zone that there is now says */
		assert_int_equal(seen.cut, i == 1 || i == 3 ? 0 : 2);
		hang_up(1);
		hang_up(2);
		reload(rich);
		wait(70);
		/* nothing is held that nobody gives back */
		call(4);
		call(5);
		refused(6);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_until_answered),
		cmocka_unit_test(test_hung_up_in_time),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_used_up),
		cmocka_unit_test(test_restart_counts),
		cmocka_unit_test(test_restart_cuts),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
