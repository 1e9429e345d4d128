/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoys and tarpits say, to whom, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "line.h"
#include "sip/reply.h"
#include "state/state.h"

#define SMALL "answers = { strangers = \"small\"; };\n"
#define DECOY "agent = { action = \"decoy\"; ban = \"0s\"; };\n"
#define TARPIT "agent = { action = \"tarpit\"; code = 480; reason = \"Later\"; ban = \"0s\"; };\n"

struct post {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	uint64_t now;
	unsigned n;          /* of messages, for ever new transactions */
	char text[2048];
	struct decision d;
	char said[PARCEL_BYTES + 1]; /* what is answered, "" for nothing */
};

static void post_open(struct post *p, const char *config)
{
	const uint8_t seed[16] = { 5 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };

	*p = (struct post){ .rs = rules_load(config), .s = scratch_new(), .now = NS };
	p->st = state_new(ruleset_settings(p->rs), seed);
	assert_non_null(p->st);
	assert_int_equal(ruleset_set_inside(p->rs, &inside, 1), 0);
}

static void post_close(struct post *p)
{
	scratch_free(p->s);
	state_free(p->st);
	ruleset_free(p->rs);
}

/* From 203.0.113.host, as a scanner, with these lines of its own; the same again if n stays. */
static unsigned ask(struct post *p, uint8_t host, const char *method, const char *lines)
{
	const uint8_t from[4] = { 203, 0, 113, host }, to[4] = { 192, 0, 2, 10 };
	struct pkt pkt = { .src = addr_v4(from), .dst = addr_v4(to), .sport = 5062, .dport = 5060,
			   .version = 4, .proto = PROTO_UDP };

	snprintf(p->text, sizeof(p->text),
		 "%s sip:100@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.%u:5062;"
		 "branch=z9hG4bK%u;rport\r\nFrom: <sip:100@x.example>;tag=f%u\r\n"
		 "To: <sip:100@x.example>\r\nCall-ID: c%u\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
		 "User-Agent: friendly-scanner\r\nAccept: application/sdp\r\n"
		 "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, MESSAGE\r\n%s"
		 "Content-Length: 0\r\n\r\n", method, host, p->n, p->n, p->n, method, lines);
	pkt.payload = slice_of(p->text);
	engine_run(p->rs, p->st, p->s, &pkt, p->now, &p->d);
	p->said[0] = 0;
	if (p->d.verdict == VERDICT_REJECT || p->d.verdict == VERDICT_DECOY) {
		const struct parcel *a = engine_answer(p->s);

		snprintf(p->said, sizeof(p->said), "%.*s", a->n, a->bytes);
	}
	return p->d.verdict;
}

static unsigned ask_new(struct post *p, uint8_t host, const char *method, const char *lines)
{
	p->n++;
	return ask(p, host, method, lines);
}

static void assert_says(const struct post *p, unsigned code, const char *text)
{
	assert_int_equal(p->d.verdict, VERDICT_DECOY);
	assert_int_equal(p->d.code, code);
	if (!strstr(p->said, text))
		fail_msg("no %s in %s", text, p->said);
	assert_null(strstr(p->said, "Server:"));
	assert_null(strstr(p->said, "friendly"));
}

static void test_says_ok(void **arg)
{
	struct post p;

	(void)arg;
	post_open(&p, SMALL DECOY);
	assert_int_equal(ask_new(&p, 9, "OPTIONS", ""), VERDICT_DECOY);
	assert_says(&p, 200, "SIP/2.0 200 OK\r\n");
	assert_null(strstr(p.said, "Expires"));
	(void)ask_new(&p, 9, "REGISTER", "Contact: <sip:100@203.0.113.9>;q=1\r\nExpires: 60\r\n");
	assert_says(&p, 200, "\r\nContact: <sip:100@203.0.113.9>;q=1\r\nExpires: 60\r\n");
	(void)ask_new(&p, 9, "REGISTER", "Contact: *\r\nExpires: 0\r\n");
	assert_says(&p, 200, "\r\nExpires: 0\r\n");
	assert_null(strstr(p.said, "Contact"));
	(void)ask_new(&p, 9, "REGISTER", "Contact: <sip:1@a>\r\n ;q=1\r\n");
	assert_says(&p, 200, "\r\nContact: <sip:1@a>   ;q=1\r\nExpires: 3600\r\n");
	(void)ask_new(&p, 9, "REGISTER", "m: <sip:1@a>, <sip:2@b>\r\n");
	assert_says(&p, 200, "\r\nContact: <sip:1@a>, <sip:2@b>\r\nExpires: 3600\r\n");
	(void)ask_new(&p, 9, "INVITE", "Contact: <sip:100@203.0.113.9>\r\n");
	assert_says(&p, 401, "\r\nWWW-Authenticate: Digest realm=\"sip\",nonce=\"");
	assert_int_equal(ask_new(&p, 9, "ACK", ""), VERDICT_DROP);
	assert_string_equal(p.said, "");
	post_close(&p);
}

static void test_challenges(void **arg)
{
	static const char *const methods[] = { "OPTIONS", "REGISTER", "INVITE", "MESSAGE" };
	struct post p;

	(void)arg;
	post_open(&p, "answers = { strangers = \"small\"; decoy = \"challenge\";\n"
		      "realm = \"a b\"; };\n" DECOY);
	for (unsigned i = 0; i < 4; i++) {
		(void)ask_new(&p, 9, methods[i], "");
		assert_says(&p, 401, "Digest realm=\"a b\",nonce=\"");
	}
	post_close(&p);
}

/* Never larger than what came, one for a transaction, none where strangers hear nothing. */
static void test_caps(void **arg)
{
	char pad[600];
	struct post p;
	unsigned n = 0;

	(void)arg;
	post_open(&p, SMALL DECOY);
	for (unsigned i = 0; i < 300; i++) {
		p.now += NS;
		snprintf(pad, sizeof(pad), "X: %0*u\r\nContact: <sip:1@a>\r\n", (int)i + 1, 1u);
		(void)ask_new(&p, (uint8_t)(1 + i % 200), i % 2 ? "REGISTER" : "INVITE", pad);
		assert_true(strlen(p.said) <= strlen(p.text));
		n += p.d.verdict == VERDICT_DECOY;
	}
	assert_in_range(n, 100, 300);
	assert_int_equal(ask_new(&p, 9, "OPTIONS", ""), VERDICT_DECOY);
	assert_int_equal(ask(&p, 9, "OPTIONS", ""), VERDICT_DROP);
	post_close(&p);
	post_open(&p, DECOY);
	assert_int_equal(ask_new(&p, 9, "OPTIONS", ""), VERDICT_DROP);
	post_close(&p);
}

/* Whoever brings our nonce back can be banned for sure, and hears more. */
static void test_proof(void **arg)
{
	char login[128], *nonce;
	struct post p;

	(void)arg;
	post_open(&p, "answers = { strangers = \"small\"; decoy = \"challenge\"; };\n" DECOY);
	(void)ask_new(&p, 9, "REGISTER", "");
	assert_false(p.d.proven);
	nonce = strstr(p.said, "nonce=\"");
	assert_non_null(nonce);
	snprintf(login, sizeof(login), "Authorization: Digest username=\"1\", realm=\"sip\", "
				       "%.24s, response=\"0\"\r\n", nonce);
	(void)ask_new(&p, 10, "REGISTER", login);
	assert_false(p.d.proven);
	(void)ask_new(&p, 9, "REGISTER", login);
	assert_true(p.d.proven);
	assert_says(&p, 401, "nonce=\"");
	(void)ask_new(&p, 9, "REGISTER", login);
	assert_false(p.d.proven);
	post_close(&p);
}

#define INVITE "INVITE sip:2@pbx.example.org SIP/2.0\r\n" VIA FROM TO ID "CSeq: 7 INVITE\r\n" \
	       FORWARDS "User-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n"

/* Servers are told the truth, at once. */
static void test_no_lies(void **arg)
{
	static const char *const actions[] = { "decoy", "tarpit" };
	char config[256];
	struct line l;

	(void)arg;
	for (unsigned i = 0; i < 2; i++) {
		struct pkt pkt = { .sport = 5060, .dport = 5060, .version = 4, .proto = PROTO_UDP,
				   .payload = SLICE(INVITE) };

		snprintf(config, sizeof(config), "pattern = { action = \"%s\"; code = 488;\n"
			 "reason = \"No\"; rules = ( { name = \"no\"; direction = \"out\";\n"
			 "method = [ \"INVITE\" ]; } ); };\n",
			 actions[i]);
		line_open(&l, config);
		pkt.src = l.server;
		pkt.dst = l.phone;
		engine_run(l.rs, l.st, l.s, &pkt, l.now, &l.d);
		assert_int_equal(l.d.verdict, VERDICT_REJECT);
		assert_int_equal(l.d.code, 488);
		assert_int_equal(l.d.answer_after, 0);
		line_close(&l);
	}
}

static void test_tarpit(void **arg)
{
	char subject[612] = "Subject: ";
	const uint8_t known[4] = { 203, 0, 113, 20 };
	struct addr site;
	struct post p;

	(void)arg;
	post_open(&p, "answers = { strangers = \"small\"; delay = \"5s\"; };\n" TARPIT);
	assert_int_equal(ask_new(&p, 9, "REGISTER", ""), VERDICT_REJECT);
	assert_int_equal(p.d.code, 480);
	assert_int_equal(p.d.answer_after, 5000);
	assert_int_equal(engine_trying(p.s)->n, 0);
	assert_int_equal(ask(&p, 9, "REGISTER", ""), VERDICT_DROP);
	/* one packet for one */
	memset(subject + 9, 'x', 600);
	memcpy(subject + 609, "\r\n", 3);
	assert_int_equal(ask_new(&p, 9, "INVITE", subject), VERDICT_REJECT);
	assert_int_equal(engine_trying(p.s)->n, 0);
	/* nor does anybody else get the one that waits twice */
	site = addr_v4(known);
	source_returned(p.st, key_of_addr(p.st, &site), p.now);
	assert_int_equal(ask_new(&p, known[3], "REGISTER", ""), VERDICT_REJECT);
	assert_int_equal(ask(&p, known[3], "REGISTER", ""), VERDICT_DROP);
	post_close(&p);
}

/* In the stream: 100 at once, the answer in its place behind it, and the end after that. */
static void test_tarpit_tcp(void **arg)
{
	const struct parcel *last, *first;
	struct reset out[2];
	struct line l;

	(void)arg;
	line_open(&l, "answers = { delay = \"30s\"; };\n" TARPIT);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(INVITE)), VERDICT_REJECT);
	first = engine_trying(l.s);
	last = engine_answer(l.s);
	assert_int_equal(l.d.answer_after, 30000);
	assert_int_equal(l.d.ending.ends, RESET_INSIDE);
	assert_memory_equal(first->bytes, "SIP/2.0 100 Trying\r\n", 20);
	assert_non_null(memmem(first->bytes, first->n, "To: <sip:2045@pbx.example.org>\r\n", 32));
	assert_int_equal(first->seq, 5001);
	assert_int_equal(last->seq, 5001 + first->n);
	assert_int_equal(last->ack, 1001 + sizeof(INVITE) - 1);
	l.now += 32 * NS;
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_DROP);
	assert_true(l.d.absorbed);
	assert_int_equal(engine_sweep(l.rs, l.st, l.now, out, 2), 0);
	l.now += 2 * NS;
	assert_int_equal(engine_sweep(l.rs, l.st, l.now, out, 2), 1);
	assert_int_equal(out[0].to_outside, last->seq + last->n);
	line_close(&l);
}

static void test_config(void **arg)
{
	struct conf_report report = { 0 };

	(void)arg;
	assert_null(rules_read("answers = { realm = \"a\\\"b\"; };", &report));
	conf_report_free(&report);
	report = (struct conf_report){ 0 };
	ruleset_free(rules_read("agent = { action = \"decoy\"; };", &report));
	assert_int_equal(report.errors, 0);
	assert_int_equal(report.n, 2); /* silence to strangers; a ban with the first hit */
	conf_report_free(&report);
	report = (struct conf_report){ 0 };
	ruleset_free(rules_read(SMALL DECOY, &report));
	assert_int_equal(report.n, 0);
	conf_report_free(&report);
}

/* Whatever the operator has written, and whichever check it is. */
static void test_nothing_for_the_banned(void **arg)
{
	static const char *const config[] = {
		SMALL DECOY "banned = { mode = \"off\"; };\n",
		SMALL DECOY "banned = { mode = \"observe\"; };\n",
		SMALL DECOY "banned = { action = \"reject\"; };\n",
	};
	const uint8_t who[4] = { 203, 0, 113, 9 };
	const struct addr a = addr_v4(who);
	struct post p;

	(void)arg;
	for (unsigned i = 0; i < sizeof(config) / sizeof(*config); i++) {
		struct ban b = { .who = addr_site_prefix(&a), .until = 60 * NS, .hand = true,
				 .check = CHECK_NONE };

		post_open(&p, config[i]);
		assert_int_equal(ask_new(&p, 9, "OPTIONS", ""), VERDICT_DECOY);
		assert_true(state_ban_add(p.st, &b, p.now));
		assert_int_equal(ask_new(&p, 9, "OPTIONS", ""), VERDICT_DROP);
		assert_string_equal(p.said, "");
		assert_int_equal(ask_new(&p, 8, "OPTIONS", ""), VERDICT_DECOY);
		post_close(&p);
	}
}

/* The ACK of an INVITE's answer, in a transaction that nothing remembers. */
static bool acked(struct post *p, const char *tag)
{
	const uint8_t from[4] = { 203, 0, 113, 9 }, to[4] = { 192, 0, 2, 10 };
	struct pkt pkt = { .src = addr_v4(from), .dst = addr_v4(to), .sport = 5062, .dport = 5060,
			   .version = 4, .proto = PROTO_UDP };

	snprintf(p->text, sizeof(p->text),
		 "ACK sip:100@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5062;"
		 "branch=z9hG4bKlate;rport\r\nFrom: <sip:100@x.example>;tag=f%u\r\n"
		 "To: <sip:100@x.example>;tag=%s\r\nCall-ID: c%u\r\nCSeq: 1 ACK\r\n"
		 "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n", p->n, tag, p->n);
	pkt.payload = slice_of(p->text);
	engine_run(p->rs, p->st, p->s, &pkt, p->now, &p->d);
	return p->d.absorbed;
}

/* However long ago that was: the tag says that it was ours. */
static void test_acks_need_no_memory(void **arg)
{
	char tag[REPLY_TAG + 1];
	const char *at;
	struct post p;

	(void)arg;
	post_open(&p, SMALL DECOY);
	assert_int_equal(ask_new(&p, 9, "INVITE", ""), VERDICT_DECOY);
	at = strstr(strstr(p.said, "\r\nTo: "), ";tag=");
	assert_non_null(at);
	snprintf(tag, sizeof(tag), "%s", at + 5);
	p.now += 3600 * NS;
	assert_true(acked(&p, tag));
	tag[0] = tag[0] == 'a' ? 'b' : 'a';
	assert_false(acked(&p, tag));
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acks_need_no_memory),
		cmocka_unit_test(test_nothing_for_the_banned),
		cmocka_unit_test(test_says_ok),
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_no_lies),
		cmocka_unit_test(test_tarpit),
		cmocka_unit_test(test_tarpit_tcp),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
