/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logins.h"

#include "bindings.h"
#include "guesses.h"
#include "memory.h"
#include "sight.h"
#include "store.h"

#define NOTE_SECONDS 3600 /* for which credentials without a success are remembered */

enum { RANK_NOTE, RANK_SUCCESS = 2 };
enum tally_kind { TALLY_SITE = 0x20, TALLY_USER, TALLY_FORGED, TALLY_SHOWN,
		  TALLY_ALONE };

/* One user at one site. */
struct login {
	uint64_t at;       /* of the latest success, 0: none */
	uint32_t nonce;    /* upper half of names.nonce of the latest credentials */
	uint32_t guess;    /* and lower half of names.guess */
	uint32_t nc;       /* highest count that came with that nonce */
	uint32_t failed;   /* as guess: what failed last with it */
	uint16_t wrong;    /* different credentials with it that failed */
	uint16_t lost;     /* failures since the latest success, with any nonce; up to 1000 */
	bool went_back;    /* its count did */
	bool told;         /* it came when there were failures */
};

size_t logins_size(void)
{
	return sizeof(struct login);
}

/* Not key_with: the users of an office must not crowd one bucket. */
static uint64_t key_of(uint64_t user, uint64_t site)
{
	uint64_t key = (user ^ site) * 0x9e3779b97f4a7c15u + site;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

void logins_prefetch(const struct state *st, uint64_t user, uint64_t site, table_fetch *fetch)
{
	uint64_t key = key_of(user, site);

	fetch(st->logins, key);
	fetch(st->guesses, key);
}

/* What fails with a nonce of others, where the user is at home. */
static uint64_t forged_key(uint64_t user, uint64_t site)
{
	return key_of(user, site ^ TALLY_FORGED * 0x9e3779b97f4a7c15u);
}

static uint32_t upper(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

static bool within(uint64_t at, uint64_t seconds, uint64_t now)
{
	return at && (at > now || now - at < seconds * NS);
}

static struct login read_login(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->logins, key, now);
	struct login r = { 0 };

	if (h.value)
		r = *(const struct login *)h.value;
	table_release(&h);
	return r;
}

bool login_proven(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	return within(read_login(st, key_of(user, site), now).at, LOGIN_PROVEN, now) ||
	       binding_held(st, user, site, now);
}

void login_find(struct state *st, const struct names *n, uint64_t now, struct login_facts *out)
{
	struct login r = read_login(st, key_of(n->login, n->site), now);

	*out = (struct login_facts){
		.proven = within(r.at, LOGIN_PROVEN, now) ||
			  binding_held(st, n->login, n->site, now),
		.recent = within(r.at, LOGIN_RECENT, now),
		.reused = r.guess && r.nonce == upper(n->nonce),
		.repeated = r.guess == (uint32_t)n->guess && r.nonce == upper(n->nonce),
		.failing = r.lost,
		.went_back = r.went_back,
		.told = r.told,
		.nc = r.nc,
		.wrong = r.wrong,
	};
}

enum login_answer login_try(struct state *st, const struct names *n, const struct login_facts *f,
			    bool challenged, const struct login_limit *l, uint64_t now,
			    uint64_t *until)
{
	uint64_t key = f->proven && !challenged ? forged_key(n->login, n->site) :
						  key_of(n->login, n->site);

	return trial_try(st, key, n->txn, n->guess, l, f->recent, now, until);
}

enum login_answer login_state(struct state *st, uint64_t user, uint64_t site,
			      const struct login_limit *l, uint64_t now, uint64_t *until)
{
	return trial_state(st, key_of(user, site), l, now, until);
}

static uint64_t tally_key(uint64_t whose, enum tally_kind kind)
{
	return key_of(whose, kind * 0x9e3779b97f4a7c15u);
}

uint32_t login_failures_at(struct state *st, uint64_t site, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(site, TALLY_SITE), window, now);
}

uint32_t login_failures_shown(struct state *st, uint64_t site, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(site, TALLY_SHOWN), window, now);
}

uint32_t login_failures_alone(struct state *st, uint64_t site, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(site, TALLY_ALONE), window, now);
}

uint32_t login_failures_of(struct state *st, uint64_t user, uint64_t window, uint64_t now)
{
	return tally_count(st, tally_key(user, TALLY_USER), window, now);
}

/* ---- what messages teach ---- */

/* The latest credentials of a user from a site. */
static void note(struct state *st, const struct lesson *l)
{
	const struct names *n = l->names;
	struct hold h = table_make(st->logins, key_of(n->login, n->site), l->now, RANK_NOTE);
	struct login *r = h.value;

	if (!r)
		return;
	if (!r->guess || r->nonce != upper(n->nonce)) {
		r->nonce = upper(n->nonce);
		r->nc = r->failed = 0;
		r->wrong = 0;
		r->went_back = r->told = false;
	} else if (n->nc && n->nc <= r->nc) {
		r->went_back = true;
	}
	r->told |= r->lost > 0;
	r->nc = n->nc > r->nc ? n->nc : r->nc;
	r->guess = (uint32_t)n->guess;
	table_keep(&h, l->now, l->now + NOTE_SECONDS * NS, RANK_NOTE);
	table_release(&h);
}

static void succeed(struct state *st, const struct transaction *asked, uint64_t now)
{
	uint64_t key = key_of(asked->user, asked->site);
	struct hold h = table_make(st->logins, key, now, RANK_SUCCESS);
	struct login *r = h.value;

	if (r) {
		r->at = now;
		r->wrong = r->lost = 0;
		table_keep(&h, now, now + LOGIN_PROVEN * NS, RANK_SUCCESS);
		table_release(&h);
	}
	trial_forget(st, key);
	trial_forget(st, forged_key(asked->user, asked->site));
}

/* Does the answer offer the same nonce again?  Some servers make one a second: who
 * takes what he is offered does not cling to it. */
static bool offers_again(const struct state *st, const struct lesson *l)
{
	static const uint8_t headers[] = { HDR_WWW_AUTHENTICATE, HDR_PROXY_AUTHENTICATE };
	struct slice line, nonce;

	for (unsigned i = 0; i < sizeof(headers); i++) {
		unsigned at = 0;

		while (sip_next(l->sip, headers[i], &at, &line))
			if (sip_digest_param(line, SLICE("nonce"), &nonce) &&
			    upper(name_bytes(st, NAME_NONCE, nonce)) == upper(l->asked->guess))
				return true;
	}
	return false;
}

static void note_failure(struct state *st, const struct lesson *l,
			 const struct transaction *asked, uint64_t key)
{
	bool again = l->sip->kind == SIP_RESPONSE && offers_again(st, l);
	struct hold h = table_find(st->logins, key, l->now);
	struct login *r = h.value;

	if (r && r->lost < 1000)
		r->lost++;
	if (r && !again && r->nonce == upper(asked->guess) &&
	    r->failed != (uint32_t)asked->guess) {
		r->failed = (uint32_t)asked->guess;
		r->wrong += r->wrong < 1000;
	}
	table_release(&h);
}

static void fail(struct state *st, const struct lesson *l, const struct transaction *asked,
		 bool proven)
{
	bool challenged = asked->flags & TXN_CHALLENGED;
	uint64_t key = key_of(asked->user, asked->site);

	note_failure(st, l, asked, key);
	trial_failed(st, proven && !challenged ? forged_key(asked->user, asked->site) : key,
		     l->names->txn, asked->guess, l->now);
	if (proven && challenged) {
		/* him his own limit holds, and the server may be wrong */
		sight_refused(st, &l->inside, asked->user, l->now);
		return;
	}
	tally_add(st, tally_key(asked->user, TALLY_USER), l->now);
	if (challenged || source_standing(st, asked->site, l->now) != REGISTERED)
		tally_add(st, tally_key(asked->site, TALLY_SITE), l->now);
	if (challenged)
		tally_add(st, tally_key(asked->site, TALLY_SHOWN), l->now);
	if (asked->flags & TXN_ALONE)
		tally_add(st, tally_key(asked->site, TALLY_ALONE), l->now);
}

/* The answer says nothing about the credentials. */
static void let_go(struct state *st, const struct transaction *asked, uint64_t txn, uint64_t now)
{
	trial_let_go(st, key_of(asked->user, asked->site), txn, now);
	if (!(asked->flags & TXN_CHALLENGED))
		trial_let_go(st, forged_key(asked->user, asked->site), txn, now);
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
 * Did the credentials matter?  REGISTER is always asked for them.  Calls to some
 * numbers, or from other domains, are not: an INVITE counts when the very same one was
 * challenged before, else whoever guesses could call such a number in between, and
 * begin anew.  Anything else is often served without looking.  Of several users it is
 * not known who was taken: it may be a good account of whoever guesses for another.
 */
bool login_vouches(const struct transaction *asked)
{
	if (asked->flags & TXN_SEVERAL)
		return false;
	return asked->method == METHOD_REGISTER ||
	       (asked->method == METHOD_INVITE && asked->flags & TXN_SAME);
}

/*
 * 404 may come before the credentials were looked at.  What follows a 18x was said by
 * who was called, and 403 to a call of who has logged in means that he may not call
 * there.
 */
static enum outcome outcome_of(const struct lesson *l, bool proven)
{
	const struct transaction *asked = l->asked;
	unsigned status = l->sip->status;

	if (asked->status > 100 && status >= 300)
		return NEUTRAL;
	if (status == 401 || status == 407)
		return is_stale(l->sip) ? NEUTRAL : FAILURE;
	if (status == 403)
		return proven && asked->method != METHOD_REGISTER ? NEUTRAL : FAILURE;
	return login_vouches(asked) && status < 300 ? SUCCESS : NEUTRAL;
}

static void learn_answer(struct state *st, const struct lesson *l)
{
	const struct transaction *asked = l->asked;
	bool proven;

	if (!asked || l->again || (asked->flags & (TXN_LOGIN | TXN_INSIDE)) != TXN_LOGIN ||
	    l->sip->status <= 100)
		return;
	proven = login_proven(st, asked->user, asked->site, l->now);
	switch (outcome_of(l, proven)) {
	case FAILURE:
		fail(st, l, asked, proven);
		return;
	case SUCCESS:
		succeed(st, asked, l->now);
		sight_accepted(st, &l->inside, l->now);
		return;
	case NEUTRAL:
		let_go(st, asked, l->names->txn, l->now);
	}
}

void logins_learn(struct state *st, const struct lesson *l)
{
	bool request = l->sip->kind == SIP_REQUEST;

	if (l->pkt->dir == DIR_OUTBOUND && !request)
		learn_answer(st, l);
	/* its answer will not be known for what it is */
	if (l->other && l->pkt->dir == DIR_INBOUND && l->other->flags & TXN_LOGIN &&
	    l->other->guess != l->names->guess)
		fail(st, l, l->other, login_proven(st, l->other->user, l->other->site, l->now));
	/* ACK and CANCEL repeat the credentials of their INVITE */
	if (l->pkt->dir == DIR_INBOUND && request && l->names->login && !l->again &&
	    l->sip->method != METHOD_ACK && l->sip->method != METHOD_CANCEL)
		note(st, l);
}
