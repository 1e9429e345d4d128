/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logins.h"

#include "memory.h"
#include "store.h"

#define STEP_BITS 20 /* of a time in a record: 32 bits reach 52 days */
#define STEPS(seconds) ((uint32_t)((uint64_t)(seconds) * NS >> STEP_BITS))
#define MANY 5 /* failures that make a record worth more than others */

enum { RANK_TRIED, RANK_FAILED, RANK_MANY };
enum { RANK_SUCCESS = 2 };
enum tally_kind { TALLY_SITE = 0x20, TALLY_USER };

struct success {
	uint64_t at; /* 0: never */
};

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

size_t logins_size(void)
{
	return sizeof(struct success);
}

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

/* Not key_with: the users of an office must not crowd one bucket. */
static uint64_t key_of(uint64_t user, uint64_t site)
{
	uint64_t key = (user ^ site) * 0x9e3779b97f4a7c15u + site;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

void logins_prefetch(const struct state *st, uint64_t user, uint64_t site)
{
	uint64_t key = key_of(user, site);

	table_prefetch(st->logins, key);
	table_prefetch(st->guesses, key);
}

/* ---- successes ---- */

static uint64_t success_at(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->logins, key, now);
	uint64_t at = h.value ? ((const struct success *)h.value)->at : 0;

	table_release(&h);
	return at;
}

static bool within(uint64_t at, uint64_t seconds, uint64_t now)
{
	return at && (at > now || now - at < seconds * NS);
}

bool login_proven(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	return within(success_at(st, key_of(user, site), now), LOGIN_PROVEN, now);
}

static void succeed(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_make(st->logins, key, now, RANK_SUCCESS);

	if (h.value) {
		((struct success *)h.value)->at = now;
		table_keep(&h, now, now + LOGIN_PROVEN * NS, RANK_SUCCESS);
		table_release(&h);
	}
	(void)table_forget(st->guesses, key);
}

/* ---- attempts of a user from a site ---- */

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
 * window begins a lock, and counting begins anew behind it.
 */
static struct judgement judge(const struct trial *t, const struct login_limit *l, uint32_t now)
{
	uint32_t window = (uint32_t)(l->window >> STEP_BITS);
	uint32_t lock = (uint32_t)(l->lock >> STEP_BITS);
	uint32_t failed[LOGIN_SLOTS];
	unsigned n = 0, first = 0;
	struct judgement j = { false, 0, 0 };

	for (unsigned i = 0; i < t->n; i++) {
		if (!t->slot[i].failed)
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

static enum login_answer judge_now(struct trial *t, const struct login_limit *l, uint64_t now,
				   uint64_t *until)
{
	struct judgement j;

	expire(t, step_of(now));
	j = judge(t, l, step_of(now));
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

enum login_answer login_try(struct state *st, uint64_t user, uint64_t site, uint64_t txn,
			    uint64_t guess, const struct login_limit *l, uint64_t now,
			    uint64_t *until)
{
	uint64_t key = key_of(user, site);
	bool known = within(success_at(st, key, now), LOGIN_RECENT, now);
	struct hold h = known ? table_find(st->guesses, key, now) :
				table_make(st->guesses, key, now, RANK_TRIED);
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
	if (answer == LOGIN_OPEN && !known && t->n >= l->failures)
		answer = LOGIN_BUSY;
	if (answer == LOGIN_OPEN && !known) {
		slot_add(t, txn, guess, false, now);
		table_keep(&h, now, now + LOGIN_FLIGHT * NS, RANK_TRIED);
	}
	table_release(&h);
	return answer;
}

enum login_answer login_state(struct state *st, uint64_t user, uint64_t site,
			      const struct login_limit *l, uint64_t now, uint64_t *until)
{
	struct hold h = table_find(st->guesses, key_of(user, site), now);
	enum login_answer answer = LOGIN_OPEN;

	if (h.value)
		answer = judge_now(h.value, l, now, until);
	table_release(&h);
	return answer;
}

/* ---- failures of a site, of a user ---- */

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

static uint64_t tally_key(uint64_t whose, enum tally_kind kind)
{
	return key_of(whose, kind * 0x9e3779b97f4a7c15u);
}

static void tally_add(struct state *st, uint64_t key, uint64_t now)
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

static uint32_t tally_count(struct state *st, uint64_t key, uint64_t window, uint64_t now)
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

uint32_t login_failures_at(struct state *st, uint64_t site, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(site, TALLY_SITE), window, now);
}

uint32_t login_failures_of(struct state *st, uint64_t user, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(user, TALLY_USER), window, now);
}

/* ---- what answers teach ---- */

static void fail(struct state *st, const struct transaction *asked, uint64_t txn, uint64_t now)
{
	struct hold h = table_make(st->guesses, key_of(asked->user, asked->site), now, RANK_FAILED);
	struct trial *t = h.value;
	unsigned failures = 1;

	if (t) {
		const struct slot *s = slot_of(t, txn);

		if (s)
			slot_remove(t, (unsigned)(s - t->slot));
		for (unsigned i = 0; i < t->n; i++)
			failures += t->slot[i].failed;
		slot_add(t, txn, asked->guess, true, now);
		table_keep(&h, now, now + LOGIN_LONGEST * NS,
			   failures >= MANY ? RANK_MANY : RANK_FAILED);
		table_release(&h);
	}
	tally_add(st, tally_key(asked->site, TALLY_SITE), now);
	tally_add(st, tally_key(asked->user, TALLY_USER), now);
}

/* The answer says nothing about the credentials. */
static void let_go(struct state *st, const struct transaction *asked, uint64_t txn, uint64_t now)
{
	struct hold h = table_find(st->guesses, key_of(asked->user, asked->site), now);
	struct trial *t = h.value;
	const struct slot *s = t ? slot_of(t, txn) : NULL;

	if (s && !s->failed)
		slot_remove(t, (unsigned)(s - t->slot));
	if (t && !t->n)
		table_drop(&h);
	else
		table_release(&h);
}

static bool is_stale(const struct sip_msg *sip)
{
	static const uint8_t headers[] = { HDR_WWW_AUTHENTICATE, HDR_PROXY_AUTHENTICATE };
	struct slice line, value;

	for (unsigned i = 0; i < sizeof(headers); i++) {
		unsigned at = 0;

		while (sip_next(sip, headers[i], &at, &line))
			if (sip_digest_param(line, SLICE("stale"), &value) &&
			    slice_ieq(value, SLICE("true")))
				return true;
	}
	return false;
}

enum outcome { NEUTRAL, FAILURE, SUCCESS };

/*
 * 404 may come before the credentials were looked at, and anything but REGISTER and
 * INVITE is often served without looking.  What follows a 18x was said by who was
 * called, and 403 to a call of who has logged in means that he may not call there.
 */
static enum outcome outcome_of(const struct lesson *l, bool known)
{
	const struct transaction *asked = l->asked;
	unsigned status = l->sip->status;
	bool vouches = asked->method == METHOD_REGISTER || asked->method == METHOD_INVITE;

	if (asked->status > 100 && status >= 300)
		return NEUTRAL;
	if (status == 401 || status == 407)
		return is_stale(l->sip) ? NEUTRAL : FAILURE;
	if (status == 403)
		return known && asked->method != METHOD_REGISTER ? NEUTRAL : FAILURE;
	return vouches && status < 300 ? SUCCESS : NEUTRAL;
}

void logins_learn(struct state *st, const struct lesson *l)
{
	const struct transaction *asked = l->asked;
	uint64_t key;

	if (l->pkt->dir != DIR_OUTBOUND || l->sip->kind != SIP_RESPONSE || !asked || l->again ||
	    (asked->flags & (TXN_LOGIN | TXN_INSIDE)) != TXN_LOGIN || l->sip->status <= 100)
		return;
	key = key_of(asked->user, asked->site);
	switch (outcome_of(l, within(success_at(st, key, l->now), LOGIN_PROVEN, l->now))) {
	case FAILURE:
		fail(st, asked, l->names->txn, l->now);
		return;
	case SUCCESS:
		succeed(st, key, l->now);
		return;
	case NEUTRAL:
		let_go(st, asked, l->names->txn, l->now);
	}
}
