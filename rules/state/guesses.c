/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guesses.h"

#include "store.h"

#define STEP_BITS 20 /* of a time in a record: 32 bits reach 52 days */
#define STEPS(seconds) ((uint32_t)((uint64_t)(seconds) * NS >> STEP_BITS))
#define MANY 5 /* failures that make a record worth more than others */

enum { RANK_TRIED, RANK_FAILED, RANK_MANY };

/* One attempt of a user from a site; failures stand in the order of their answers. */
struct slot {
	uint32_t when; /* steps; of the request or, once it failed, of the answer */
	uint32_t txn;  /* the bits of names.txn that guess does not hold */
	uint16_t guess;
	uint16_t failed;
};

struct trial {
	uint32_t n;
	struct slot slot[LOGIN_SLOTS];
};

/* Failures as a log: each entry stands for `count` of them, the first at `when`. */
struct tally {
	uint32_t n;
	struct entry {
		uint32_t when;
		uint32_t count;
	} entry[LOGIN_SLOTS];
};

union guess_record {
	struct trial trial;
	struct tally tally;
};

size_t guesses_size(void)
{
	return sizeof(union guess_record);
}

static uint32_t step_of(uint64_t now)
{
	return (uint32_t)(now >> STEP_BITS);
}

/* Clocks of workers differ a little: what is ahead of ours is as old as nothing. */
static uint32_t age_of(uint32_t when, uint32_t now)
{
	uint32_t age = now - when;

	return age > UINT32_MAX - STEPS(60) ? 0 : age;
}

static void slot_remove(struct trial *t, unsigned i)
{
	t->n--;
	memmove(&t->slot[i], &t->slot[i + 1], (t->n - i) * sizeof(*t->slot));
}

static struct slot *slot_of(struct trial *t, uint64_t txn)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->slot[i].txn == (uint32_t)txn)
			return &t->slot[i];
	return NULL;
}

/* Forgets what no limit can ask for any more. */
static void expire(struct trial *t, uint32_t now)
{
	for (unsigned i = 0; i < t->n;) {
		const struct slot *s = &t->slot[i];
		uint32_t most = s->failed ? STEPS(2 * LOGIN_LONGEST) : STEPS(LOGIN_FLIGHT);

		if (age_of(s->when, now) >= most)
			slot_remove(t, i);
		else
			i++;
	}
}

struct judgement {
	bool locked;
	uint32_t left;   /* steps until the lock ends */
	unsigned counted; /* failures that count against the limit, when it is not locked */
};

/*
 * Goes through the failures as they came: each that completes so many within a
 * window begins a lock, and counting begins anew behind it.  Only what is younger than
 * recent counts.
 */
static struct judgement judge(const struct trial *t, const struct login_limit *l, uint32_t now,
			      uint32_t recent)
{
	uint32_t window = (uint32_t)(l->window >> STEP_BITS);
	uint32_t lock = (uint32_t)(l->lock >> STEP_BITS);
	uint32_t failed[LOGIN_SLOTS];
	unsigned n = 0, first = 0;
	struct judgement j = { false, 0, 0 };

	for (unsigned i = 0; i < t->n; i++) {
		if (!t->slot[i].failed || age_of(t->slot[i].when, now) >= recent)
			continue;
		failed[n++] = t->slot[i].when;
		while (age_of(failed[first], failed[n - 1]) >= window)
			first++;
		if (n - first < l->failures)
			continue;
		j.locked = age_of(failed[n - 1], now) < lock;
		j.left = lock - age_of(failed[n - 1], now);
		first = n;
	}
	while (first < n && age_of(failed[first], now) >= window)
		first++;
	j.counted = n - first;
	return j;
}

/* Failures that count no more, because of their age or because their lock is over. */
static void forget_old(struct trial *t, unsigned counted)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < t->n; i++)
		failures += t->slot[i].failed;
	for (unsigned i = 0; i < t->n && failures > counted;) {
		if (t->slot[i].failed) {
			slot_remove(t, i);
			failures--;
		} else {
			i++;
		}
	}
}

/* How old failures are that are excused, in steps. */
static uint32_t recent_of(const struct login_limit *l, uint64_t now)
{
	if (!l->excused || now > l->excused + 2 * LOGIN_LONGEST * NS)
		return UINT32_MAX;
	return now > l->excused ? (uint32_t)((now - l->excused) >> STEP_BITS) : 0;
}

static enum login_answer judge_now(struct trial *t, const struct login_limit *l, uint64_t now,
				   uint64_t *until)
{
	struct judgement j;

	expire(t, step_of(now));
	j = judge(t, l, step_of(now), recent_of(l, now));
	if (j.locked) {
		*until = now + ((uint64_t)j.left << STEP_BITS);
		return LOGIN_LOCKED;
	}
	forget_old(t, j.counted);
	return LOGIN_OPEN;
}

static void slot_add(struct trial *t, uint64_t txn, uint64_t guess, bool failed, uint64_t now)
{
	if (t->n == LOGIN_SLOTS)
		slot_remove(t, 0);
	t->slot[t->n++] = (struct slot){ step_of(now), (uint32_t)txn, (uint16_t)guess, failed };
}

/* In a table full of failures the oldest gives way: what is not counted is not limited. */
static struct hold make_trial(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_make(st->guesses, key, now, RANK_TRIED);

	return h.value ? h : table_make(st->guesses, key, now, RANK_FAILED);
}

enum login_answer trial_try(struct state *st, uint64_t key, uint64_t txn, uint64_t guess,
			    const struct login_limit *l, bool vouched, uint64_t now,
			    uint64_t *until)
{
	struct hold h = vouched ? table_find(st->guesses, key, now) : make_trial(st, key, now);
	struct trial *t = h.value;
	const struct slot *same;
	enum login_answer answer;

	if (!t)
		return LOGIN_OPEN;
	same = slot_of(t, txn);
	if (same) {
		answer = same->guess == (uint16_t)guess ? LOGIN_OPEN : LOGIN_CHANGED;
		table_release(&h);
		return answer;
	}
	answer = judge_now(t, l, now, until);
	if (answer == LOGIN_OPEN && !vouched && t->n >= l->failures)
		answer = LOGIN_BUSY;
	if (answer == LOGIN_OPEN && !vouched) {
		slot_add(t, txn, guess, false, now);
		table_keep(&h, now, now + LOGIN_FLIGHT * NS, RANK_TRIED);
	}
	table_release(&h);
	return answer;
}

enum login_answer trial_state(struct state *st, uint64_t key, const struct login_limit *l,
			      uint64_t now, uint64_t *until)
{
	struct hold h = table_find(st->guesses, key, now);
	enum login_answer answer = LOGIN_OPEN;

	if (h.value)
		answer = judge_now(h.value, l, now, until);
	table_release(&h);
	return answer;
}

void trial_failed(struct state *st, uint64_t key, uint64_t txn, uint64_t guess, uint64_t now)
{
	struct hold h = table_make(st->guesses, key, now, RANK_FAILED);
	struct trial *t = h.value;
	const struct slot *s;
	unsigned failures = 1;

	if (!t)
		return;
	s = slot_of(t, txn);
	if (s)
		slot_remove(t, (unsigned)(s - t->slot));
	for (unsigned i = 0; i < t->n; i++)
		failures += t->slot[i].failed;
	slot_add(t, txn, guess, true, now);
	table_keep(&h, now, now + LOGIN_LONGEST * NS,
		   failures >= MANY ? RANK_MANY : RANK_FAILED);
	table_release(&h);
}

void trial_let_go(struct state *st, uint64_t key, uint64_t txn, uint64_t now)
{
	struct hold h = table_find(st->guesses, key, now);
	struct trial *t = h.value;
	const struct slot *s = t ? slot_of(t, txn) : NULL;

	if (s && !s->failed)
		slot_remove(t, (unsigned)(s - t->slot));
	if (t && !t->n)
		table_drop(&h);
	else
		table_release(&h);
}

void trial_forget(struct state *st, uint64_t key)
{
	(void)table_forget(st->guesses, key);
}

/* ---- failures alone ---- */

/* The oldest neighbours that are smallest together become one: of more than there is
 * room for, the latest are kept apart longest. */
static void tally_merge(struct tally *t)
{
	unsigned at = 0;
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i + 1 < t->n; i++) {
		uint32_t both = t->entry[i].count + t->entry[i + 1].count;

		if (both < least) {
			least = both;
			at = i;
		}
	}
	t->entry[at].count = least;
	t->n--;
	memmove(&t->entry[at + 1], &t->entry[at + 2], (t->n - at - 1) * sizeof(*t->entry));
}

void tally_add(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_make(st->guesses, key, now, RANK_FAILED);
	struct tally *t = h.value;
	uint32_t step = step_of(now);

	if (!t)
		return;
	while (t->n && age_of(t->entry[0].when, step) >= STEPS(LOGIN_LONGEST)) {
		t->n--;
		memmove(t->entry, t->entry + 1, t->n * sizeof(*t->entry));
	}
	if (t->n == LOGIN_SLOTS)
		tally_merge(t);
	t->entry[t->n++] = (struct entry){ step, 1 };
	table_keep(&h, now, now + LOGIN_LONGEST * NS, t->n >= MANY ? RANK_MANY : RANK_FAILED);
	table_release(&h);
}

uint32_t tally_count(struct state *st, uint64_t key, uint64_t window, uint64_t now)
{
	struct hold h = table_find(st->guesses, key, now);
	const struct tally *t = h.value;
	uint32_t n = 0;

	for (unsigned i = 0; t && i < t->n; i++)
		if (age_of(t->entry[i].when, step_of(now)) < window >> STEP_BITS)
			n += t->entry[i].count;
	table_release(&h);
	return n;
}
