/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table `audits`: what came of audits, and the age of nonces. */
#include "audits.h"

#include "logins.h"
#include "memory.h"
#include "store.h"
#include "told.h"
#include "whose.h"

#define DAY (86400 * NS)
#define LONGEST (32 * DAY) /* no audit_plan.every is longer */
#define NONCE_LIFE (4 * 3600 * NS)
#define WEAK_DAY 0x0a0d17

enum { RANK_NONCE, RANK_SITE, RANK_USER };

struct audit {
	uint64_t at;    /* audited last, or being audited; of a nonce: first given */
	uint64_t weak;  /* until then: found weak */
	uint64_t of;    /* USER: in which realm (whose); NONCE: to which site first */
};

size_t audits_size(void)
{
	return sizeof(struct audit);
}

static struct audit read_audit(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->audits, key, now);
	struct audit a = { 0 };

	if (h.value)
		a = *(const struct audit *)h.value;
	table_release(&h);
	return a;
}

static void write_audit(struct state *st, uint64_t key, const struct audit *a, uint64_t now,
			uint64_t until, uint8_t rank)
{
	struct hold h = table_make(st->audits, key, now, rank);

	if (!h.value)
		return;
	*(struct audit *)h.value = *a;
	table_set(&h, now, until, rank);
	table_release(&h);
}

uint64_t audit_whose(const struct state *st, uint64_t user, struct slice realm)
{
	return whose_key(user ^ name_bytes(st, NAME_REALM, realm), WHOSE_REALM);
}

bool audit_is_weak(struct state *st, uint64_t whose, uint64_t now)
{
	return read_audit(st, whose, now).weak > now;
}

bool audit_is_due(struct state *st, uint64_t whose, const struct audit_due *due, uint64_t now)
{
	struct audit a = read_audit(st, whose, now);

	return !a.at || now >= a.at + (a.weak > now ? due->recheck : due->every);
}

bool audit_wanted(struct state *st, uint64_t whose, const struct audit_due *due, uint64_t now)
{
	return audit_is_due(st, whose, due, now) || audit_is_weak(st, whose, now);
}

void audit_taken(struct state *st, uint64_t whose, uint64_t now)
{
	struct audit a = read_audit(st, whose, now);

	a.at = now;
	write_audit(st, whose, &a, now, a.weak > now ? a.weak : now + LONGEST, RANK_USER);
}

/* ---- results ---- */

static uint64_t site_key(uint64_t user, uint64_t site)
{
	return whose_key(whose_key(user, WHOSE_SITE) ^ site, WHOSE_SITE);
}

void audit_mark_site(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	struct audit of_user = read_audit(st, whose_key(user, WHOSE_USER), now);

	if (of_user.weak > now)
		write_audit(st, site_key(user, site), &of_user, now, of_user.weak, RANK_SITE);
}

static void find_strong(struct state *st, const struct audit_task *t, uint64_t now)
{
	uint64_t user = whose_key(t->user, WHOSE_USER);
	struct audit a = { .at = now }, of_user = read_audit(st, user, now);

	write_audit(st, t->whose, &a, now, now + LONGEST, RANK_USER);
	if (of_user.at && of_user.of == t->whose)
		table_forget(st->audits, user);
}

static void find_weak(struct state *st, const struct audit_task *t, uint64_t hold, uint64_t now)
{
	struct audit a = { .at = now, .weak = now + hold, .of = t->whose };
	struct addr site = addr_site(&t->outside);

	write_audit(st, t->whose, &a, now, a.weak, RANK_USER);
	write_audit(st, whose_key(t->user, WHOSE_USER), &a, now, a.weak, RANK_USER);
	audit_mark_site(st, t->user, key_of_addr(st, &site), now);
}

bool audit_found(struct state *st, const struct audit_task *t, bool weak, uint64_t hold,
		 uint64_t now)
{
	bool was = audit_is_weak(st, t->whose, now);

	if (!weak) {
		find_strong(st, t, now);
		return was;
	}
	find_weak(st, t, hold, now);
	return told_now(st, key_with(t->whose, WEAK_DAY), now, now + DAY) || !was;
}

/* ---- whose request is it ---- */

/* In any realm; but if this very one was audited, that counts. */
static bool is_weak_login(struct state *st, uint64_t user, struct slice realm, uint64_t now)
{
	struct audit a = read_audit(st, audit_whose(st, user, realm), now);

	if (!a.at)
		a = read_audit(st, whose_key(user, WHOSE_USER), now);
	return a.weak > now;
}

static bool is_weak_there(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	return user && read_audit(st, whose_key(user, WHOSE_USER), now).weak > now &&
	       read_audit(st, site_key(user, site), now).weak > now;
}

bool audit_weak(struct state *st, const struct sip_msg *sip, const struct names *n, uint64_t user,
		uint64_t now)
{
	static const uint8_t headers[] = { HDR_AUTHORIZATION, HDR_PROXY_AUTHORIZATION };
	bool any = false;

	for (unsigned i = 0; i < sizeof(headers); i++) {
		struct slice line, name, realm;
		unsigned at = 0;

		/* of several users it may be any one's call */
		while (sip_next(sip, headers[i], &at, &line)) {
			if (!sip_digest_param(line, SLICE("username"), &name) || !name.n)
				continue;
			if (!sip_digest_param(line, SLICE("realm"), &realm))
				realm = SLICE_NONE;
			any = true;
			if (is_weak_login(st, name_login(st, name), realm, now))
				return true;
		}
	}
	return !any && is_weak_there(st, n->from_user ? n->from_user : user, n->site, now);
}

/* ---- nonces ---- */

/* Transactions keep that half of it alone. */
static uint64_t nonce_key(uint64_t nonce)
{
	return whose_key(nonce >> 32, WHOSE_NONCE);
}

struct nonce_past audit_nonce_given(struct state *st, uint64_t nonce, uint64_t site, uint64_t now)
{
	struct hold h = table_make(st->audits, nonce_key(nonce), now, RANK_NONCE);
	struct audit *a = h.value;
	struct nonce_past past = { 0 };

	if (!a)
		return past;
	if (h.fresh) {
		*a = (struct audit){ .at = now, .of = site };
		table_keep(&h, now, now + NONCE_LIFE, RANK_NONCE);
	} else {
		past.age = now > a->at ? now - a->at : 0;
		past.other_site = a->of != site;
	}
	table_release(&h);
	return past;
}

uint64_t audit_nonce_age(struct state *st, uint64_t nonce, uint64_t now)
{
	uint64_t at = read_audit(st, nonce_key(nonce), now).at;

	return at && now > at ? now - at : 0;
}

void audit_nonce_old(struct state *st, uint64_t txn, uint64_t age, uint64_t now)
{
	struct audit a = { .at = now, .of = age };

	write_audit(st, whose_key(txn, WHOSE_OLD), &a, now, now + TXN_SHORT * NS, RANK_NONCE);
}

uint64_t audit_nonce_was_old(struct state *st, uint64_t txn, uint64_t now)
{
	return read_audit(st, whose_key(txn, WHOSE_OLD), now).of;
}
