/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens and grants: who gets one and how often, what it lets pass and for whom, how it
 * ends; and that in many hands a token is good once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules.h"
#include "smallstate.h"
#include "state/approvals.h"

#define START (1000 * NS)
#define LIFE 600   /* of a token, s */
#define GRANT 3600 /* s */

static struct account account(const char *name, bool shown)
{
	struct account a = { .user_key = 1, .shown = shown };

	for (const char *p = name; *p; p++)
		a.user_key = a.user_key * 0x9e3779b97f4a7c15u + (uint8_t)*p;
	a.key = a.user_key;
	a.n = (uint8_t)strlen(name);
	memcpy(a.name, name, a.n);
	return a;
}

static struct approval_who at(const struct account *a, unsigned site)
{
	const uint8_t ip[4] = { 203, 0, (uint8_t)(113 + (site >> 8)), (uint8_t)site };
	struct addr addr = addr_v4(ip);

	return (struct approval_who){ a, addr, key_of_addr(st, &addr) };
}

static struct approval_ask asks(const struct account *a, unsigned site, uint64_t what)
{
	return (struct approval_ask){ .who = at(a, site), .what = what,
				      .label = SLICE("class premium"),
				      .number = SLICE("+15550100"), .token_life = LIFE,
				      .grant_life = GRANT, .most = 3 };
}

static bool may(const struct account *a, unsigned site, uint64_t what, uint64_t now)
{
	struct approval_who who = at(a, site);

	return approval_granted(st, &who, what, now);
}

static bool ask(const struct account *a, unsigned site, uint64_t what, uint64_t now,
		struct approval_token *out)
{
	struct approval_ask asked = asks(a, site, what);

	return approval_ask(st, &asked, now, out);
}

static void test_life(void **arg)
{
	struct account alice = account("1001", true), bob = account("1002", true);
	struct approval_token t, again;
	struct approval got;

	(void)arg;
	assert_false(may(&alice, 1, 77, START));
	assert_true(ask(&alice, 1, 77, START, &t));
	assert_true(t.news);
	assert_int_equal(strspn(t.text, "23456789ACDEFGHJKMNPQRTVWXY-"), 9);
	assert_int_equal(t.text[4], '-');
	/* asking is not having, and a token is told once a minute */
	assert_false(may(&alice, 1, 77, START));
	assert_true(ask(&alice, 2, 77, START + 59 * NS, &again));
	assert_string_equal(again.text, t.text);
	assert_false(again.news);
	assert_true(ask(&alice, 2, 77, START + 60 * NS, &again));
	assert_string_equal(again.text, t.text);
	assert_true(again.news);
	assert_true(state_approval_of(st, t.key, t.text, START, &got));
	assert_string_equal(got.label, "class premium");
	assert_string_equal(got.number, "+15550100");

	assert_true(state_approve(st, t.text, 0, START + 61 * NS, &got));
	assert_string_equal(got.user, "1001");
	assert_true(got.granted && got.shown && !got.token[0]);
	assert_int_equal(got.until, START + (61 + GRANT) * NS);
	/* wherever he is, that alone, nobody else, and for that time */
	assert_true(may(&alice, 1, 77, START + 62 * NS));
	assert_true(may(&alice, 9, 77, START + (60 + GRANT) * NS));
	assert_false(may(&alice, 1, 78, START + 62 * NS));
	assert_false(may(&bob, 1, 77, START + 62 * NS));
	assert_false(may(&alice, 1, 77, START + (61 + GRANT) * NS));
	/* once */
	assert_false(state_approve(st, t.text, 0, START + 62 * NS, &got));
	/* a new one is another */
	assert_true(ask(&alice, 1, 77, START + (62 + GRANT) * NS, &again));
	assert_string_not_equal(again.text, t.text);
	assert_true(again.news);
}

static void test_typed(void **arg)
{
	struct account alice = account("1001", true);
	struct approval_token t;
	struct approval got;
	char typed[16];

	(void)arg;
	assert_true(ask(&alice, 1, 1, START, &t));
	assert_false(state_approve(st, "", 0, START, &got));
	assert_false(state_approve(st, "K7QF", 0, START, &got));
	assert_false(state_approve(st, "K7QF-2M9X-K7QF", 0, START, &got));
	assert_false(state_approve(st, "K7QF-2M9O", 0, START, &got));
	snprintf(typed, sizeof(typed), " %.4s %.4s ", t.text, t.text + 5);
	for (char *p = typed; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	/* too late, and in time, for as long as it is said */
	assert_false(state_approve(st, typed, 0, START + LIFE * NS, &got));
	assert_true(state_approve(st, typed, 60, START + (LIFE - 1) * NS, &got));
	assert_true(may(&alice, 1, 1, START + (LIFE + 58) * NS));
	assert_false(may(&alice, 1, 1, START + (LIFE + 59) * NS));
}

/* A name that anybody may claim has what was granted to it at that site alone, and there
 * its owner has it too when he shows himself. */
static void test_claimed(void **arg)
{
	struct account claimed = account("1001", false), shown = account("1001", true);
	struct account nobody = { 0 };
	struct approval_token t, other;
	struct approval got;

	(void)arg;
	assert_true(ask(&claimed, 1, 5, START, &t));
	assert_true(ask(&claimed, 2, 5, START, &other));
	assert_string_not_equal(t.text, other.text);
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_false(got.shown);
	assert_true(may(&claimed, 1, 5, START));
	assert_true(may(&shown, 1, 5, START));
	assert_false(may(&claimed, 2, 5, START));
	assert_false(may(&shown, 2, 5, START));
	/* what the owner was granted is no stranger's */
	assert_true(ask(&shown, 1, 6, START, &t));
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_true(may(&shown, 2, 6, START));
	assert_false(may(&claimed, 1, 6, START));
	/* who is nobody has nothing and gets nothing; nor is nothing granted */
	assert_false(ask(&nobody, 1, 5, START, &t));
	assert_false(may(&nobody, 1, 5, START));
	assert_false(ask(&shown, 1, 0, START, &t));
	assert_false(may(&shown, 1, 0, START));
}

static void test_bounds(void **arg)
{
	struct account alice = account("1001", true);
	struct approval list[8];
	struct approval_token t;
	struct approval got;
	unsigned given = 0;

	(void)arg;
	for (uint64_t what = 1; what <= 3; what++)
		assert_true(ask(&alice, 1, what, START, &t));
	assert_false(ask(&alice, 1, 4, START, &t));
	assert_true(ask(&alice, 1, 2, START, &t));
	/* one was approved: there is room for another, up to all that a record holds */
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_true(ask(&alice, 1, 4, START, &t));
	assert_int_equal(state_approvals(st, START, list, 8), 4);
	assert_int_equal(state_approvals(st, START, list, 2), 4);
	assert_int_equal(state_approvals(st, START + LIFE * NS, list, 8), 1);
	assert_true(list[0].granted);
	for (uint64_t what = 10; what < 20; what++)
		if (ask(&alice, 1, what, START + LIFE * NS, &t))
			given += state_approve(st, t.text, 0, START + LIFE * NS, &got);
	assert_int_equal(given, APPROVALS_MOST - 1);
}

/* Names cost nothing: strangers get few tokens, and push out nobody who has shown himself. */
static void test_strangers(void **arg)
{
	struct account alice = account("1001", true);
	struct approval_token t;
	struct approval got;
	unsigned given = 0;
	char name[16];

	(void)arg;
	assert_true(ask(&alice, 1, 1, START, &t));
	assert_true(state_approve(st, t.text, 0, START, &got));
	for (unsigned i = 0; i < 50; i++) {
		struct account a;

		snprintf(name, sizeof(name), "x%u", i);
		a = account(name, false);
		given += ask(&a, 3, 1, START, &t);
	}
	assert_int_equal(given, APPROVALS_SITE);
	for (unsigned i = 0; i < 5000; i++) {
		struct account a;

		snprintf(name, sizeof(name), "y%u", i);
		a = account(name, false);
		given += ask(&a, 10 + i % 500, 1, START, &t);
	}
	assert_int_equal(given, APPROVALS_STRANGERS);
	for (unsigned i = 0; i < 5000; i++) {
		struct account a;

		snprintf(name, sizeof(name), "z%u", i);
		a = account(name, true);
		(void)ask(&a, 1, 1, START, &t);
	}
	assert_true(may(&alice, 1, 1, START + 10 * NS));
}

static void test_revoke(void **arg)
{
	struct account alice = account("1001", true), at_home = account("1001", false);
	struct account bob = account("10010", true);
	struct approval_token t;
	struct approval got, list[8];

	(void)arg;
	assert_true(ask(&bob, 1, 1, START, &t));
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_true(ask(&alice, 1, 1, START, &t));
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_true(ask(&alice, 1, 2, START, &t));
	assert_true(ask(&at_home, 1, 2, START, &t));
	assert_int_equal(state_approval_revoke(st, "1001", START), 3);
	assert_false(may(&alice, 1, 1, START));
	assert_true(may(&bob, 1, 1, START));
	assert_int_equal(state_approvals(st, START, list, 8), 1);
	assert_int_equal(state_approval_revoke(st, "1001", START), 0);
	assert_int_equal(state_approval_revoke(st, "", START), 0);
}

/* What people read has nothing in it that a terminal would obey. */
static void test_texts(void **arg)
{
	struct account evil = account("10\033[2J\n\x80" "1", true);
	struct approval_ask a = asks(&evil, 1, 1);
	struct approval_token t;
	struct approval got;
	char number[100];

	(void)arg;
	memset(number, '9', sizeof(number));
	number[3] = '\n';
	a.number = (struct slice){ number, sizeof(number) };
	assert_true(approval_ask(st, &a, START, &t));
	assert_true(state_approval_of(st, t.key, t.text, START, &got));
	assert_string_equal(got.user, "10?[2J??1");
	assert_int_equal(strlen(got.number), sizeof(got.number) - 1);
	assert_memory_equal(got.number, "999?999", 7);
	assert_false(state_approval_of(st, t.key + 1, t.text, START, &got));
	assert_false(state_approval_of(st, t.key, "2222-2222", START, &got));
}

/* Only what says what it refuses can be approved; zones are told as well. */
static void test_config(void **arg)
{
	static const struct {
		const char *text, *want;
	} wrong[] = {
		{ "flood = {\n action = \"approve\"; };", "sipmoat.conf:2: flood: action: what" },
		{ "zones = ({ name = \"a\"; transport = \"udp\"; agent = { action = "
		  "\"approve\"; }; });", "zones.a.agent: action: what" },
		{ "approve = { hook = \"bin/x\"; };", "approve.hook: must begin with" },
		{ "approve = { waiting = 7; };", "approve.waiting" },
		{ "approve = { token = 10; };", "approve.token" },
	};
	struct ruleset *rs;

	(void)arg;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *said = rules_error(wrong[i].text);

		assert_non_null(said);
		assert_non_null(strstr(said, wrong[i].want));
		free(said);
	}
	rs = rules_load("destination = { action = \"approve\"; deny = [ \"^9\" ]; };"
			"approve = { hook = \"/bin/true a b\"; };");
	assert_string_equal(ruleset_settings(rs)->approve_hook, "/bin/true a b");
	ruleset_free(rs);
}

/* ---- a restart ---- */

struct bytes {
	unsigned char b[1 << 20];
	size_t n;
};

static int put(void *arg, const struct state_part *part)
{
	struct bytes *b = arg;

	assert_true(b->n + part->n <= sizeof(b->b));
	memcpy(b->b + b->n, part->bytes, part->n);
	b->n += part->n;
	return 0;
}

static void test_restart(void **arg)
{
	static struct bytes b;
	struct account alice = account("1001", true);
	struct approval_token t, waits;
	struct state_saved about;
	struct approval got;

	(void)arg;
	assert_true(ask(&alice, 1, 1, START, &t));
	assert_true(state_approve(st, t.text, 0, START, &got));
	assert_true(ask(&alice, 1, 2, START, &waits));
	assert_int_equal(state_save(st, START, 1, put, &b), 0);
	state_free(st);
	assert_int_equal(make_state(NULL), 0);
	assert_false(may(&alice, 1, 1, START));
	assert_true(state_restore(st, b.b, b.n, START + NS, true, &about));
	assert_true(may(&alice, 1, 1, START + 2 * NS));
	assert_true(state_approve(st, waits.text, 0, START + 2 * NS, &got));
}

/* ---- many hands ---- */

#define HANDS 4
#define ROUNDS 400

struct hand {
	unsigned approved, passed;
	unsigned number;
};

static void *hand_main(void *arg)
{
	struct hand *h = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct account a = account("1001", true);
		struct approval_token t;
		struct approval got, list[4];

		/* all want the same, and approve it as soon as they see a token */
		if (ask(&a, 1, 1 + i, START + i * 4000 * NS, &t))
			h->approved += state_approve(st, t.text, 0, START + i * 4000 * NS, &got);
		h->passed += may(&a, 1, 1 + i, START + i * 4000 * NS);
		if (h->number == 0)
			(void)state_approvals(st, START, list, 4);
	}
	return NULL;
}

static void test_hands(void **arg)
{
	struct hand hand[HANDS] = { 0 };
	pthread_t thread[HANDS];
	unsigned approved = 0;

	(void)arg;
	for (unsigned i = 0; i < HANDS; i++) {
		hand[i].number = i;
		assert_int_equal(pthread_create(&thread[i], NULL, hand_main, &hand[i]), 0);
	}
	for (unsigned i = 0; i < HANDS; i++) {
		pthread_join(thread[i], NULL);
		approved += hand[i].approved;
	}
	/* threads are not in step: of those in front, others' clocks find nothing */
	assert_in_range(approved, 1, HANDS * ROUNDS);
}

/* At one moment: a token is good for one of them. */
static struct {
	pthread_barrier_t gate;
	char token[APPROVAL_TOKEN];
} race;

static void *racer_main(void *arg)
{
	unsigned *won = arg;
	struct approval got;

	pthread_barrier_wait(&race.gate);
	*won += state_approve(st, race.token, 0, START, &got);
	return NULL;
}

static void test_race(void **arg)
{
	struct account alice = account("1001", true);

	(void)arg;
	for (unsigned round = 0; round < 100; round++) {
		pthread_t thread[HANDS];
		struct approval_token t;
		unsigned won = 0, each[HANDS] = { 0 };

		(void)state_approval_revoke(st, "1001", START);
		assert_true(ask(&alice, 1, 1, START, &t));
		memcpy(race.token, t.text, sizeof(race.token));
		pthread_barrier_init(&race.gate, NULL, HANDS);
		for (unsigned i = 0; i < HANDS; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, racer_main, &each[i]), 0);
		for (unsigned i = 0; i < HANDS; i++) {
			pthread_join(thread[i], NULL);
			won += each[i];
		}
		pthread_barrier_destroy(&race.gate);
		assert_int_equal(won, 1);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_state, drop_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_life), T(test_typed), T(test_claimed), T(test_bounds), T(test_strangers),
		T(test_revoke), T(test_texts), T(test_config), T(test_restart), T(test_hands),
		T(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
