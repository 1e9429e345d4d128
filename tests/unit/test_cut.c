/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is learned of a call that is to be ended, and what is said to its two sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "cut.h"
#include "rules.h"
#include "sip/strict.h"
#include "state/legs.h"
#include "state/state.h"

#define PHONE "203.0.113.9"
#define OTHER "203.0.113.77"
#define SERVER "192.0.2.10"
#define START (1000 * NS)
#define REASON SLICE("SIP ;cause=480 ;text=\"Call limit\"")

static struct ruleset *rules;
static struct state *state;
static struct scratch *scratch;
static struct strict *strict;
static struct decision d;
static struct call_notice notice;
static uint64_t now;
static unsigned branches;

static int setup(void **unused)
{
	static const uint8_t seed[16] = { 3 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };

	(void)unused;
	rules = rules_load("memory = { learning = \"0s\"; }; dialog = { mode = \"off\"; };");
	assert_int_equal(ruleset_set_inside(rules, &inside, 1), 0);
	state = state_new(ruleset_settings(rules), seed);
	scratch = scratch_new();
	strict = strict_new();
	now = START;
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	strict_free(strict);
	scratch_free(scratch);
	state_free(state);
	ruleset_free(rules);
	return 0;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static void pass(const char *src, uint16_t sport, const char *dst, uint16_t dport,
		 const char *text)
{
	struct pkt pkt = { .src = addr(src), .dst = addr(dst), .sport = sport, .dport = dport,
			   .proto = PROTO_UDP, .version = 4, .payload = slice_of(text) };

	now += NS / 100;
	engine_run(rules, state, scratch, &pkt, now, &d);
}

/* start: "INVITE sip:x" or "200 Well"; in, out: the phone says it, the server does. */
struct says {
	const char *start, *from, *to, *cseq, *more;
	unsigned branch; /* 0: a new one */
};

static const char *text_of(const struct says *s)
{
	static char text[2048];
	bool answer = s->start[0] >= '0' && s->start[0] <= '9';

	if (!s->branch)
		branches++;
	snprintf(text, sizeof(text),
		 "%s%s%s\r\nVia: SIP/2.0/UDP x.example;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
		 "From: <sip:alice@a.example>%s%s\r\nTo: <sip:bob@b.example>%s%s\r\n"
		 "Call-ID: c1@a.example\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		 answer ? "SIP/2.0 " : "", s->start, answer ? "" : " SIP/2.0",
		 s->branch ? s->branch : branches, s->from[0] ? ";tag=" : "", s->from,
		 s->to[0] ? ";tag=" : "", s->to, s->cseq, s->more ? s->more : "");
	return text;
}

static unsigned in(struct says s)
{
	pass(PHONE, 41000, SERVER, 5060, text_of(&s));
	return d.verdict;
}

static unsigned out(struct says s)
{
	pass(SERVER, 5060, PHONE, 41000, text_of(&s));
	return d.verdict;
}

#define A_CONTACT "Contact: <sip:alice@10.0.0.5:5062;ob>\r\n"
#define B_CONTACT "Contact: <sip:bob@192.0.2.20:5070>\r\n"

/* Alice calls through an edge proxy outside; the server inside is a proxy, too. */
static uint64_t call(void)
{
	struct sip_msg sip;
	struct names n;
	struct pkt pkt = { .dir = DIR_INBOUND };
	struct says invite = { "INVITE sip:bob@b.example", "A", "", "7 INVITE",
			       A_CONTACT "Record-Route: <sip:203.0.113.9;lr>\r\n", 0 };

	in(invite);
	out((struct says){ "200 Well", "A", "B", "7 INVITE",
			   B_CONTACT "Record-Route: <sip:192.0.2.10;lr;did=1>, "
			   "<sip:203.0.113.9;lr>\r\n", branches });
	in((struct says){ "ACK sip:bob@192.0.2.20:5070", "A", "B", "7 ACK", NULL, 0 });
	assert_int_equal(d.verdict, VERDICT_ACCEPT);
	sip_parse(&sip, slice_of(text_of(&invite)));
	names_read(state, &pkt, &sip, 0, &n);
	return n.from;
}

static struct cut cut(uint64_t key, unsigned times)
{
	memset(&notice, 0, sizeof(notice));
	return call_cut(state, ruleset_settings(rules), strict, key, times, REASON, now, &notice);
}

static const char *parcel(unsigned end)
{
	static char text[PARCEL_BYTES + 1];

	memcpy(text, notice.parcel[end].bytes, notice.parcel[end].n);
	text[notice.parcel[end].n] = 0;
	return text;
}

static void expect_ends(unsigned end, const char *from, uint16_t sport, const char *to,
			uint16_t dport)
{
	const struct parcel *p = &notice.parcel[end];
	struct addr a = addr(from), b = addr(to);

	assert_true(addr_eq(&p->from, &a) && addr_eq(&p->to, &b));
	assert_int_equal(p->sport, sport);
	assert_int_equal(p->dport, dport);
}

static void test_inbound(void **unused)
{
	uint64_t key = call();
	char inside[LEGS_BRANCH], outside[LEGS_BRANCH], want[1024];

	(void)unused;
	assert_int_equal(cut(key, 0).said, CUT_SENT);
	assert_true(notice.cut);
	legs_branch(state, key, LEG_INSIDE, inside);
	legs_branch(state, key, LEG_OUTSIDE, outside);
	assert_string_not_equal(inside, outside);
	snprintf(want, sizeof(want), "BYE sip:bob@192.0.2.20:5070 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.9:41000;branch=%s;rport\r\n"
		 "Route: <sip:192.0.2.10;lr;did=1>\r\n"
		 "From: <sip:alice@a.example>;tag=A\r\nTo: <sip:bob@b.example>;tag=B\r\n"
		 "Call-ID: c1@a.example\r\nCSeq: 8 BYE\r\nMax-Forwards: 70\r\n"
		 "Reason: SIP ;cause=480 ;text=\"Call limit\"\r\nContent-Length: 0\r\n\r\n",
		 inside);
	assert_string_equal(parcel(LEG_INSIDE), want);
	expect_ends(LEG_INSIDE, PHONE, 41000, SERVER, 5060);
	snprintf(want, sizeof(want), "BYE sip:alice@10.0.0.5:5062;ob SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=%s;rport\r\n"
		 "Route: <sip:203.0.113.9;lr>\r\n"
		 "From: <sip:bob@b.example>;tag=B\r\nTo: <sip:alice@a.example>;tag=A\r\n"
		 "Call-ID: c1@a.example\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\n"
		 "Reason: SIP ;cause=480 ;text=\"Call limit\"\r\nContent-Length: 0\r\n\r\n",
		 outside);
	assert_string_equal(parcel(LEG_OUTSIDE), want);
	expect_ends(LEG_OUTSIDE, SERVER, 5060, PHONE, 41000);
}

/* The server calls; its caller stands behind a proxy inside, the called behind one outside. */
static void test_outbound(void **unused)
{
	struct says invite = { "INVITE sip:bob@b.example", "A", "", "7 INVITE",
			       A_CONTACT "Record-Route: <sip:192.0.2.10;lr>\r\n", 0 };
	struct sip_msg sip;
	struct pkt pkt = { .dir = DIR_OUTBOUND };
	struct names n;

	(void)unused;
	out(invite);
	in((struct says){ "200 Well", "A", "B", "7 INVITE",
			  B_CONTACT "Record-Route: <sip:p2.example;lr>\r\n"
			  "Record-Route: <sip:203.0.113.9;lr>, <sip:192.0.2.10;lr>\r\n",
			  branches });
	out((struct says){ "ACK sip:bob@192.0.2.20:5070", "A", "B", "7 ACK", NULL, 0 });
	in((struct says){ "INFO sip:alice@10.0.0.5", "B", "A", "300 INFO", NULL, 0 });
	sip_parse(&sip, slice_of(text_of(&invite)));
	names_read(state, &pkt, &sip, 0, &n);
	assert_int_equal(cut(n.from, 0).said, CUT_SENT);
	assert_memory_equal(parcel(LEG_INSIDE), "BYE sip:alice@10.0.0.5:5062;ob SIP/2.0\r\n", 40);
	assert_non_null(strstr(parcel(LEG_INSIDE), "\r\nRoute: <sip:192.0.2.10;lr>\r\nFrom: "
			       "<sip:bob@b.example>;tag=B\r\n"));
	assert_non_null(strstr(parcel(LEG_INSIDE), "\r\nCSeq: 301 BYE\r\n"));
	assert_memory_equal(parcel(LEG_OUTSIDE), "BYE sip:bob@192.0.2.20:5070 SIP/2.0\r\n", 37);
	assert_non_null(strstr(parcel(LEG_OUTSIDE), "\r\nRoute: <sip:203.0.113.9;lr>\r\n"
			       "Route: <sip:p2.example;lr>\r\nFrom: <sip:alice@a.example>;tag=A"));
	assert_non_null(strstr(parcel(LEG_OUTSIDE), "\r\nCSeq: 8 BYE\r\n"));
}

/* Targets and numbers follow what known sides say, and nobody else. */
static void test_moves(void **unused)
{
	uint64_t key = call();
	struct says s = { "INVITE sip:bob@192.0.2.20:5070", "A", "B", "9 INVITE",
			  "Contact: <sip:alice@10.0.0.6>\r\n", 0 };

	(void)unused;
	assert_int_equal(in(s), VERDICT_ACCEPT);
	out((struct says){ "200 Well", "A", "B", "9 INVITE", "Contact: <sip:bob@192.0.2.21>\r\n",
			   branches });
	s = (struct says){ "INVITE sip:x@y", "A", "B", "900 INVITE",
			   "Contact: <sip:thief@" OTHER ">\r\n", 0 };
	pass(OTHER, 5060, SERVER, 5060, text_of(&s));
	assert_int_equal(cut(key, 0).said, CUT_SENT);
	assert_memory_equal(parcel(LEG_INSIDE), "BYE sip:bob@192.0.2.21 SIP/2.0\r\n", 32);
	assert_non_null(strstr(parcel(LEG_INSIDE), "\r\nCSeq: 10 BYE\r\n"));
	assert_memory_equal(parcel(LEG_OUTSIDE), "BYE sip:alice@10.0.0.6 SIP/2.0\r\n", 32);
}

/* What the proxy sends on to another phone outside changes nothing of this leg. */
static void test_second_leg(void **unused)
{
	uint64_t key = call();
	struct says s = { "INVITE sip:bob@" OTHER, "A", "", "7 INVITE",
			  A_CONTACT "Record-Route: <sip:192.0.2.10;lr>\r\n", 0 };

	(void)unused;
	pass(SERVER, 5060, OTHER, 5060, text_of(&s));
	s = (struct says){ "200 Well", "A", "B", "7 INVITE", "Contact: <sip:bob@" OTHER ">\r\n"
			   "Record-Route: <sip:192.0.2.10;lr>\r\n", branches };
	pass(OTHER, 5060, SERVER, 5060, text_of(&s));
	s = (struct says){ "UPDATE sip:alice@10.0.0.5", "B", "A", "50 UPDATE",
			   "Contact: <sip:bob@" OTHER ">\r\n", 0 };
	pass(OTHER, 5060, SERVER, 5060, text_of(&s));
	assert_int_equal(cut(key, 0).said, CUT_SENT);
	assert_memory_equal(parcel(LEG_INSIDE), "BYE sip:bob@192.0.2.20:5070 SIP/2.0\r\n", 37);
	expect_ends(LEG_OUTSIDE, SERVER, 5060, PHONE, 41000);
}

static unsigned answers(bool inside, const char *start, const char *branch)
{
	char text[1024];

	snprintf(text, sizeof(text), "SIP/2.0 %s\r\nVia: SIP/2.0/UDP x;branch=%s\r\n"
		 "From: <sip:%s>;tag=%s\r\nTo: <sip:%s>;tag=%s\r\nCall-ID: c1@a.example\r\n"
		 "CSeq: 8 BYE\r\nContent-Length: 0\r\n\r\n", start, branch,
		 inside ? "alice@a.example" : "bob@b.example", inside ? "A" : "B",
		 inside ? "bob@b.example" : "alice@a.example", inside ? "B" : "A");
	if (inside)
		pass(SERVER, 5060, PHONE, 41000, text);
	else
		pass(PHONE, 41000, SERVER, 5060, text);
	return d.absorbed ? d.verdict : VERDICT_ACCEPT;
}

static void test_answers(void **unused)
{
	uint64_t key = call();
	char inside[LEGS_BRANCH], outside[LEGS_BRANCH], first[PARCEL_BYTES + 1];
	struct cut said;

	(void)unused;
	assert_int_equal(cut(key, 0).said, CUT_SENT);
	snprintf(first, sizeof(first), "%s", parcel(LEG_OUTSIDE));
	legs_branch(state, key, LEG_INSIDE, inside);
	legs_branch(state, key, LEG_OUTSIDE, outside);
	/* of the other side, or nearly so: not ours */
	assert_int_equal(answers(true, "200 OK", outside), VERDICT_ACCEPT);
	inside[LEGS_BRANCH - 2] ^= 1;
	assert_int_equal(answers(true, "200 OK", inside), VERDICT_ACCEPT);
	inside[LEGS_BRANCH - 2] ^= 1;
	assert_int_equal(answers(true, "100 Trying", inside), VERDICT_DROP);
	said = cut(key, 1);
	assert_int_equal(said.said, CUT_SENT);
	assert_false(said.inside || said.outside);
	assert_int_equal(answers(true, "200 OK", inside), VERDICT_DROP);
	assert_false(d.notify);
	said = cut(key, 2);
	assert_int_equal(said.said, CUT_SENT);
	assert_true(said.inside && !said.outside);
	assert_int_equal(notice.parcel[LEG_INSIDE].n, 0);
	assert_string_equal(parcel(LEG_OUTSIDE), first);
	assert_int_equal(answers(false, "481 No", outside), VERDICT_DROP);
	said = cut(key, 3);
	assert_int_equal(said.said, CUT_DONE);
	assert_true(said.inside && said.outside && !said.inside_refused && !said.outside_refused);
	assert_false(notice.cut);
	assert_int_equal(answers(false, "481 No", outside), VERDICT_DROP);
}

static void test_refused(void **unused)
{
	uint64_t key = call();
	struct says reinvite = { "INVITE sip:bob@192.0.2.20:5070", "A", "B", "9 INVITE",
				 A_CONTACT, 0 };

	(void)unused;
	assert_int_equal(cut(key, 0).said, CUT_SENT);
	assert_int_equal(in(reinvite), VERDICT_DROP);
	assert_string_equal(check_name(d.check), "duration");
	assert_int_equal(out((struct says){ "UPDATE sip:alice@10.0.0.5", "B", "A", "2 UPDATE",
					    B_CONTACT, 0 }), VERDICT_DROP);
	assert_int_equal(in((struct says){ "ACK sip:bob@192.0.2.20:5070", "A", "B", "7 ACK", NULL,
					   0 }), VERDICT_ACCEPT);
	assert_int_equal(out((struct says){ "BYE sip:alice@10.0.0.5", "B", "A", "3 BYE", NULL,
					    0 }), VERDICT_ACCEPT);
	/* another call with the same Call-ID is another call */
	assert_int_equal(in((struct says){ "INVITE sip:bob@b.example", "A2", "", "1 INVITE",
					   A_CONTACT, 0 }), VERDICT_ACCEPT);
	/* said again it is the same, whatever has passed */
	assert_int_equal(cut(key, 1).said, CUT_SENT);
	assert_non_null(strstr(parcel(LEG_OUTSIDE), "\r\nCSeq: 1 BYE\r\n"));
}

static void test_cannot(void **unused)
{
	char contact[400] = "Contact: <sip:";
	struct says s = { "INVITE sip:bob@b.example", "A", "", "7 INVITE", contact, 0 };
	uint64_t key;

	(void)unused;
	assert_int_equal(cut(12345, 0).said, CUT_CANNOT);
	memset(contact + 14, 'a', 350);
	memcpy(contact + 364, "@h>\r\n", sizeof("@h>\r\n"));
	key = call();
	in((struct says){ "BYE sip:bob@192.0.2.20:5070", "A", "B", "8 BYE", NULL, 0 });
	in(s);
	out((struct says){ "200 Well", "A", "C", "7 INVITE", B_CONTACT, branches });
	assert_int_equal(cut(key, 0).said, CUT_CANNOT);
	assert_int_equal(in((struct says){ "INFO sip:bob@192.0.2.20:5070", "A", "C", "9 INFO",
					   NULL, 0 }), VERDICT_DROP);
}

/* No number is above the last one there is.  To end such a call for its caller alone is to
 * let him go on, and to count him no more. */
static void test_last_number(void **unused)
{
	uint64_t key = call();

	(void)unused;
	in((struct says){ "INFO sip:bob@192.0.2.20:5070", "A", "B", "2147483647 INFO", NULL, 0 });
	assert_int_equal(cut(key, 0).said, CUT_CANNOT);
	assert_false(notice.cut);
	assert_int_equal(notice.parcel[LEG_OUTSIDE].n, 0);
	assert_int_equal(in((struct says){ "UPDATE sip:bob@192.0.2.20:5070", "A", "B",
					   "2147483647 UPDATE", NULL, 0 }), VERDICT_DROP);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_inbound), TEST(test_outbound), TEST(test_moves), TEST(test_second_leg),
		TEST(test_answers), TEST(test_refused), TEST(test_cannot),
		TEST(test_last_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
