/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of messages (rules/state/names.c) and the transactions they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "state/memory.h"
#include "smallstate.h"

#define SITE 0x1234567890abcdefu

static struct sip_msg sip;

/* first line, Via, From, To, CSeq; Call-ID "call". */
static struct names names_of(enum direction dir, const char *first, const char *via,
			     const char *from, const char *to, const char *cseq, uint64_t site)
{
	static char text[1024];
	struct pkt pkt = { .dir = (uint8_t)dir };
	struct names n;

	snprintf(text, sizeof(text), "%s\r\nVia: SIP/2.0/UDP %s\r\nFrom: %s\r\nTo: %s\r\n"
		 "Call-ID: call\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n", first, via, from, to,
		 cseq);
	sip_parse(&sip, slice_of(text));
	names_read(st, &pkt, &sip, site, &n);
	return n;
}

#define VIA "192.0.2.9;branch=z9hG4bK77"
#define FROM "<sip:alice@a.example>;tag=f"
#define TO "<sip:bob@b.example>"
#define TO_TAG TO ";tag=t"

static struct names invite(enum direction dir, const char *via, uint64_t site)
{
	return names_of(dir, "INVITE sip:bob@b.example SIP/2.0", via, FROM, TO, "1 INVITE", site);
}

static struct names reply(enum direction dir, const char *via, const char *cseq, uint64_t site)
{
	return names_of(dir, "SIP/2.0 180 Ringing", via, FROM, TO_TAG, cseq, site);
}

static void test_reply_has_the_name_of_its_request(void **unused)
{
	struct names n = invite(DIR_INBOUND, VIA, SITE);

	(void)unused;
	assert_true(n.txn != 0);
	assert_int_equal(reply(DIR_OUTBOUND, VIA ";received=203.0.113.1", "1 INVITE", SITE).txn,
			 n.txn);
	assert_int_not_equal(reply(DIR_INBOUND, VIA, "1 INVITE", SITE).txn, n.txn);
	assert_int_not_equal(reply(DIR_OUTBOUND, VIA, "1 BYE", SITE).txn, n.txn);
	/* a NAT helper may have rewritten who sent it */
	assert_int_equal(reply(DIR_OUTBOUND, "192.0.2.8;branch=z9hG4bK77", "1 INVITE", SITE).txn,
			 n.txn);
	assert_int_not_equal(reply(DIR_OUTBOUND, "192.0.2.9;branch=z9hG4bK78", "1 INVITE",
				   SITE).txn, n.txn);
}

static void test_nobody_takes_the_name_of_anothers_request(void **unused)
{
	(void)unused;
	assert_int_not_equal(invite(DIR_INBOUND, VIA, SITE).txn,
			     invite(DIR_INBOUND, VIA, SITE + 1).txn);
	/* what we asked may be answered by another host of the peer */
	assert_int_equal(invite(DIR_OUTBOUND, VIA, SITE).txn,
			 reply(DIR_INBOUND, VIA, "1 INVITE", SITE + 1).txn);
}

static void test_ack_and_cancel_name_their_invite(void **unused)
{
	uint64_t txn = invite(DIR_INBOUND, VIA, SITE).txn;
	struct names n = names_of(DIR_INBOUND, "CANCEL sip:bob@b.example SIP/2.0", VIA, FROM, TO,
				  "1 CANCEL", SITE);

	(void)unused;
	assert_int_equal(n.invite, txn);
	assert_int_not_equal(n.txn, txn);
	n = names_of(DIR_INBOUND, "ACK sip:bob@b.example SIP/2.0", VIA, FROM, TO_TAG, "1 ACK",
		     SITE);
	assert_int_equal(n.invite, txn);
	assert_int_equal(invite(DIR_INBOUND, VIA, SITE).invite, 0);
}

/* RFC 2543: no cookie, the branch may be missing or the same in all. */
static void test_without_cookie(void **unused)
{
	const char *old = "192.0.2.9";
	uint64_t txn = invite(DIR_INBOUND, old, SITE).txn;
	struct names n;

	(void)unused;
	assert_true(txn != 0);
	assert_int_equal(reply(DIR_OUTBOUND, old, "1 INVITE", SITE).txn, txn);
	assert_int_not_equal(reply(DIR_OUTBOUND, old, "2 INVITE", SITE).txn, txn);
	n = names_of(DIR_INBOUND, "CANCEL sip:bob@b.example SIP/2.0", old, FROM, TO, "1 CANCEL",
		     SITE);
	assert_int_equal(n.invite, txn);
	n = names_of(DIR_INBOUND, "INVITE sip:bob@b.example SIP/2.0", old,
		     "<sip:alice@a.example>;tag=F", TO, "1 INVITE", SITE);
	assert_int_not_equal(n.txn, txn); /* tags are case-sensitive, RFC 3261 19.3 */
}

static void test_dialog_is_the_same_from_both_sides(void **unused)
{
	struct names a = reply(DIR_OUTBOUND, VIA, "1 INVITE", SITE);
	struct names b = names_of(DIR_OUTBOUND, "BYE sip:alice@a.example SIP/2.0",
				  "192.0.2.10;branch=z9hG4bKbye", TO_TAG, FROM, "1 BYE", SITE);
	struct names c = names_of(DIR_OUTBOUND, "BYE sip:alice@a.example SIP/2.0",
				  "192.0.2.10;branch=z9hG4bKbye", TO ";tag=T", FROM, "1 BYE", SITE);

	(void)unused;
	assert_true(a.dialog != 0);
	assert_int_equal(a.dialog, b.dialog);
	assert_int_equal(a.from, b.to);
	assert_int_equal(a.to, b.from);
	assert_int_not_equal(a.dialog, c.dialog);
	assert_int_equal(invite(DIR_INBOUND, VIA, SITE).dialog, 0);
	assert_int_equal(invite(DIR_INBOUND, VIA, SITE).call, a.call);
}

static uint64_t user(const char *address)
{
	return name_user(st, slice_of(address));
}

static void test_users(void **unused)
{
	struct names n = invite(DIR_INBOUND, VIA, SITE);

	(void)unused;
	assert_int_equal(n.from_user, user("<sip:alice@other.example:5080;x=1>;tag=2"));
	assert_int_equal(n.to_user, user("\"Bob\" <sips:bob@b.example>"));
	assert_int_equal(n.from_user, user("<sip:Alice@a.example>"));
	assert_int_equal(user("<sip:a_B@x>"), user("<sip:a%5fb%20@x>"));
	/* the quick way and the long one agree */
	assert_int_equal(user("<sip:ali%63e@a.example>"), n.from_user);
	assert_int_equal(user("sip:+49.30@x;user=phone"), user("<sip:+4930@x>"));
	assert_int_equal(user("sip:a_b@x"), user("sip:a%5fb@x"));
	assert_int_equal(user("<tel:+49-30>"), user("<sip:+4930@x>"));
	assert_int_equal(user("<sip:a.example>"), 0);
	assert_int_equal(user("<sip:@a.example>"), 0);
	assert_int_equal(name_aor(st, slice_of("<sip:bob@B.example:5070;t=1>")),
			 name_aor(st, slice_of("sip:bob@b.EXAMPLE")));
	assert_int_not_equal(name_aor(st, slice_of("sip:bob@a.example")),
			     name_aor(st, slice_of("sip:bob@b.example")));
}

/* Of a REGISTER with these header lines. */
static struct names login_of(const char *lines)
{
	char text[1024];
	struct pkt pkt = { .dir = DIR_INBOUND };
	struct names n;

	snprintf(text, sizeof(text),
		 "REGISTER sip:b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n"
		 "From: <sip:x@b.example>;tag=1\r\nTo: <sip:x@b.example>\r\nCall-ID: c\r\n"
		 "CSeq: 1 REGISTER\r\n%sContent-Length: 0\r\n\r\n", lines);
	sip_parse(&sip, slice_of(text));
	names_read(st, &pkt, &sip, SITE, &n);
	return n;
}

#define LINE(params) "Authorization: Digest " params "\r\n"
#define ALICE "username=\"alice\", nonce=\"n\", response=\"1\""

static void test_login(void **unused)
{
	uint64_t alice = user("sip:alice@x"), several;
	struct names n = login_of("Proxy-" LINE(ALICE ", nc=0000001F"));

	(void)unused;
	assert_int_equal(n.login, alice);
	assert_true(n.credentials.n > 0);
	assert_int_equal(n.nc, 31);
	assert_int_equal(n.nonce, name_bytes(st, NAME_NONCE, SLICE("n")));
	assert_int_equal(n.guess >> 32, n.nonce >> 32);
	assert_int_not_equal(n.guess, login_of("Proxy-" LINE(ALICE ", nc=00000020")).guess);
	assert_int_equal(invite(DIR_INBOUND, VIA, SITE).login, 0);
	/* no credentials yet; another scheme */
	assert_int_equal(login_of(LINE("username=\"alice\", nonce=\"\", response=\"\"")).login, 0);
	assert_int_equal(login_of("Authorization: Basic YWxpY2U6\r\n").login, 0);
	/* other spellings of her */
	assert_int_equal(login_of(LINE("Username=alice,response=1")).login, alice);
	assert_int_equal(login_of(LINE("username=\"alice@a.example\",response=1")).login, alice);
	assert_int_equal(login_of(LINE("username=\"al\\ice\",response=1")).login, alice);
	assert_int_equal(login_of(LINE(ALICE) "Proxy-" LINE(ALICE)).login, alice);
	/* one of several, and nobody knows which */
	several = login_of(LINE("username=\"bob\", response=\"1\"") LINE(ALICE)).login;
	assert_int_not_equal(several, 0);
	assert_int_not_equal(several, alice);
	assert_int_equal(login_of(LINE(ALICE) LINE("username=\"eve\", response=\"1\"")).login,
			 several);
	assert_int_equal(login_of(LINE("username=\"x\", " ALICE)).login, several);
	assert_int_equal(login_of(LINE("response=\"\", " ALICE)).login, several);
	assert_int_equal(login_of(LINE("nonce=\"n\", response=\"1\"")).login, several);
}

static void test_answers(void **unused)
{
	struct transaction t = { .method = METHOD_INVITE, .site = SITE }, asked, other;

	(void)unused;
	assert_int_equal(txn_answer(st, 5, 0, 200, NS, &asked), ANSWER_UNASKED);
	assert_int_equal(txn_open(st, 5, &t, 0, NS, &other), ASKED_NEW);
	assert_int_equal(txn_open(st, 5, &t, 0, 2 * NS, &other), ASKED_AGAIN);
	assert_int_equal(txn_answer(st, 5, 0, 100, 2 * NS, &asked), ANSWER_AGAIN);
	assert_int_equal(txn_answer(st, 5, 0, 180, 2 * NS, &asked), ANSWER_FIRST);
	assert_int_equal(txn_answer(st, 5, 0, 183, 3 * NS, &asked), ANSWER_AGAIN);
	assert_int_equal(asked.status, 180);
	assert_int_equal(txn_answer(st, 5, 0, 200, 290 * NS, &asked), ANSWER_FIRST);
	assert_int_equal(txn_answer(st, 5, 0, 200, 291 * NS, &asked), ANSWER_AGAIN);
	assert_int_equal(txn_answer(st, 5, 0, 486, 292 * NS, &asked), ANSWER_AGAIN);
	assert_int_equal(asked.status, 200);
	assert_int_equal(asked.site, SITE);
}

static void test_lives(void **unused)
{
	struct transaction t = { .method = METHOD_OPTIONS }, out;

	(void)unused;
	assert_int_equal(txn_open(st, 9, &t, 0, NS, &out), ASKED_NEW);
	assert_true(txn_find(st, 9, (TXN_SHORT + 1) * NS - 1, &out));
	assert_false(txn_find(st, 9, (TXN_SHORT + 2) * NS, &out));
	t.method = METHOD_INVITE;
	assert_int_equal(txn_open(st, 10, &t, 0, NS, &out), ASKED_NEW);
	txn_answer(st, 10, 0, 180, 200 * NS, &out);
	assert_true(txn_find(st, 10, (200 + TXN_EARLY - 1) * NS, &out));
	assert_false(txn_find(st, 10, (202 + TXN_EARLY) * NS, &out));
}

/* Stateless proxies give every request the same branch; so do those who hide. */
static void test_one_name_for_several(void **unused)
{
	struct transaction t = { .method = METHOD_REGISTER, .target = 1, .cseq = 7 }, other;

	(void)unused;
	txn_open(st, 5, &t, 0, NS, &other);
	t.target = 2;
	assert_int_equal(txn_open(st, 5, &t, 0, NS, &other), ASKED_OTHER);
	assert_int_equal(other.target, 1);
	assert_int_equal(txn_answer(st, 5, 7, 404, NS, &other), ANSWER_FIRST);
	assert_int_equal(other.target, 2);
	t.guess = 3;
	assert_int_equal(txn_open(st, 5, &t, 0, NS, &other), ASKED_OTHER);
	assert_int_equal(other.status, 404);
	/* what asks for its challenge takes no guess out of sight */
	t.guess = 0;
	assert_int_equal(txn_open(st, 5, &t, 0, NS, &other), ASKED_AGAIN);
	assert_int_equal(txn_answer(st, 5, 7, 401, NS, &other), ANSWER_FIRST);
	assert_int_equal(other.guess, 3);
	t.cseq = 8;
	assert_int_equal(txn_open(st, 5, &t, 0, NS, &other), ASKED_OTHER);
	assert_int_equal(txn_answer(st, 5, 7, 401, NS, &other), ANSWER_UNASKED);
	assert_int_equal(txn_answer(st, 5, 8, 401, NS, &other), ANSWER_FIRST);
}

/* A queue that plays music for half an hour, without a second 183. */
static void test_ours_rings_long(void **unused)
{
	struct transaction t = { .method = METHOD_INVITE, .flags = TXN_INSIDE }, out;

	(void)unused;
	txn_open(st, 5, &t, 0, NS, &out);
	assert_int_equal(txn_answer(st, 5, 0, 100, NS, &out), ANSWER_AGAIN);
	assert_false(txn_find(st, 5, (TXN_EARLY + 2) * NS, &out));
	txn_open(st, 6, &t, 0, NS, &out);
	assert_int_equal(txn_answer(st, 6, 0, 183, NS, &out), ANSWER_FIRST);
	assert_true(txn_find(st, 6, 1800 * NS, &out));
	assert_int_equal(txn_answer(st, 6, 0, 200, 1800 * NS, &out), ANSWER_FIRST);
	assert_true(txn_find(st, 6, (1800 + TXN_FINAL) * NS, &out));
	assert_false(txn_find(st, 6, (1802 + TXN_FINAL) * NS, &out));
}

/* Strangers push out each other, not what our servers asked. */
static void test_ours_stay(void **unused)
{
	struct transaction t = { .method = METHOD_INVITE, .flags = TXN_INSIDE }, out;

	(void)unused;
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(txn_open(st, i * 0x9e3779b97f4a7c15u, &t, 0, NS, &out), ASKED_NEW);
	t.flags = 0;
	for (uint64_t i = 1; i < 100000; i++)
		txn_open(st, i * 0xd6e8feb86659fd93u, &t, i % 3, NS, &out);
	for (uint64_t i = 0; i < 100; i++)
		assert_true(txn_find(st, i * 0x9e3779b97f4a7c15u, 2 * NS, &out));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_state, drop_state)
	const struct CMUnitTest tests[] = {
		TEST(test_reply_has_the_name_of_its_request),
		TEST(test_nobody_takes_the_name_of_anothers_request),
		TEST(test_ack_and_cancel_name_their_invite),
		TEST(test_without_cookie),
		TEST(test_dialog_is_the_same_from_both_sides),
		TEST(test_users),
		TEST(test_login),
		TEST(test_answers),
		TEST(test_lives),
		TEST(test_one_name_for_several),
		TEST(test_ours_rings_long),
		TEST(test_ours_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
