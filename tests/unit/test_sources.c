/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sites prove, and what the servers' answers teach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine.h"
#include "state/state.h"

static const uint8_t seed[16] = { 9 };
static const struct settings sizes = { .meters = 1024, .sources = 1024, .tokens = 1024,
				       .ban_max = 64 };

/* A message and the packet it came in; phones are 203.0.113.x, the server 192.0.2.10. */
struct letter {
	char text[1024];
	struct sip_msg sip;
	struct pkt pkt;
};

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static void write_letter(struct letter *l, const char *src, uint16_t sport, const char *dst,
			 uint16_t dport, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	l->pkt = (struct pkt){ .src = addr(src), .dst = addr(dst), .sport = sport,
			       .dport = dport, .proto = PROTO_UDP, .version = 4 };
	l->pkt.payload = slice_of(l->text);
	sip_parse(&l->sip, l->pkt.payload);
}

static void challenge(struct letter *l, const char *phone, const char *nonce)
{
	write_letter(l, "192.0.2.10", 5060, phone, 5062,
		     "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n"
		     "From: <sip:100@example.com>;tag=a\r\nTo: <sip:100@example.com>;tag=b\r\n"
		     "Call-ID: c1\r\nCSeq: 1 REGISTER\r\n"
		     "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\"\r\n"
		     "Content-Length: 0\r\n\r\n", nonce);
}

static void answer(struct letter *l, const char *phone, const char *nonce)
{
	write_letter(l, phone, 5062, "192.0.2.10", 5060,
		     "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK2\r\n"
		     "From: <sip:100@example.com>;tag=a\r\nTo: <sip:100@example.com>\r\n"
		     "Call-ID: c1\r\nCSeq: 2 REGISTER\r\nMax-Forwards: 70\r\n"
		     "Authorization: Digest username=\"100\", realm=\"example.com\", "
		     "nonce=\"%s\", uri=\"sip:example.com\", response=\"00\"\r\n"
		     "Content-Length: 0\r\n\r\n", nonce);
}

/* contacts: header lines, each ending in CRLF */
static void accepted(struct letter *l, const char *phone, uint16_t port, const char *user,
		     const char *contacts)
{
	write_letter(l, "192.0.2.10", 5060, phone, port,
		     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK2\r\n"
		     "From: <sip:%s@example.com>;tag=a\r\nTo: <sip:%s@example.com>;tag=c\r\n"
		     "Call-ID: c1\r\nCSeq: 2 REGISTER\r\n%sContent-Length: 0\r\n\r\n",
		     user, user, contacts);
}

static enum proof prove(struct state *st, const struct letter *l, uint64_t now)
{
	struct addr site = addr_site(&l->pkt.src);

	return source_prove(st, key_of_addr(st, &site), &l->sip, now);
}

static struct source find(struct state *st, const char *text, uint64_t now)
{
	struct addr a = addr(text), site = addr_site(&a);
	struct source s;

	source_find(st, key_of_addr(st, &site), now, &s);
	return s;
}

static void test_nonce_proves_once(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct letter l;

	(void)arg;
	answer(&l, "203.0.113.5", "n1");
	assert_int_equal(prove(st, &l, NS), PROOF_NONE);
	assert_int_equal(find(st, "203.0.113.5", NS).standing, STRANGER);
	challenge(&l, "203.0.113.5", "n1");
	source_learn(st, &l.pkt, &l.sip, NS);
	answer(&l, "203.0.113.6", "n1"); /* somebody else's challenge */
	assert_int_equal(prove(st, &l, NS), PROOF_NONE);
	answer(&l, "203.0.113.5", "n2"); /* a nonce nobody sent */
	assert_int_equal(prove(st, &l, NS), PROOF_NONE);
	answer(&l, "203.0.113.5", "n1");
	assert_int_equal(prove(st, &l, 2 * NS), PROOF_NONCE);
	assert_int_equal(prove(st, &l, 2 * NS), PROOF_NONE);
	assert_int_equal(find(st, "203.0.113.5", 2 * NS).standing, RETURNED);
	assert_int_equal(find(st, "203.0.113.6", 2 * NS).standing, STRANGER);
	assert_int_equal(find(st, "203.0.113.5", 4000 * NS).standing, STRANGER);
	state_free(st);
}

/* A nonce of ours: from there, within a minute, once, and only as it was made. */
static void test_our_nonce(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct addr site = addr("203.0.113.5");
	uint64_t key = key_of_addr(st, &site);
	char nonce[SOURCE_NONCE + 1], later[SOURCE_NONCE + 1];
	struct letter l;

	(void)arg;
	source_nonce(st, key, 100 * NS, nonce);
	assert_int_equal(strlen(nonce), SOURCE_NONCE);
	source_nonce(st, key, 101 * NS, later);
	assert_string_not_equal(nonce, later);
	answer(&l, "203.0.113.6", nonce);
	assert_int_equal(prove(st, &l, 110 * NS), PROOF_NONE);
	for (unsigned i = 0; i < SOURCE_NONCE; i++) {
		nonce[i] ^= 1;
		answer(&l, "203.0.113.5", nonce);
		assert_int_equal(prove(st, &l, 110 * NS), PROOF_NONE);
		nonce[i] ^= 1;
	}
	answer(&l, "203.0.113.5", nonce);
	assert_int_equal(prove(st, &l, 98 * NS), PROOF_NONE);
	assert_int_equal(prove(st, &l, 160 * NS), PROOF_NONE);
	assert_int_equal(find(st, "203.0.113.5", 160 * NS).standing, STRANGER);
	assert_int_equal(prove(st, &l, 159 * NS), PROOF_DECOY);
	assert_int_equal(prove(st, &l, 159 * NS), PROOF_NONE);
	assert_int_equal(find(st, "203.0.113.5", 159 * NS).standing, RETURNED);
	answer(&l, "203.0.113.5", later);
	assert_int_equal(prove(st, &l, 159 * NS), PROOF_DECOY);
	state_free(st);
}

static void test_late_answer_proves_nothing(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct letter l;

	(void)arg;
	challenge(&l, "203.0.113.5", "n1");
	source_learn(st, &l.pkt, &l.sip, NS);
	answer(&l, "203.0.113.5", "n1");
	assert_int_equal(prove(st, &l, 66 * NS), PROOF_NONE);
	state_free(st);
}

static void test_tag_and_branch(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct letter l;

	(void)arg;
	write_letter(&l, "192.0.2.10", 5060, "203.0.113.7", 5060,
		     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP x;branch=z9hG4bK7\r\nf: <sip:a@b>;tag=1\r\n"
		     "t: <sip:c@d>;tag=ours\r\ni: call7\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n");
	source_learn(st, &l.pkt, &l.sip, NS);
	write_letter(&l, "203.0.113.7", 5060, "192.0.2.10", 5060,
		     "ACK sip:c@d SIP/2.0\r\nv: SIP/2.0/UDP x;branch=z9hG4bK8\r\n"
		     "f: <sip:a@b>;tag=1\r\n"
		     "t: <sip:c@d>;tag=ours\r\ni: call7\r\nCSeq: 1 ACK\r\nl: 0\r\n\r\n");
	assert_int_equal(prove(st, &l, 2 * NS), PROOF_TAG);
	write_letter(&l, "192.0.2.10", 5060, "203.0.113.8", 5060,
		     "OPTIONS sip:x SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKq\r\n"
		     "f: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\ni: q\r\nCSeq: 1 OPTIONS\r\n"
		     "l: 0\r\n\r\n");
	source_learn(st, &l.pkt, &l.sip, 2 * NS);
	write_letter(&l, "203.0.113.8", 5060, "192.0.2.10", 5060,
		     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKq\r\n"
		     "f: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: q\r\nCSeq: 1 OPTIONS\r\n"
		     "l: 0\r\n\r\n");
	assert_int_equal(prove(st, &l, 3 * NS), PROOF_BRANCH);
	assert_int_equal(find(st, "203.0.113.8", 3 * NS).standing, RETURNED);
	state_free(st);
}

static void test_registrations(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct source s;
	struct letter l;
	char user[16];

	(void)arg;
	for (unsigned i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "%u", 100 + i);
		accepted(&l, "203.0.113.9", (uint16_t)(10000 + i), user,
			 "Contact: <sip:x@10.0.0.1>;expires=120\r\n");
		assert_int_equal(source_learn(st, &l.pkt, &l.sip, NS), 120);
	}
	s = find(st, "203.0.113.9", NS);
	assert_int_equal(s.standing, REGISTERED);
	assert_int_equal(s.registrations, SOURCE_REGS);
	assert_int_equal(find(st, "203.0.113.9", 120 * NS).standing, REGISTERED);
	assert_int_equal(find(st, "203.0.113.9", 200 * NS).standing, STRANGER);
	state_free(st);
}

static void test_registration_is_one_phone(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct letter l;

	(void)arg;
	for (unsigned i = 0; i < 5; i++) { /* refreshes */
		accepted(&l, "203.0.113.9", 5062, "100",
			 "m: <sip:x@10.0.0.1>;expires=60, "
			 "\"a, b\" <sip:y@10.0.0.2,z>;expires=90\r\n");
		assert_int_equal(source_learn(st, &l.pkt, &l.sip, NS), 90);
	}
	assert_int_equal(find(st, "203.0.113.9", NS).registrations, 1);
	accepted(&l, "203.0.113.9", 5063, "100", "m: <sip:x@10.0.0.1>\r\nExpires: 300\r\n");
	assert_int_equal(source_learn(st, &l.pkt, &l.sip, NS), 300);
	assert_int_equal(find(st, "203.0.113.9", NS).registrations, 2);
	accepted(&l, "203.0.113.9", 5062, "100", ""); /* unregistered: no contact is left */
	assert_int_equal(source_learn(st, &l.pkt, &l.sip, NS), 0);
	assert_int_equal(find(st, "203.0.113.9", NS).registrations, 1);
	state_free(st);
}

/* Ends are kept in 16 bits of 8 s, which wrap after six days. */
static void test_dead_registrations_stay_dead(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	uint64_t day = 86400 * NS;
	struct letter l;

	(void)arg;
	accepted(&l, "203.0.113.9", 5062, "100", "Contact: <sip:x@10.0.0.1>;expires=60\r\n");
	assert_int_equal(source_learn(st, &l.pkt, &l.sip, NS), 60);
	/* another phone keeps the record of the site alive */
	accepted(&l, "203.0.113.9", 5063, "101", "Contact: <sip:x@10.0.0.2>;expires=86400\r\n");
	for (unsigned d = 0; d < 8; d++) {
		source_learn(st, &l.pkt, &l.sip, NS + d * day);
		assert_int_equal(find(st, "203.0.113.9", NS + d * day + day / 2).registrations, 1);
	}
	/* the last phone goes; a proof a day keeps the record, and no phone comes back */
	accepted(&l, "203.0.113.9", 5063, "101", "");
	source_learn(st, &l.pkt, &l.sip, NS + 8 * day);
	for (unsigned hour = 0; hour < 24 * 8; hour++) {
		uint64_t now = NS + 8 * day + hour * 3000 * NS;

		challenge(&l, "203.0.113.9", "n");
		source_learn(st, &l.pkt, &l.sip, now);
		answer(&l, "203.0.113.9", "n");
		assert_int_equal(prove(st, &l, now), PROOF_NONCE);
		assert_int_equal(find(st, "203.0.113.9", now).standing, RETURNED);
	}
	state_free(st);
}

/* A 200 that leaves no contact must not push out what somebody else has proven. */
static void test_unregistering_evicts_nobody(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	unsigned known = 0, left = 0;
	struct letter l;
	char phone[16];

	(void)arg;
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(phone, sizeof(phone), "203.0.%u.%u", i / 200, i % 200 + 1);
		challenge(&l, phone, "n");
		source_learn(st, &l.pkt, &l.sip, NS);
		answer(&l, phone, "n");
		prove(st, &l, NS);
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(phone, sizeof(phone), "203.0.%u.%u", i / 200, i % 200 + 1);
		known += find(st, phone, NS).standing == RETURNED;
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(phone, sizeof(phone), "198.51.%u.%u", i / 200, i % 200 + 1);
		accepted(&l, phone, 5062, "100", "");
		source_learn(st, &l.pkt, &l.sip, NS);
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(phone, sizeof(phone), "203.0.%u.%u", i / 200, i % 200 + 1);
		left += find(st, phone, NS).standing == RETURNED;
	}
	assert_in_range(known, 900, 1100);
	assert_int_equal(left, known);
	state_free(st);
}

static void test_ipv6_site(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct letter l;

	(void)arg;
	accepted(&l, "2001:db8:1:2::5", 5060, "100", "m: <sip:x@y>;expires=60\r\n");
	source_learn(st, &l.pkt, &l.sip, NS);
	assert_int_equal(find(st, "2001:db8:1:2::99", NS).standing, REGISTERED);
	assert_int_equal(find(st, "2001:db8:1:3::5", NS).standing, STRANGER);
	state_free(st);
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(slice_of(text), &p), 0);
	return p;
}

/* A site's own ban is found before those of prefixes around it, the longest first. */
static void test_ban_prefixes(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct addr in = addr("203.0.113.7"), out = addr("203.0.114.7");
	struct addr six = addr("2001:db8:1:2::3");
	struct ban b = { .until = 10 * NS, .reason = "wide", .check = CHECK_NONE }, got;

	(void)arg;
	assert_false(state_ban_find(st, &in, NS, &got));
	b.who = prefix("203.0.112.0/23");
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &in, NS, &got));
	assert_string_equal(got.reason, "wide");
	assert_false(state_ban_find(st, &out, NS, &got));
	assert_false(state_ban_find(st, &six, NS, &got));
	b.who = prefix("203.0.113.0/24");
	memcpy(b.reason, "near", 5);
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &in, NS, &got));
	assert_string_equal(got.reason, "near");
	b.who = addr_site_prefix(&in);
	memcpy(b.reason, "this", 5);
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &in, NS, &got));
	assert_string_equal(got.reason, "this");
	b.who = prefix("2001:db8::/32");
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &six, NS, &got));
	assert_int_equal(got.who.len, 32);
	assert_true(state_ban_remove(st, &b.who));
	assert_false(state_ban_find(st, &six, NS, &got));
	assert_false(state_ban_find(st, &in, 10 * NS, &got));
	state_free(st);
}

/* To allow is another thing than to ban, of the same address, too. */
static void test_allowed(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct addr a = addr("203.0.113.7"), other = addr("203.0.113.8");
	struct ban b = { .who = { a, 128 }, .until = 10 * NS, .allow = true, .hand = true }, got;

	(void)arg;
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_allow_find(st, &a, NS, &got));
	assert_true(got.allow && got.hand);
	assert_false(state_allow_find(st, &other, NS, &got));
	assert_false(state_ban_find(st, &a, NS, &got));
	b.allow = false;
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &a, NS, &got));
	assert_true(state_allow_remove(st, &b.who));
	assert_false(state_allow_find(st, &a, NS, &got));
	assert_true(state_ban_find(st, &a, NS, &got));
	/* what was set by hand is not prolonged by a check, and may be shortened by hand */
	b.hand = false;
	b.until = 20 * NS;
	assert_true(state_ban_add(st, &b, NS));
	assert_false(state_ban_find(st, &a, 11 * NS, &got));
	b.hand = true;
	b.until = 5 * NS;
	assert_true(state_ban_add(st, &b, NS));
	assert_false(state_ban_find(st, &a, 6 * NS, &got));
	b.until = BAN_FOREVER;
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &a, 86400 * NS, &got));
	state_free(st);
}

static void count_ban(const struct ban *b, void *arg)
{
	*(unsigned *)arg += b->check == 3 && b->reason[0] == 'w';
}

static void test_bans(void **arg)
{
	struct state *st = state_new(&sizes, seed);
	struct addr a = addr("203.0.113.1");
	struct ban b = { .who = addr_site_prefix(&a), .until = 10 * NS, .check = 3,
			 .reason = "why" }, out;
	unsigned seen = 0, refused = 0;

	(void)arg;
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &b.who.addr, 9 * NS, &out));
	assert_string_equal(out.reason, "why");
	assert_false(state_ban_find(st, &b.who.addr, 10 * NS, &out));
	b.until = 5 * NS; /* never shortened */
	assert_true(state_ban_add(st, &b, NS));
	assert_true(state_ban_find(st, &b.who.addr, 9 * NS, &out));
	assert_int_equal(state_ban_walk(st, NS, count_ban, &seen), 1);
	assert_int_equal(seen, 1);
	assert_true(state_ban_remove(st, &b.who));
	assert_false(state_ban_remove(st, &b.who));
	assert_false(state_ban_find(st, &b.who.addr, 2 * NS, &out));
	b.until = 100 * NS;
	for (unsigned i = 0; i < 100000; i++) {
		memcpy(b.who.addr.b + 12, &i, 4);
		refused += !state_ban_add(st, &b, NS);
	}
	assert_true(refused > 0); /* full: earlier bans stay */
	memset(b.who.addr.b + 12, 0, 4);
	assert_true(state_ban_find(st, &b.who.addr, 2 * NS, &out));
	state_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonce_proves_once),
		cmocka_unit_test(test_our_nonce),
		cmocka_unit_test(test_late_answer_proves_nothing),
		cmocka_unit_test(test_tag_and_branch),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_registration_is_one_phone),
		cmocka_unit_test(test_dead_registrations_stay_dead),
		cmocka_unit_test(test_unregistering_evicts_nobody),
		cmocka_unit_test(test_ipv6_site),
		cmocka_unit_test(test_bans),
		cmocka_unit_test(test_ban_prefixes),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
