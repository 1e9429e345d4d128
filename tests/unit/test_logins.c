/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failed logins: counted exactly, at any speed, by any number of threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine.h"
#include "rules.h"
#include "settings.h"
#include "state/logins.h"
#include "state/memory.h"

#define USER 1234567890123u
#define SITE 9876543210987u
#define START (1000 * NS)
#define MIN (60 * NS)

static const struct login_limit TEN = { 10, 15 * MIN, 15 * MIN, 0 };

static struct state *state_make(void)
{
	struct ruleset *rs = rules_load("");
	struct state *st = state_new(ruleset_settings(rs), (const uint8_t[16]){ 7 });

	ruleset_free(rs);
	assert_non_null(st);
	return st;
}

/* A server's answer to the login of that transaction. */
static void answer(struct state *st, uint64_t user, uint64_t site, uint64_t txn, unsigned status,
		   uint64_t now)
{
	struct sip_msg sip = { .kind = SIP_RESPONSE, .status = (uint16_t)status,
			       .method = METHOD_REGISTER };
	struct pkt pkt = { .dir = DIR_OUTBOUND };
	struct names names = { .site = site, .txn = txn };
	struct transaction asked = { .site = site, .user = user, .guess = txn * 3,
				     .method = METHOD_REGISTER,
				     .flags = TXN_LOGIN | TXN_CHALLENGED };
	struct lesson l = { .pkt = &pkt, .sip = &sip, .names = &names, .asked = &asked,
			    .now = now };

	logins_learn(st, &l);
}

static enum login_answer try(struct state *st, uint64_t user, uint64_t txn,
			     const struct login_limit *l, uint64_t now)
{
	struct names n = { .site = SITE, .txn = txn, .login = user, .guess = txn * 3, .nonce = 1 };
	struct login_facts f;
	uint64_t until = 0;

	login_find(st, &n, now, &f);
	return login_try(st, &n, &f, true, l, now, &until);
}

/* A login that is let through fails 10 ms later. */
static enum login_answer fails(struct state *st, uint64_t user, uint64_t txn,
			       const struct login_limit *l, uint64_t now)
{
	enum login_answer a = try(st, user, txn, l, now);

	if (a == LOGIN_OPEN)
		answer(st, user, SITE, txn, 401, now + NS / 100);
	return a;
}

static void test_locks_for_exactly_so_long(void **arg)
{
	struct state *st = state_make();
	uint64_t now = START, until = 0;

	(void)arg;
	for (unsigned i = 0; i < 10; i++, now += NS)
		assert_int_equal(fails(st, USER, i + 1, &TEN, now), LOGIN_OPEN);
	now += NS / 100 - NS; /* the tenth failed */
	assert_int_equal(try(st, USER, 100, &TEN, now), LOGIN_LOCKED);
	assert_int_equal(try(st, USER, 100, &TEN, now + 15 * MIN - NS / 200), LOGIN_LOCKED);
	assert_int_equal(login_state(st, USER, SITE, &TEN, now, &until), LOGIN_LOCKED);
	assert_true(until >= now + 15 * MIN - NS / 200 && until <= now + 15 * MIN + NS / 200);
	assert_int_equal(try(st, USER + 1, 101, &TEN, now), LOGIN_OPEN);
	assert_int_equal(login_state(st, USER, SITE + 1, &TEN, now, &until), LOGIN_OPEN);
	assert_int_equal(try(st, USER, 102, &TEN, now + 15 * MIN + NS / 200), LOGIN_OPEN);
	state_free(st);
}

static void test_success_resets(void **arg)
{
	struct state *st = state_make();
	uint64_t now = START;

	(void)arg;
	assert_false(login_proven(st, USER, SITE, now));
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(fails(st, USER, i + 1, &TEN, now), LOGIN_OPEN);
	assert_int_equal(try(st, USER, 50, &TEN, now), LOGIN_OPEN);
	answer(st, USER, SITE, 50, 200, now);
	assert_true(login_proven(st, USER, SITE, now));
	assert_false(login_proven(st, USER, SITE + 1, now));
	/* nothing is held against him, nor does it matter how many are under way */
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(try(st, USER, 1000 + i, &TEN, now + NS), LOGIN_OPEN);
	for (unsigned i = 0; i < 10; i++)
		answer(st, USER, SITE, 1000 + i, 401, now + NS);
	assert_int_equal(try(st, USER, 9999, &TEN, now + 2 * NS), LOGIN_LOCKED);
	assert_true(login_proven(st, USER, SITE, now + (LOGIN_PROVEN - 1) * NS));
	assert_false(login_proven(st, USER, SITE, now + (LOGIN_PROVEN + 1) * NS));
	state_free(st);
}

static void test_what_is_under_way(void **arg)
{
	struct state *st = state_make();
	const struct names other = { .site = SITE, .txn = 3, .login = USER, .guess = 1 };
	const struct login_facts stranger = { .proven = false };
	uint64_t now = START, until;

	(void)arg;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(try(st, USER, i + 1, &TEN, now), LOGIN_OPEN);
	assert_int_equal(try(st, USER, 11, &TEN, now), LOGIN_BUSY);
	assert_int_equal(try(st, USER, 3, &TEN, now), LOGIN_OPEN); /* a retransmission */
	assert_int_equal(login_try(st, &other, &stranger, true, &TEN, now, &until), LOGIN_CHANGED);
	answer(st, USER, SITE, 5, 503, now); /* says nothing: room for another */
	assert_int_equal(try(st, USER, 12, &TEN, now), LOGIN_OPEN);
	assert_int_equal(try(st, USER, 13, &TEN, now), LOGIN_BUSY);
	now += (LOGIN_FLIGHT - 1) * NS;
	assert_int_equal(try(st, USER, 14, &TEN, now), LOGIN_BUSY);
	assert_int_equal(try(st, USER, 15, &TEN, now + 2 * NS), LOGIN_OPEN);
	state_free(st);
}

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Whoever only fails gets so many through in any window, and none for `lock` after it;
 * and is refused for no other reason. */
static void test_against_an_oracle(void **arg)
{
	struct state *st = state_make();
	uint64_t seed = 88172645463325252u;

	(void)arg;
	for (unsigned round = 0; round < 300; round++) {
		struct login_limit l = { 1 + (unsigned)(next(&seed) % LOGIN_SLOTS),
					 (1 + next(&seed) % 600) * NS,
					 (1 + next(&seed) % 600) * NS };
		uint64_t now = START, at[400], locked = 0;
		unsigned n = 0, first = 0;

		for (unsigned i = 0; i < 400; i++) {
			enum login_answer want;

			now += next(&seed) % (2 * l.window / l.failures) / NS * NS + NS / 2;
			while (first < n && now - at[first] >= l.window)
				first++;
			want = now < locked ? LOGIN_LOCKED : LOGIN_OPEN;
			/* steps are a millisecond: what is nearer says nothing */
			if ((locked && now + NS / 100 > locked && now < locked + NS / 100) ||
			    (first < n && now - at[first] + NS / 50 > l.window))
				continue;
			assert_int_equal(fails(st, round + 1, 1000 * round + i + 1, &l, now), want);
			if (want != LOGIN_OPEN)
				continue;
			at[n++] = now + NS / 100;
			if (n - first == l.failures) {
				locked = at[n - 1] + l.lock;
				first = n;
			}
		}
	}
	state_free(st);
}

static void test_counts_of_many(void **arg)
{
	struct state *st = state_make();
	uint64_t now = START;

	(void)arg;
	for (unsigned i = 0; i < 500; i++, now += NS)
		answer(st, i + 1, SITE, i + 1, 401, now);
	/* a burst is counted exactly; of what leaves the window, a group may leave early */
	assert_int_equal(login_failures_at(st, SITE, 600 * NS, now), 500);
	assert_in_range(login_failures_at(st, SITE, 250 * NS, now), 200, 250);
	assert_int_equal(login_failures_at(st, SITE, 600 * NS, now + 600 * NS), 0);
	assert_int_equal(login_failures_at(st, SITE + 1, 600 * NS, now), 0);
	for (unsigned i = 0; i < 29; i++)
		answer(st, USER, SITE + i, 600 + i, 403, now + i * NS);
	for (unsigned i = 0; i < 29; i++)
		assert_int_equal(login_failures_of(st, USER, (i + 1) * NS, now + 28 * NS), i + 1);
	state_free(st);
}

/* ---- several workers at once ---- */

#define THREADS 4
#define TRIES 20000
#define USERS 8

struct hand {
	struct state *st;
	atomic_uint *passed; /* by user */
	atomic_uint *clock;
	unsigned number;
	bool answers;
};

static void *guess(void *arg)
{
	struct hand *h = arg;
	uint64_t waiting[64] = { 0 };

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t now = START + atomic_fetch_add(h->clock, 1) * (NS / 10000);
		uint64_t txn = (uint64_t)i * THREADS + h->number + 1, *old = &waiting[i % 64];
		unsigned user = i % USERS;

		/* answers come some time after the guess */
		if (*old && h->answers)
			answer(h->st, USER + user, SITE, *old, 401, now);
		*old = 0;
		if (try(h->st, USER + user, txn, &TEN, now) != LOGIN_OPEN)
			continue;
		atomic_fetch_add(&h->passed[user], 1);
		*old = txn;
	}
	return NULL;
}

static void run_threads(bool answers)
{
	struct state *st = state_make();
	atomic_uint passed[USERS] = { 0 }, clock = 0;
	struct hand hand[THREADS];
	pthread_t thread[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		hand[i] = (struct hand){ st, passed, &clock, i, answers };
		assert_int_equal(pthread_create(&thread[i], NULL, guess, &hand[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < USERS; i++)
		assert_int_equal(passed[i], 10);
	state_free(st);
}

/* Many users, each failed once, fill the table: what is under way still counts. */
static void test_full_of_failures(void **arg)
{
	struct state *st = state_make();
	uint64_t now = START;

	(void)arg;
	for (uint64_t i = 1; i <= 100000; i++)
		answer(st, i * 0x9e3779b97f4a7c15u, i * 0xd6e8feb86659fd93u, i, 401, now);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(try(st, USER, 1000 + i, &TEN, now + NS), LOGIN_OPEN);
	assert_int_equal(try(st, USER, 1010, &TEN, now + NS), LOGIN_BUSY);
	state_free(st);
}

static void test_threads_never_let_an_eleventh_through(void **arg)
{
	(void)arg;
	run_threads(true);
	run_threads(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locks_for_exactly_so_long),
		cmocka_unit_test(test_success_resets),
		cmocka_unit_test(test_what_is_under_way),
		cmocka_unit_test(test_against_an_oracle),
		cmocka_unit_test(test_counts_of_many),
		cmocka_unit_test(test_full_of_failures),
		cmocka_unit_test(test_threads_never_let_an_eleventh_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
