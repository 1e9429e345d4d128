/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of dialogs: what makes one, who its sides are, how long it lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules.h"
#include "state/dialogs.h"
#include "state/key.h"
#include "state/lasting.h"

#define PHONE "203.0.113.9"
#define OTHER "203.0.113.77"
#define SERVER "192.0.2.10"

static struct state *state;
static struct ruleset *rules;
static uint64_t now;
static char room[4096];
static struct sip_msg sip;
static struct pkt pkt;
static struct names names;

static int setup(void **unused)
{
	static const uint8_t seed[16] = { 3 };

	(void)unused;
	rules = rules_load("tables = { dialogs = 1024; };");
	state = state_new(ruleset_settings(rules), seed);
	now = 1000 * NS;
	return !state;
}

static int teardown(void **unused)
{
	(void)unused;
	state_free(state);
	ruleset_free(rules);
	return 0;
}

/* A message with these ends of a dialog; "" as a tag: none. */
struct says {
	const char *start; /* "INVITE" or "200 INVITE" */
	const char *from, *to;
	const char *call;  /* NULL: "c" */
	unsigned cseq;     /* 0: 1 */
	const char *lines; /* further headers, with their line ends */
};

static uint64_t site_of(const char *host)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(host), &a), 0);
	a = addr_site(&a);
	return key_of_addr(state, &a);
}

static void put_tag(char *out, size_t n, const char *tag)
{
	snprintf(out, n, tag[0] ? ";tag=%s" : "%s", tag);
}

/* Makes sip, pkt and names of it, as it goes between the server and host. */
static void write_message(bool out, const char *host, const struct says *m)
{
	bool response = m->start[0] < 'A';
	const char *method = response ? m->start + 4 : m->start;
	char line[128], from[64], to[64];

	snprintf(line, sizeof(line), response ? "SIP/2.0 %.3s Ok" : "%s sip:x@pbx.example SIP/2.0",
		 m->start);
	put_tag(from, sizeof(from), m->from);
	put_tag(to, sizeof(to), m->to);
	snprintf(room, sizeof(room),
		 "%s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%u%s\r\nMax-Forwards: 70\r\n"
		 "From: <sip:a@pbx.example>%s\r\nTo: <sip:b@pbx.example>%s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\n%sContent-Length: 0\r\n\r\n",
		 line, out == response ? host : SERVER,
		 strcmp(method, "ACK") == 0 ? "INVITE" : method, m->cseq ? m->cseq : 1,
		 m->from, from, to, m->call ? m->call : "c", m->cseq ? m->cseq : 1, method,
		 m->lines ? m->lines : "");
	sip_parse(&sip, slice_of(room));
	assert_int_equal(sip.defects, 0);
	pkt = (struct pkt){ .sport = 5060, .dport = 5060, .proto = PROTO_UDP, .version = 4,
			    .dir = out ? DIR_OUTBOUND : DIR_INBOUND };
	assert_int_equal(addr_parse(slice_of(out ? SERVER : host), &pkt.src), 0);
	assert_int_equal(addr_parse(slice_of(out ? host : SERVER), &pkt.dst), 0);
	names_read(state, &pkt, &sip, site_of(host), &names);
}

#define SAY(out, host, ...) say(out, host, &(struct says){ __VA_ARGS__ })
#define IN(host, ...) SAY(false, host, __VA_ARGS__)
#define OUT(host, ...) SAY(true, host, __VA_ARGS__)

static void say(bool out, const char *host, const struct says *m)
{
	write_message(out, host, m);
	memory_learn(state, ruleset_settings(rules), &pkt, &sip, &names, NULL, SHOWS_NOTHING, now);
	now += NS / 1000;
}

/* The dialog of a request with these tags; state, or -1 when there is none. */
static int look(const char *from, const char *to, struct dialog *d)
{
	write_message(false, PHONE, &(struct says){ "BYE", from, to });
	return dialog_find(state, &names, now, d) ? d->state : -1;
}

/* May the one with that From tag speak from host? */
static bool may(const char *from, const char *to, const char *host)
{
	struct dialog d;

	assert_int_not_equal(look(from, to, &d), -1);
	return dialog_has_site(dialog_from(&d, &names), site_of(host));
}

static void incoming_call(const char *lines)
{
	IN(PHONE, "INVITE", "f", "", .lines = lines);
	OUT(PHONE, "180 INVITE", "f", "t");
	OUT(PHONE, "200 INVITE", "f", "t");
	IN(PHONE, "ACK", "f", "t");
}

static void test_call(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "INVITE", "f", "");
	assert_int_equal(look("f", "t", &d), -1);
	OUT(PHONE, "100 INVITE", "f", "t");
	assert_int_equal(look("f", "t", &d), -1);
	OUT(PHONE, "180 INVITE", "f", "t");
	assert_int_equal(look("f", "t", &d), DIALOG_EARLY);
	OUT(PHONE, "200 INVITE", "f", "t");
	assert_int_equal(look("f", "t", &d), DIALOG_ANSWERED);
	assert_false(d.heard);
	IN(PHONE, "ACK", "f", "t");
	assert_int_equal(look("f", "t", &d), DIALOG_CONFIRMED);
	assert_true(d.heard && d.call);
	assert_true(may("f", "t", PHONE));
	assert_false(may("f", "t", OTHER));
	assert_false(may("t", "f", PHONE)); /* that is the server's side */
	assert_int_equal(look("F", "t", &d), -1); /* RFC 3261 7.3.1: tags as they are */
	IN(PHONE, "BYE", "f", "t", .cseq = 2);
	assert_int_equal(look("f", "t", &d), DIALOG_CONFIRMED);
	OUT(PHONE, "407 BYE", "f", "t", .cseq = 2);
	assert_int_equal(look("f", "t", &d), DIALOG_CONFIRMED);
	IN(PHONE, "BYE", "f", "t", .cseq = 3);
	OUT(PHONE, "200 BYE", "f", "t", .cseq = 3);
	assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
	assert_int_equal(d.side[0].cseq, 3);
	OUT(PHONE, "200 INVITE", "f", "t"); /* late */
	assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
}

/* The same tags again: after a refusal, and for a second call. */
static void test_tags_reused(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "INVITE", "f", "");
	OUT(PHONE, "183 INVITE", "f", "t");
	OUT(PHONE, "407 INVITE", "f", "t");
	assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
	for (unsigned call = 2; call < 4; call++) {
		IN(PHONE, "INVITE", "f", "", .cseq = 10 * call);
		OUT(PHONE, "180 INVITE", "f", "t", .cseq = 10 * call);
		assert_int_equal(look("f", "t", &d), DIALOG_EARLY);
		OUT(PHONE, "200 INVITE", "f", "t", .cseq = 10 * call);
		assert_int_equal(look("f", "t", &d), DIALOG_ANSWERED);
		IN(PHONE, "ACK", "f", "t", .cseq = 10 * call);
		OUT(PHONE, "BYE", "t", "f");
		OUT(PHONE, "200 INVITE", "f", "t", .cseq = 10 * call); /* repeated */
		assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
	}
}

static void test_forks(void **unused)
{
	struct dialog d;

	(void)unused;
	OUT(PHONE, "INVITE", "f", "");
	IN(PHONE, "180 INVITE", "f", "one");
	IN(PHONE, "183 INVITE", "f", "two");
	IN(PHONE, "200 INVITE", "f", "two");
	assert_int_equal(look("f", "one", &d), DIALOG_EARLY);
	assert_int_equal(look("f", "two", &d), DIALOG_ANSWERED);
	OUT(PHONE, "ACK", "f", "two");
	assert_int_equal(look("f", "two", &d), DIALOG_CONFIRMED);
	IN(PHONE, "486 INVITE", "f", "one");
	assert_int_equal(look("f", "one", &d), DIALOG_ENDED);
	/* what comes from a third one before its answer is known by our tag */
	write_message(false, OTHER, &(struct says){ "UPDATE", "three", "f" });
	assert_true(dialog_find_asked(state, &names, now, &d));
	write_message(false, OTHER, &(struct says){ "UPDATE", "three", "F" });
	assert_false(dialog_find_asked(state, &names, now, &d));
}

/* Nothing of this is a dialog. */
static void test_makes_none(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "INVITE", "f", "");
	OUT(PHONE, "404 INVITE", "f", "t");
	IN(PHONE, "ACK", "f", "t");
	IN(PHONE, "OPTIONS", "f", "", .cseq = 2);
	OUT(PHONE, "200 OPTIONS", "f", "t", .cseq = 2);
	IN(PHONE, "REGISTER", "f", "", .cseq = 3);
	OUT(PHONE, "200 REGISTER", "f", "t", .cseq = 3);
	IN(PHONE, "BYE", "f", "t", .cseq = 4);
	OUT(PHONE, "481 BYE", "f", "t", .cseq = 4);
	IN(PHONE, "INVITE", "f", "t", .cseq = 5); /* refused within */
	OUT(PHONE, "481 INVITE", "f", "t", .cseq = 5);
	IN(PHONE, "200 INVITE", "f", "t", .cseq = 6); /* nobody asked */
	IN(PHONE, "183 INVITE", "f", "t", .cseq = 7);
	assert_int_equal(look("f", "t", &d), -1);
	OUT(PHONE, "INVITE", "o", "");
	IN(PHONE, "603 INVITE", "o", "t");
	OUT(PHONE, "ACK", "o", "t");
	assert_int_equal(look("o", "t", &d), -1);
	IN(PHONE, "INVITE", "", ""); /* without any tag */
	OUT(PHONE, "180 INVITE", "", "");
	assert_int_equal(look("", "", &d), -1);
}

/* A sender that passed although nobody knew him moves nothing until a server agrees. */
static void test_sender_must_be_known(void **unused)
{
	(void)unused;
	incoming_call(NULL);
	IN(OTHER, "BYE", "f", "t", .cseq = 9);
	assert_false(may("f", "t", OTHER));
	IN(OTHER, "INVITE", "f", "t", .cseq = 10);
	OUT(OTHER, "500 INVITE", "f", "t", .cseq = 10);
	assert_false(may("f", "t", OTHER));
	IN(OTHER, "INVITE", "f", "t", .cseq = 11);
	OUT(OTHER, "200 INVITE", "f", "t", .cseq = 11);
	assert_true(may("f", "t", OTHER));
	assert_true(may("f", "t", PHONE));
}

/* Four sites of one side: the one that was used least recently goes. */
static void test_sites(void **unused)
{
	struct dialog d;

	(void)unused;
	incoming_call("Contact: <sip:a@198.51.100.1>\r\nRecord-Route: <sip:198.51.100.2;lr>\r\n"
		      "Record-Route: <sip:198.51.100.3;lr>\r\n");
	assert_true(may("f", "t", PHONE));
	assert_true(may("f", "t", "198.51.100.1"));
	assert_true(may("f", "t", "198.51.100.2"));
	assert_false(may("f", "t", "198.51.100.3"));
	IN("198.51.100.1", "INFO", "f", "t", .cseq = 2);
	OUT(OTHER, "OPTIONS", "t", "f");
	assert_true(may("f", "t", OTHER));
	assert_true(may("f", "t", "198.51.100.1"));
	assert_true(may("f", "t", PHONE) != may("f", "t", "198.51.100.2"));
	look("f", "t", &d);
	assert_int_equal(d.side[0].port, 5060);
	assert_int_equal(d.side[0].addr.b[15], 77);
}

static void test_names_itself(void **unused)
{
	static const struct {
		const char *lines;
		bool other, by_name;
	} rows[] = {
		{ "Contact: <sip:a@" OTHER ":5070>\r\n", true, false },
		{ "Contact: sip:a@" OTHER "\r\n", true, false },
		{ "Contact: <sip:a@192.168.1.7>\r\n", false, false },
		{ "Contact: <sip:a@gw.carrier.example>\r\n", false, true },
		{ "Contact: <sip:a@k1.invalid>\r\n", false, false },
		{ "Contact: <sip:a@gw.example>\r\nRecord-Route: <sip:" OTHER ">\r\n", true, false },
		{ "Record-Route: <sip:192.0.2.10>,<sip:" OTHER ">\r\n", false, false },
		{ "", false, false },
	};
	struct dialog d;

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		incoming_call(rows[i].lines);
		assert_int_equal(may("f", "t", OTHER), rows[i].other);
		look("f", "t", &d);
		assert_int_equal(d.side[0].by_name, rows[i].by_name);
		teardown(NULL);
		setup(NULL);
	}
}

/* Of trusted peers nothing is read that comes in: what leaves must do. */
static void test_from_outbound_alone(void **unused)
{
	struct dialog d;

	(void)unused;
	OUT(PHONE, "200 INVITE", "f", "t",
	    .lines = "Record-Route: <sip:192.0.2.10>, <sip:" OTHER ">, <sip:198.51.100.3>\r\n");
	assert_int_equal(look("f", "t", &d), DIALOG_ANSWERED);
	assert_true(may("f", "t", PHONE) && may("f", "t", OTHER));
	assert_false(may("f", "t", "198.51.100.3"));
	OUT(PHONE, "INFO", "x", "y");
	assert_int_equal(look("x", "y", &d), DIALOG_CONFIRMED);
	assert_true(may("y", "x", PHONE));
	assert_false(may("x", "y", PHONE));
	OUT(PHONE, "BYE", "x", "y", .cseq = 2);
	assert_int_equal(look("x", "y", &d), DIALOG_ENDED);
	IN(PHONE, "407 BYE", "x", "y", .cseq = 2); /* not yet */
	assert_int_equal(look("x", "y", &d), DIALOG_CONFIRMED);
	IN(PHONE, "INFO", "p", "q"); /* what the server takes exists */
	OUT(PHONE, "200 INFO", "p", "q");
	assert_int_equal(look("p", "q", &d), DIALOG_CONFIRMED);
}

/* A proxy inside joins two that are outside. */
static void test_hairpin(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "INVITE", "f", "");
	OUT(OTHER, "INVITE", "f", "");
	IN(OTHER, "200 INVITE", "f", "t");
	OUT(PHONE, "200 INVITE", "f", "t");
	IN(PHONE, "ACK", "f", "t");
	OUT(OTHER, "ACK", "f", "t");
	assert_true(may("f", "t", PHONE) && may("t", "f", OTHER));
	assert_false(may("f", "t", OTHER) || may("t", "f", PHONE));
	IN(OTHER, "BYE", "t", "f");
	OUT(PHONE, "BYE", "t", "f");
	assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
}

/* RFC 2543 knew no From tag; and a phone may call itself with one tag for both. */
static void test_odd_tags(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "INVITE", "", "");
	OUT(PHONE, "200 INVITE", "", "t");
	IN(PHONE, "ACK", "", "t");
	assert_int_equal(look("", "t", &d), DIALOG_CONFIRMED);
	assert_true(may("", "t", PHONE));
	OUT(PHONE, "INVITE", "o", ""); /* called: its answer has none */
	IN(PHONE, "200 INVITE", "o", "");
	OUT(PHONE, "ACK", "o", "");
	now += 40000 * NS;
	assert_int_equal(look("", "o", &d), DIALOG_CONFIRMED);
	assert_true(may("", "o", PHONE) && !may("", "o", OTHER));
	IN(PHONE, "INVITE", "s", "", .call = "c");
	OUT(PHONE, "200 INVITE", "s", "s");
	assert_int_equal(look("s", "s", &d), DIALOG_ANSWERED);
	assert_true(may("s", "s", PHONE));
}

#define SUBSCRIBED "Expires: 60\r\n"
#define ACTIVE "Event: presence\r\nSubscription-State: active;expires=40\r\n"
#define OVER "Event: presence\r\nSubscription-State: terminated;reason=timeout\r\n"
#define REFERRED "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n"

static void test_subscriptions(void **unused)
{
	struct dialog d;

	(void)unused;
	IN(PHONE, "SUBSCRIBE", "f", "");
	OUT(PHONE, "NOTIFY", "t", "f", .lines = ACTIVE); /* before its answer */
	assert_int_equal(look("f", "t", &d), DIALOG_CONFIRMED);
	assert_false(d.call);
	assert_int_equal(d.life, 160);
	OUT(PHONE, "202 SUBSCRIBE", "f", "t", .lines = SUBSCRIBED);
	look("f", "t", &d);
	assert_int_equal(d.life, 180);
	assert_true(may("f", "t", PHONE));
	OUT(PHONE, "NOTIFY", "t", "f", .cseq = 2, .lines = "Subscription-State: active\r\n");
	look("f", "t", &d);
	assert_int_equal(d.life, 180);
	OUT(PHONE, "NOTIFY", "t", "f", .cseq = 3, .lines = OVER);
	assert_int_equal(look("f", "t", &d), DIALOG_ENDED);
	/* a transfer that is over does not end its call (RFC 5057) */
	IN(PHONE, "INVITE", "g", "");
	OUT(PHONE, "200 INVITE", "g", "t");
	IN(PHONE, "ACK", "g", "t");
	OUT(PHONE, "NOTIFY", "t", "g", .lines = REFERRED);
	assert_int_equal(look("g", "t", &d), DIALOG_CONFIRMED);
	assert_int_equal(d.life, 0);
	OUT(PHONE, "NOTIFY", "t", "h", .lines = REFERRED); /* first of it that is seen */
	assert_int_equal(look("h", "t", &d), DIALOG_CONFIRMED);
}

static void test_lasting(void **unused)
{
	static const struct {
		const char *start, *lines;
		bool timed, subscribed;
		uint32_t seconds;
	} rows[] = {
		{ "200 INVITE", "", true, false, 0 },
		{ "200 INVITE", "Session-Expires: 1800;refresher=uas\r\n", true, false, 3600 },
		{ "200 UPDATE", "x: 30\r\n", true, false, 180 },
		{ "200 UPDATE", "x: 99999999999999\r\n", true, false, 1209600 },
		{ "200 UPDATE", "x: soon\r\n", true, false, 0 },
		{ "180 INVITE", "x: 1800\r\n", false, false, 0 },
		{ "INVITE", "x: 1800\r\n", false, false, 0 },
		{ "200 SUBSCRIBE", "", false, true, 3720 },
		{ "200 SUBSCRIBE", "Expires: 0\r\n", false, true, 0 },
		{ "202 REFER", "", false, true, 3720 },
		{ "NOTIFY", "", false, false, 0 },
		{ "NOTIFY", "subscription-state: active\r\n", false, false, 0 },
		{ "NOTIFY", "Subscription-State: pending ; expires=5\r\n", false, true, 125 },
		{ "NOTIFY", "Subscription-State: TERMINATED\r\n", false, true, 0 },
	};
	struct lasting t;

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lesson l = { .sip = &sip };

		write_message(false, PHONE,
			      &(struct says){ rows[i].start, "f", "t", .lines = rows[i].lines });
		lasting_read(&l, &t);
		assert_int_equal(t.timed, rows[i].timed);
		assert_int_equal(t.subscribed, rows[i].subscribed);
		assert_int_equal(t.seconds, rows[i].seconds);
	}
}

/* 300 calls go on; 20000 others begin, ring or are made up. */
static void test_full(void **unused)
{
	struct dialog d;
	char call[16];

	(void)unused;
	for (unsigned i = 0; i < 300; i++) {
		snprintf(call, sizeof(call), "live%u", i);
		IN(PHONE, "INVITE", "f", "", call);
		OUT(PHONE, "200 INVITE", "f", "t", call);
		IN(PHONE, "ACK", "f", "t", call);
	}
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(call, sizeof(call), "x%u", i);
		IN(OTHER, "INVITE", "f", "", call);
		if (i % 2)
			OUT(OTHER, "180 INVITE", "f", "t", call);
		else
			OUT(OTHER, "200 INVITE", "f", "t", call);
		write_message(false, OTHER, &(struct says){ "BYE", "f", "q", call });
		dialog_refused(state, &names, now);
	}
	for (unsigned i = 0; i < 300; i++) {
		snprintf(call, sizeof(call), "live%u", i);
		write_message(false, PHONE, &(struct says){ "BYE", "f", "t", call });
		assert_true(dialog_find(state, &names, now, &d));
	}
}

static void test_refused(void **unused)
{
	(void)unused;
	write_message(false, PHONE, &(struct says){ "BYE", "f", "t" });
	assert_false(dialog_refused(state, &names, now));
	assert_true(dialog_refused(state, &names, now + 31 * NS));
	assert_false(dialog_refused(state, &names, now + 33 * NS));
	write_message(false, PHONE, &(struct says){ "BYE", "f", "t", .cseq = 2 });
	assert_false(dialog_refused(state, &names, now));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_call), TEST(test_tags_reused), TEST(test_forks), TEST(test_makes_none),
		TEST(test_sender_must_be_known), TEST(test_sites), TEST(test_names_itself),
		TEST(test_from_outbound_alone), TEST(test_hairpin), TEST(test_odd_tags),
		TEST(test_subscriptions), TEST(test_lasting), TEST(test_full), TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
