/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The algorithms of pipes against models that remember all, and what full tables cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smallstate.h"
#include "state/pipes.h"

#define EVENTS 4000

static uint64_t seed = 88172645463325252u;

static uint64_t random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* Another key with each call. */
static uint64_t fresh_key(void)
{
	return random_next();
}

/* What was let through and counted, oldest first. */
struct past {
	uint64_t at[EVENTS];
	unsigned n;
};

static unsigned within(const struct past *a, uint64_t window, uint64_t now)
{
	unsigned n = 0;

	while (n < a->n && now - a->at[a->n - 1 - n] < window)
		n++;
	return n;
}

/* Times as they come: bursts of one instant, steady streams, pauses of about a window. */
static uint64_t later(uint64_t now, uint64_t window, uint32_t limit)
{
	switch (random_next() % 8) {
	case 0: case 1: case 2:
		return now;
	case 3:
		return now + random_next() % (window / 8);
	case 4:
		return random_next() % 64 ? now + 1 : now + window - random_next() % 3;
	default:
		return now + random_next() % (window / limit + 1);
	}
}

static const uint32_t limits[] = { 1, 2, 3, 10, 29, 30, 63, 64, 65, 100, 128, 129, 1000 };
#define LIMITS (sizeof(limits) / sizeof(*limits))

/* Strangers leave the reserve, at least one may come; who belongs to what passed always may. */
static bool model_taildrop(struct past *a, const struct pipe_limit *l, enum pipe_who who,
			   uint64_t now)
{
	double share = who == PIPE_STRANGER ? (100.0 - l->reserve) / 100 : 1;
	unsigned have = within(a, l->window, now);
	bool fits = have < l->limit * share - 1e-9;

	if (fits)
		a->at[a->n++] = now;
	return fits || who == PIPE_ALWAYS;
}

static void taildrop_round(uint32_t limit, uint64_t window, uint32_t reserve)
{
	struct pipe_limit l = { .algorithm = PIPE_TAILDROP, .limit = limit, .reserve = reserve,
				.window = window };
	uint64_t key = fresh_key(), now = NS + random_next() % NS;
	struct past a = { .n = 0 };
	uint32_t load;

	for (unsigned i = 0; i < EVENTS; i++) {
		enum pipe_who who = random_next() % 16 ? random_next() % 2 : PIPE_ALWAYS;
		unsigned before = a.n;
		bool passes;

		now = later(now, window, limit);
		passes = model_taildrop(&a, &l, who, now);
		assert_int_equal(pipe_take(st, key, &l, who, 1, now, &load), passes);
		/* others may refuse what fitted */
		if (a.n > before && random_next() % 8 == 0) {
			pipe_give(st, key, &l, now);
			a.n--;
		}
	}
	for (unsigned i = 0; i < a.n; i++)
		for (unsigned j = i; j < a.n && a.at[j] - a.at[i] < window; j++)
			assert_true(j - i < limit);
}

static void test_taildrop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMITS; i++)
		for (unsigned w = 1; w <= 60; w += 59) {
			taildrop_round(limits[i], w * NS, 0);
			taildrop_round(limits[i], w * NS, 20);
			taildrop_round(limits[i], w * NS, 100);
		}
	assert_int_equal(pool_refused(st->pipe_times), 0);
}

/* More than the bucket may give in any time that ends now? */
static bool is_too_much(const struct past *a, const struct pipe_limit *l, uint64_t now)
{
	for (unsigned i = a->n + 1; i-- > 0;) {
		uint64_t from = i < a->n ? a->at[i] : now, n = a->n - i + 1;

		if (n > l->burst &&
		    (n - l->burst) * l->window > (now - from) * l->limit)
			return true;
	}
	return false;
}

static void bucket_round(uint32_t limit, uint32_t burst, uint64_t window)
{
	struct pipe_limit l = { .algorithm = PIPE_BUCKET, .limit = limit, .burst = burst,
				.window = window };
	uint64_t key = fresh_key(), now = NS;
	struct past a = { .n = 0 };
	uint32_t load;

	for (unsigned i = 0; i < EVENTS; i++) {
		bool passes;

		now = later(now, window, limit);
		passes = !is_too_much(&a, &l, now);
		assert_int_equal(pipe_take(st, key, &l, PIPE_KNOWN, 1, now, &load), passes);
		if (!passes)
			continue;
		if (random_next() % 8)
			a.at[a.n++] = now;
		else
			pipe_give(st, key, &l, now);
	}
}

static void test_bucket(void **state)
{
	static const uint32_t bursts[] = { 1, 2, 7, 30, 100 };

	(void)state;
	for (unsigned i = 0; i < LIMITS; i++)
		for (unsigned b = 0; b < sizeof(bursts) / sizeof(*bursts); b++)
			bucket_round(limits[i], bursts[b], i % 2 ? NS : 7 * NS);
}

/* The largest numbers: nothing overflows, and strangers leave what is kept. */
static void test_bucket_large(void **state)
{
	struct pipe_limit l = { .algorithm = PIPE_BUCKET, .limit = TIMELOG_MOST, .reserve = 20,
				.burst = TIMELOG_MOST, .window = TIMELOG_WINDOW * NS };
	uint64_t key = fresh_key();
	uint32_t load, n = 0;

	(void)state;
	while (pipe_take(st, key, &l, PIPE_STRANGER, 2, NS, &load))
		n++;
	assert_int_equal(n, TIMELOG_MOST - TIMELOG_MOST / 5);
	while (pipe_take(st, key, &l, PIPE_KNOWN, 2, NS, &load))
		n++;
	assert_int_equal(n, TIMELOG_MOST);
	assert_true(pipe_take(st, key, &l, PIPE_ALWAYS, 2, NS, &load));
	assert_false(pipe_take(st, key, &l, PIPE_KNOWN, 2, NS + l.window / l.limit - 1, &load));
	assert_true(pipe_take(st, key, &l, PIPE_KNOWN, 2, NS + l.window / l.limit + 1, &load));
}

/* Below early nothing, at the limit all; between, as many as their shares sum up to. */
static void red_round(uint32_t limit, uint32_t early, uint64_t window)
{
	struct pipe_limit l = { .algorithm = PIPE_RED, .limit = limit, .early = early,
				.window = window };
	uint32_t from = limit * early / 100, load;
	uint64_t key = fresh_key(), now = NS;
	struct past a = { .n = 0 };
	double sum = 0;
	unsigned refused = 0;

	for (unsigned i = 0; i < EVENTS; i++) {
		unsigned have;
		bool passes;

		now = later(now, window, limit);
		have = within(&a, window, now);
		passes = pipe_take(st, key, &l, PIPE_KNOWN, 1, now, &load);
		if (passes)
			a.at[a.n++] = now;
		if (have <= from)
			assert_true(passes);
		if (have >= limit)
			assert_false(passes);
		if (have <= from || have >= limit)
			continue;
		sum += (double)(have - from) / (limit - from);
		refused += !passes;
		assert_true(refused <= sum + 1e-3 && refused > sum - 1 - 1e-3);
	}
}

static void test_red(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMITS; i++) {
		red_round(limits[i], 0, NS);
		red_round(limits[i], 50, 5 * NS);
		red_round(limits[i], 99, NS);
	}
}

/*
 * A daemon that takes 1 ms for what passes and a tenth of that for what is refused, and is
 * asked `load` times as often as it can answer: it tells of the delay with each, as workers
 * do.  Returns the longest delay behind the first second; *passed of 100.
 */
static uint64_t overload(double load, uint64_t target, unsigned strangers, unsigned *passed,
			 unsigned *passed_known)
{
	struct pipe_limit l = { .algorithm = PIPE_FEEDBACK, .reserve = 20, .target = target };
	static uint64_t began;
	uint64_t arrives = began += 100 * NS, now = began, key = fresh_key(), most = 0;
	uint64_t share[2] = { 0, 0 }, all[2] = { 0, 0 };
	uint32_t said;

	for (unsigned i = 0; arrives < began + 21 * NS; i++) {
		enum pipe_who who = i % 100 < strangers ? PIPE_STRANGER : PIPE_KNOWN;
		bool passes;

		arrives += (uint64_t)(1e6 / load);
		now = now > arrives ? now : arrives;
		state_set_delay(st, now, now - arrives);
		passes = pipe_take(st, key, &l, who, 2, now, &said);
		if (arrives > began + NS) {
			most = now - arrives > most ? now - arrives : most;
			all[who]++;
			share[who] += passes;
		}
		now += passes ? 1000000 : 100000;
	}
	*passed = (unsigned)((share[0] + share[1]) * 100 / (all[0] + all[1]));
	*passed_known = all[1] ? (unsigned)(share[1] * 100 / all[1]) : 100;
	return most;
}

static void test_feedback(void **state)
{
	static const double loads[] = { 0.5, 0.9, 1.1, 1.5, 2, 4, 8 };
	unsigned passed, known;

	(void)state;
	for (uint64_t target = 10000000; target <= 100000000; target *= 10)
		for (unsigned i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
			uint64_t most = overload(loads[i], target, 50, &passed, &known);
			/* what is left when all that is too much costs a tenth */
			double want = loads[i] <= 1 ? 100 : (1 / loads[i] - 0.1) / 0.9 * 100;

			assert_true(most <= target + target / 2);
			assert_true(passed >= want - 4 && passed <= want + 4);
			assert_true(known >= passed);
		}
}

/* Nobody tells of a delay, or of none: nothing is refused, whatever was. */
static void test_feedback_idle(void **state)
{
	struct pipe_limit l = { .algorithm = PIPE_FEEDBACK, .target = PIPE_TARGET };
	uint64_t now = NS, key = fresh_key();
	uint32_t load;

	(void)state;
	for (unsigned i = 0; i < 1000; i++, now += NS / 1000) {
		state_set_delay(st, now, 50 * l.target);
		(void)pipe_take(st, key, &l, PIPE_KNOWN, 2, now, &load);
	}
	assert_false(pipe_take(st, key, &l, PIPE_KNOWN, 2, now, &load));
	assert_true(pipe_take(st, key, &l, PIPE_ALWAYS, 2, now, &load));
	assert_int_equal(state_delay(st, now), 50 * l.target);
	now += NS;
	assert_int_equal(state_delay(st, now), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_true(pipe_take(st, key, &l, PIPE_KNOWN, 2, now + i, &load));
}

/* The longest wait of this moment, whoever told of it in whatever order. */
static void test_delay(void **state)
{
	const uint64_t slot = 1u << DELAY_BITS;

	(void)state;
	assert_int_equal(state_delay(st, 5 * slot), 0);
	state_set_delay(st, 5 * slot, 700);
	state_set_delay(st, 5 * slot + 9, 300);
	assert_int_equal(state_delay(st, 5 * slot + 10), 700);
	state_set_delay(st, 6 * slot, 400);
	assert_int_equal(state_delay(st, 6 * slot), 700);
	assert_int_equal(state_delay(st, 7 * slot), 400);
	assert_int_equal(state_delay(st, 8 * slot), 0);
	state_set_delay(st, 9 * slot, UINT64_MAX);
	assert_true(state_delay(st, 9 * slot) > 1000 * NS);
}

/* All the chunks there are in use: no pipe lets more through than it may, and once the
 * others are idle their chunks come back. */
static void test_starved(void **state)
{
	const struct pipe_limit most = { .algorithm = PIPE_TAILDROP, .limit = TIMELOG_MOST,
					 .window = 10 * NS };
	const struct pipe_limit l = { .algorithm = PIPE_TAILDROP, .limit = 100, .window = NS };
	uint64_t now = NS, key = fresh_key(), hoard = fresh_key();
	struct past a = { .n = 0 };
	uint32_t load, chunks = pool_chunks(st->pipe_times);

	(void)state;
	while (pool_left(st->pipe_times) >= chunks / 2)
		assert_true(pipe_take(st, hoard, &most, PIPE_KNOWN, 2, now++, &load));
	for (unsigned i = 0; i < EVENTS; i++) {
		now += random_next() % (NS / 100);
		if (!pipe_take(st, key, &l, PIPE_KNOWN, 2, now, &load))
			continue;
		assert_true(within(&a, l.window, now) < l.limit);
		a.at[a.n++] = now;
	}
	assert_true(a.n > 1000);
	assert_int_equal(pool_refused(st->pipe_times), 0);
	for (unsigned i = 0; i < 100; i++)
		pipes_sweep(st, now += NS);
	assert_int_equal(pool_left(st->pipe_times), chunks);
}

/* Sources nobody knows push each other out, never what several share. */
static void test_crowded(void **state)
{
	const struct pipe_limit l = { .algorithm = PIPE_TAILDROP, .limit = 2, .window = 60 * NS };
	uint64_t all = fresh_key();
	uint32_t load;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_true(pipe_take(st, all, &l, PIPE_STRANGER, 2, NS, &load));
	for (unsigned i = 0; i < 100000; i++)
		assert_true(pipe_take(st, fresh_key(), &l, PIPE_STRANGER, 0, NS, &load));
	assert_false(pipe_take(st, all, &l, PIPE_STRANGER, 2, NS, &load));
	assert_int_equal(pool_refused(st->pipe_times), 0);
}

/* Clocks of workers differ: what comes late counts as of now. */
static void test_clocks(void **state)
{
	const struct pipe_limit l = { .algorithm = PIPE_TAILDROP, .limit = 2, .window = NS };
	uint64_t key = fresh_key();
	uint32_t load;

	(void)state;
	assert_true(pipe_take(st, key, &l, PIPE_KNOWN, 2, 5 * NS, &load));
	assert_true(pipe_take(st, key, &l, PIPE_KNOWN, 2, 5 * NS - 1000, &load));
	assert_false(pipe_take(st, key, &l, PIPE_KNOWN, 2, 5 * NS - 1000, &load));
	assert_false(pipe_take(st, key, &l, PIPE_KNOWN, 2, 6 * NS - 1, &load));
	assert_true(pipe_take(st, key, &l, PIPE_KNOWN, 2, 6 * NS, &load));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(test_taildrop, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_bucket, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_bucket_large, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_red, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_feedback, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_feedback_idle, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_delay, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_starved, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_crowded, make_state, drop_state),
	cmocka_unit_test_setup_teardown(test_clocks, make_state, drop_state),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
