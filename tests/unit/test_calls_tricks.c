/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be tried to have more calls than a limit allows, message by message: copies of
 * an INVITE that servers take for calls of their own, ends that are none; and what looks
 * like it and must pass.
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
#include "state/calls.h"
#include "state/quotas.h"
#include "state/state.h"

#define START (1000 * NS)

static const char one_call[] =
	"memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
	"calls = { action = \"drop\"; limits = ("
	" { name = \"one\"; per = \"source\"; count = \"now\"; act = 1; } ); };\n";

struct gate {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct decision d;
	uint64_t now;
};

/* What a message has that another has not; NULL and 0: the usual. */
struct has {
	const char *branch, *by, *from, *to, *number, *id, *more;
	unsigned cseq, server, port, site;
	const char *method; /* of an answer */
};

static struct addr addr(bool inside, unsigned last)
{
	const uint8_t in[4] = { 192, 0, 2, (uint8_t)last }, out[4] = { 203, 0, 113, (uint8_t)last };

	return addr_v4(inside ? in : out);
}

static const char *or_else(const char *text, const char *usual)
{
	return text ? text : usual;
}

static bool send(struct gate *g, const char *first, const struct has *h, bool out)
{
	bool answer = first[0] == 'S';
	struct addr server = addr(true, h->server ? h->server : 10);
	struct addr phone = addr(false, h->site ? h->site : 9);
	uint16_t port = (uint16_t)(h->port ? h->port : 5060);
	struct pkt pkt = { .src = out ? server : phone, .dst = out ? phone : server,
			   .sport = out ? port : 5060, .dport = out ? 5060 : port,
			   .proto = PROTO_UDP, .version = 4 };
	const char *number = or_else(h->number, "200");
	char text[1400], line[128], method[16];

	sscanf(answer ? or_else(h->method, "INVITE") : first, "%15s", method);
	snprintf(line, sizeof(line), answer ? "%s" : "%s sip:%s@pbx.example SIP/2.0", first,
		 number);
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s\r\n"
		 "From: <sip:1001@pbx.example>;tag=%s\r\nTo: <sip:%s@pbx.example>%s%s\r\n"
		 "Call-ID: %s\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:1001@%s>\r\n%sContent-Length: 0\r\n\r\n",
		 line, or_else(h->by, "203.0.113.9:5060"), or_else(h->branch, "b1"),
		 or_else(h->from, "f1"), number, h->to ? ";tag=" : "", or_else(h->to, ""),
		 or_else(h->id, "c1"), h->cseq ? h->cseq : 1, method,
		 out ? "192.0.2.10" : "203.0.113.9", or_else(h->more, ""));
	pkt.payload = slice_of(text);
	engine_run(g->rs, g->st, g->s, &pkt, g->now, &g->d);
	g->now += NS / 10;
	return g->d.verdict == VERDICT_ACCEPT;
}

#define ASKS(g, ...) send(g, "INVITE", &(struct has){ __VA_ARGS__ }, false)
#define SAYS(g, method, ...) send(g, method, &(struct has){ __VA_ARGS__ }, false)
#define HEARS(g, first, ...) send(g, first, &(struct has){ __VA_ARGS__ }, true)
/* Another call: passes while there is room. */
#define HAS_ROOM(g, name) ASKS(g, .id = name, .from = "p", .branch = name)

static struct gate gate_with(const char *config)
{
	static const uint8_t seed[16] = { 7 };
	const struct prefix inside = { addr(true, 0), 120 };
	struct gate g = { .rs = rules_load(config), .s = scratch_new(), .now = START };

	assert_int_equal(ruleset_set_inside(g.rs, &inside, 1), 0);
	g.st = state_new(ruleset_settings(g.rs), seed);
	return g;
}

static void gate_free(struct gate *g)
{
	scratch_free(g->s);
	state_free(g->st);
	ruleset_free(g->rs);
}

static void ring(struct gate *g)
{
	assert_true(ASKS(g, .id = NULL));
	assert_true(HEARS(g, "SIP/2.0 180 Ringing", .to = "t1"));
}

static void answer(struct gate *g)
{
	ring(g);
	assert_true(HEARS(g, "SIP/2.0 200 OK", .to = "t1"));
}

/* ---- copies ---- */

/* Another branch is another transaction: servers call again. */
static void test_branch(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	ring(&g);
	assert_false(ASKS(&g, .branch = "b2"));
	gate_free(&g);
	g = gate_with(one_call);
	assert_true(ASKS(&g, .id = NULL));
	assert_false(ASKS(&g, .branch = "b2"));
	gate_free(&g);
	g = gate_with(one_call);
	answer(&g);
	assert_false(ASKS(&g, .branch = "b2"));
	gate_free(&g);
}

/* A repetition passes while the server has not answered for good. */
static void test_repeated(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	assert_true(ASKS(&g, .id = NULL));
	g.now += 16 * NS;
	assert_true(ASKS(&g, .id = NULL));
	assert_true(HEARS(&g, "SIP/2.0 180 Ringing", .to = "t1"));
	assert_true(ASKS(&g, .id = NULL));
	assert_true(HEARS(&g, "SIP/2.0 200 OK", .to = "t1"));
	assert_true(ASKS(&g, .id = NULL)); /* it crossed the answer */
	g.now += 10 * NS;
	assert_false(ASKS(&g, .id = NULL)); /* servers have forgotten it: they would call again */
	gate_free(&g);
}

/* Nor when the first try was refused, or is over. */
static void test_replayed(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	ring(&g);
	assert_true(HEARS(&g, "SIP/2.0 486 Busy Here", .to = "t1"));
	assert_true(ASKS(&g, .id = NULL));
	g.now += 10 * NS;
	assert_false(ASKS(&g, .id = NULL));
	gate_free(&g);
}

/* The sender's own address is part of a transaction's name (RFC 3261 17.2.3), and the From
 * tag of a call's. */
static void test_names(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	ring(&g);
	assert_false(ASKS(&g, .by = "203.0.113.9:5070"));
	assert_true(ASKS(&g, .id = NULL));
	assert_false(ASKS(&g, .from = "f2"));
	assert_false(ASKS(&g, .from = "f3", .by = "203.0.113.9:5071"));
	gate_free(&g);
	g = gate_with("memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
		      "calls = { action = \"drop\"; limits = ("
		      " { name = \"two\"; per = \"source\"; count = \"now\"; act = 2; } ); };\n");
	ring(&g);
	assert_true(ASKS(&g, .from = "f2", .by = "203.0.113.9:5070"));
	assert_false(ASKS(&g, .from = "f3", .by = "203.0.113.9:5071"));
	gate_free(&g);
}

/* A copy that the server refuses as such ends nothing (8.2.2.2). */
static void test_merged(void **arg)
{
	struct gate g = gate_with("calls = { mode = \"observe\"; limits = ("
		      " { name = \"one\"; per = \"source\"; count = \"now\"; act = 1; } ); };\n"
		      "memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n");

	(void)arg;
	ring(&g);
	assert_true(ASKS(&g, .by = "203.0.113.9:5070"));
	assert_int_not_equal(g.d.check, CHECK_NONE);
	HEARS(&g, "SIP/2.0 482 Merged", .by = "203.0.113.9:5070", .to = "t2");
	assert_true(HAS_ROOM(&g, "x0") && g.d.check != CHECK_NONE);
	assert_true(HEARS(&g, "SIP/2.0 200 OK", .to = "t1"));
	g.now += 60 * NS;
	assert_true(HAS_ROOM(&g, "again") && g.d.check != CHECK_NONE);
	gate_free(&g);
}

/* ---- ends ---- */

/* What another server, or the same at another port, knows nothing of goes on. */
static void test_bye_elsewhere(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	answer(&g);
	SAYS(&g, "BYE", .to = "t1", .branch = "b9", .cseq = 2, .server = 11);
	HEARS(&g, "SIP/2.0 481 No", .to = "t1", .branch = "b9", .cseq = 2, .server = 11,
	      .method = "BYE");
	assert_false(HAS_ROOM(&g, "x1"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b8", .cseq = 3, .port = 5080);
	HEARS(&g, "SIP/2.0 481 No", .to = "t1", .branch = "b8", .cseq = 3, .port = 5080,
	      .method = "BYE");
	assert_false(HAS_ROOM(&g, "x2"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b7", .cseq = 4);
	HEARS(&g, "SIP/2.0 481 No", .to = "t1", .branch = "b7", .cseq = 4, .method = "BYE");
	assert_true(HAS_ROOM(&g, "x3"));
	gate_free(&g);
}

/* Refused for its number, its tags, or not answered: no end. */
static void test_bye_refused(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	answer(&g);
	SAYS(&g, "BYE", .to = "t1", .branch = "b9", .cseq = 1);
	HEARS(&g, "SIP/2.0 500 No", .to = "t1", .branch = "b9", .cseq = 1, .method = "BYE");
	assert_false(HAS_ROOM(&g, "x1"));
	SAYS(&g, "BYE", .to = "t2", .branch = "b8", .cseq = 2);
	HEARS(&g, "SIP/2.0 481 No", .to = "t2", .branch = "b8", .cseq = 2, .method = "BYE");
	assert_false(HAS_ROOM(&g, "x2"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b7", .cseq = 3);
	assert_false(HAS_ROOM(&g, "x3"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b6", .cseq = 4, .site = 77);
	HEARS(&g, "SIP/2.0 403 No", .to = "t1", .branch = "b6", .cseq = 4, .method = "BYE",
	      .site = 77);
	assert_false(HAS_ROOM(&g, "x4"));
	SAYS(&g, "CANCEL", .branch = "b1");
	HEARS(&g, "SIP/2.0 200 OK", .to = "t1", .branch = "b1", .method = "CANCEL");
	assert_false(HAS_ROOM(&g, "x5"));
	gate_free(&g);
}

/* ---- somebody else's limit ---- */

static void wait_for(struct gate *g, unsigned seconds)
{
	struct call_due due[CALL_DUES];

	g->now += seconds * NS;
	while (calls_sweep(g->st, false, g->now, due))
		;
}

#define LOGIN(nonce) "Authorization: Digest username=\"1001\", realm=\"x\", nonce=\"" nonce "\", " \
	"uri=\"sip:x\", response=\"00000000000000000000000000000000\"\r\n"
#define CHALLENGE(n) "WWW-Authenticate: Digest realm=\"x\", nonce=\"" n "\"\r\n"

/* Two calls a day of each user, and two at once.  A stranger answers his challenge in
 * another's name, and the server drops that: nothing is used up. */
static void test_name_of_another(void **arg)
{
	struct gate g = gate_with(
		"memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
		"scan = { mode = \"off\"; }; auth = { mode = \"off\"; };\n"
		"calls = { action = \"drop\"; limits = ("
		" { name = \"now\"; count = \"now\"; act = 2; },"
		" { name = \"day\"; count = \"day\"; act = 2; } ); };\n");

	(void)arg;
	for (unsigned i = 0; i < 2; i++) {
		const char *id = i ? "z1" : "z0";

		assert_true(ASKS(&g, .id = id, .branch = id, .site = 66));
		assert_true(HEARS(&g, "SIP/2.0 401 No", .id = id, .branch = id, .to = "t0",
				  .site = 66, .more = CHALLENGE("n")));
		assert_true(ASKS(&g, .id = id, .branch = i ? "z3" : "z2", .site = 66, .cseq = 2,
				 .more = LOGIN("n")));
	}
	wait_for(&g, 5);
	for (unsigned i = 0; i < 2; i++) {
		const char *id = i ? "v1" : "v0";

		assert_true(ASKS(&g, .id = id, .branch = id));
		assert_true(HEARS(&g, "SIP/2.0 401 No", .id = id, .branch = id, .to = "t0",
				  .more = CHALLENGE("m")));
		assert_true(ASKS(&g, .id = id, .branch = i ? "v3" : "v2", .cseq = 2,
				 .more = LOGIN("m")));
		assert_true(HEARS(&g, "SIP/2.0 100 Trying", .id = id, .branch = i ? "v3" : "v2",
				  .cseq = 2));
		wait_for(&g, 10); /* it takes a while until it rings */
	}
	assert_true(ASKS(&g, .id = "v4", .branch = "v4"));
	assert_true(HEARS(&g, "SIP/2.0 401 No", .id = "v4", .branch = "v4", .to = "t0",
			  .more = CHALLENGE("m")));
	assert_false(ASKS(&g, .id = "v4", .branch = "v5", .cseq = 2, .more = LOGIN("m")));
	gate_free(&g);
}

/* A server that is gone: who tried has not called. */
static void test_dead_server(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	answer(&g);
	SAYS(&g, "BYE", .to = "t1", .branch = "b9", .cseq = 2);
	HEARS(&g, "SIP/2.0 200 OK", .to = "t1", .branch = "b9", .cseq = 2, .method = "BYE");
	assert_true(HAS_ROOM(&g, "x1"));
	wait_for(&g, 20);
	assert_false(HAS_ROOM(&g, "x2"));
	wait_for(&g, 25);
	assert_true(HAS_ROOM(&g, "x3"));
	gate_free(&g);
}

/* ---- what must pass ---- */

/* A server that says nothing: the next one is asked, in another transaction (RFC 3263 4.3). */
static void test_next_server(void **arg)
{
	struct gate g = gate_with(one_call);

	(void)arg;
	assert_true(ASKS(&g, .id = NULL));
	g.now += 4 * NS;
	assert_true(ASKS(&g, .branch = "b2", .server = 11));
	assert_true(HEARS(&g, "SIP/2.0 180 Ringing", .branch = "b2", .to = "t1", .server = 11));
	assert_true(HEARS(&g, "SIP/2.0 200 OK", .branch = "b2", .to = "t1", .server = 11));
	assert_false(HAS_ROOM(&g, "x1"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b9", .cseq = 2, .server = 11);
	HEARS(&g, "SIP/2.0 200 OK", .to = "t1", .branch = "b9", .cseq = 2, .server = 11,
	      .method = "BYE");
	assert_true(HAS_ROOM(&g, "x2"));
	gate_free(&g);
}

/* Challenged, and again with the same number and branch, as some do. */
static void test_challenged(void **arg)
{
	struct gate g = gate_with(one_call);
	const char *login = "Authorization: Digest username=\"1001\", realm=\"x\", nonce=\"n\", "
			    "uri=\"sip:x\", response=\"00000000000000000000000000000000\"\r\n";

	(void)arg;
	assert_true(ASKS(&g, .id = NULL));
	assert_true(HEARS(&g, "SIP/2.0 401 Unauthorized", .to = "t0"));
	assert_true(ASKS(&g, .id = NULL));
	assert_true(HAS_ROOM(&g, "x1"));
	assert_true(HEARS(&g, "SIP/2.0 486 Busy Here", .id = "x1", .from = "p", .branch = "x1",
			  .to = "t9"));
	assert_true(ASKS(&g, .more = login));
	assert_false(HAS_ROOM(&g, "x2"));
	gate_free(&g);
}

/* A trunk that is full: the server tries the next one with the same INVITE. */
static void test_next_trunk(void **arg)
{
	struct gate g = gate_with(
		"memory = { learning = \"0s\"; }; trunks = (\n"
		" { name = \"a\"; addresses = [ \"203.0.113.50\" ]; },\n"
		" { name = \"b\"; addresses = [ \"203.0.113.60\" ]; } );\n"
		"calls = { action = \"drop\"; limits = ("
		" { name = \"one\"; per = \"trunk\"; count = \"now\"; act = 1; } ); };\n");

	(void)arg;
	assert_true(HEARS(&g, "INVITE", .site = 50, .by = "192.0.2.10"));
	assert_false(HEARS(&g, "INVITE", .site = 50, .by = "192.0.2.10", .id = "c2", .from = "f2",
			   .branch = "b2"));
	assert_true(HEARS(&g, "INVITE", .site = 60, .by = "192.0.2.10", .id = "c2", .from = "f2",
			  .branch = "b3"));
	gate_free(&g);
}

/* Of more limits than a call can hold those that are left out are told. */
static void test_too_many(void **arg)
{
	char config[4096] = "memory = { learning = \"0s\"; }; calls = { limits = (\n";
	struct gate g;

	(void)arg;
	for (unsigned i = 0; i <= CALL_SLOTS; i++)
		snprintf(config + strlen(config), sizeof(config) - strlen(config),
			 "%s{ name = \"limit%u\"; per = \"source\"; count = \"now\"; act = %u; }",
			 i ? ",\n" : "", i, 10 + i);
	snprintf(config + strlen(config), sizeof(config) - strlen(config), " ); };\n");
	g = gate_with(config);
	assert_true(ASKS(&g, .id = NULL));
	assert_true(g.d.notify);
	assert_string_equal(g.d.reason, "more than 12 limits are for this call: limit limit12 is "
					"not counted");
	assert_true(HAS_ROOM(&g, "x1"));
	assert_false(g.d.notify);
	gate_free(&g);
}

/* A reload, with another name and other numbers: what runs is counted on. */
static void test_reload(void **arg)
{
	const struct prefix inside = { addr(true, 0), 120 };
	struct gate g = gate_with(one_call);

	(void)arg;
	answer(&g);
	ruleset_free(g.rs);
	g.rs = rules_load("memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
			  "calls = { action = \"drop\"; limits = ("
			  " { name = \"two\"; per = \"source\"; count = \"now\";"
			  " act = 2; } ); };\n");
	assert_int_equal(ruleset_set_inside(g.rs, &inside, 1), 0);
	assert_true(HAS_ROOM(&g, "x1"));
	assert_false(HAS_ROOM(&g, "x2"));
	SAYS(&g, "BYE", .to = "t1", .branch = "b9", .cseq = 2);
	HEARS(&g, "SIP/2.0 200 OK", .to = "t1", .branch = "b9", .cseq = 2, .method = "BYE");
	assert_true(HAS_ROOM(&g, "x3"));
	assert_false(HAS_ROOM(&g, "x4"));
	gate_free(&g);
}

/* Refused, approved: what repeats is still refused, the next call passes. */
static void test_approved(void **arg)
{
	struct gate g = gate_with(
		"memory = { learning = \"0s\"; }; flood = { mode = \"off\"; };\n"
		"calls = { action = \"approve\"; limits = ("
		" { name = \"one\"; per = \"source\"; count = \"now\"; act = 1; } ); };\n");
	char token[sizeof(g.d.token)];
	struct approval got;

	(void)arg;
	answer(&g);
	assert_false(HAS_ROOM(&g, "x1"));
	memcpy(token, g.d.token, sizeof(token));
	assert_int_not_equal(token[0], 0);
	assert_true(state_approve(g.st, token, 0, g.now, &got));
	assert_false(HAS_ROOM(&g, "x1"));
	assert_int_equal(g.d.token[0], 0);
	assert_true(HAS_ROOM(&g, "x2"));
	gate_free(&g);
}

/* Neither whoever is trusted is counted, nor what servers ask phones. */
static void test_nobodys(void **arg)
{
	struct gate g = gate_with("trusted = { addresses = [ \"203.0.113.9\" ]; };\n"
				  "calls = { limits = ( { name = \"one\"; per = \"source\";"
				  " count = \"now\"; act = 1; } ); };\n");

	(void)arg;
	assert_true(HAS_ROOM(&g, "x1") && HAS_ROOM(&g, "x2"));
	assert_true(HEARS(&g, "INVITE", .id = "x3", .site = 20));
	assert_true(HEARS(&g, "INVITE", .id = "x4", .site = 20));
	gate_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_branch),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_bye_elsewhere),
		cmocka_unit_test(test_bye_refused),
		cmocka_unit_test(test_name_of_another),
		cmocka_unit_test(test_dead_server),
		cmocka_unit_test(test_next_server),
		cmocka_unit_test(test_challenged),
		cmocka_unit_test(test_next_trunk),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_nobodys),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_approved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
