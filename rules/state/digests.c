/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table `digests`: credentials until their answer, and from then to the audit. */
#include "audits.h"

#include "audit.h"
#include "logins.h"
#include "memory.h"
#include "store.h"
#include "whose.h"

#define READY_SECONDS 7200 /* an audit of long lists may take that long */
#define RANK_READY 2

enum phase { PHASE_ASKED, PHASE_MIXED, PHASE_READY };

struct digest {
	uint64_t until; /* the record's end: nobody else keeps what the sweep wipes by */
	uint64_t guess; /* names.guess */
	uint8_t phase, skip;
	struct audit_task task;
};

size_t digests_size(void)
{
	return sizeof(struct digest);
}

/* ---- reading ---- */

static bool add(struct audit_task *t, enum audit_part part, struct slice bytes, uint32_t *used)
{
	if (bytes.n > sizeof(t->text) - *used)
		return false;
	if (bytes.n)
		memcpy(t->text + *used, bytes.p, bytes.n);
	t->n[part] = (uint16_t)bytes.n;
	*used += bytes.n;
	return true;
}

static int hex_of(char c)
{
	c = ascii_lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_response(struct slice hex, struct audit_task *t)
{
	uint32_t n = t->hash == AUDIT_MD5 ? 16 : 32;

	if (hex.n != 2 * n)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		int high = hex_of(hex.p[2 * i]), low = hex_of(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		t->response[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static struct slice param_of(struct slice credentials, const char *name)
{
	struct slice value = SLICE_NONE;

	(void)sip_digest_param(credentials, slice_of(name), &value);
	return value;
}

static bool read_algorithm(struct slice name, struct audit_task *t)
{
	static const struct {
		struct slice name;
		enum audit_hash hash;
	} known[] = { { SLICE("MD5"), AUDIT_MD5 },
		      { SLICE("SHA-256"), AUDIT_SHA_256 },
		      { SLICE("SHA-512-256"), AUDIT_SHA_512_256 } };
	const struct slice sess = SLICE("-sess");

	if (!name.n)
		return true; /* MD5: RFC 7616 3.3 */
	t->sess = name.n > sess.n &&
		  slice_ieq((struct slice){ name.p + name.n - sess.n, sess.n }, sess);
	name.n -= t->sess ? sess.n : 0;
	for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (slice_ieq(name, known[i].name)) {
			t->hash = (uint8_t)known[i].hash;
			return true;
		}
	return false;
}

static bool read_text(struct slice c, struct slice method, struct audit_task *t)
{
	const struct slice none = SLICE_NONE;
	bool count = t->qop || t->sess;
	uint32_t used = 0;

	return add(t, AUDIT_USERNAME, param_of(c, "username"), &used) &&
	       add(t, AUDIT_REALM, param_of(c, "realm"), &used) &&
	       add(t, AUDIT_METHOD, method, &used) &&
	       add(t, AUDIT_NONCE, param_of(c, "nonce"), &used) &&
	       add(t, AUDIT_URI, param_of(c, "uri"), &used) &&
	       add(t, AUDIT_NC, t->qop ? param_of(c, "nc") : none, &used) &&
	       add(t, AUDIT_CNONCE, count ? param_of(c, "cnonce") : none, &used);
}

enum audit_skip audit_read(struct slice credentials, struct slice method, struct audit_task *out)
{
	struct slice qop = param_of(credentials, "qop");

	*out = (struct audit_task){ .hash = AUDIT_MD5 };
	if (!read_algorithm(param_of(credentials, "algorithm"), out))
		return SKIP_ALGORITHM;
	if (slice_ieq(param_of(credentials, "userhash"), SLICE("true")))
		return SKIP_USERHASH;
	if (slice_ieq(qop, SLICE("auth-int")))
		return SKIP_AUTH_INT;
	out->qop = slice_ieq(qop, SLICE("auth"));
	if ((qop.n && !out->qop) || !read_response(param_of(credentials, "response"), out))
		return SKIP_BROKEN;
	return read_text(credentials, method, out) ? SKIP_NONE : SKIP_LONG;
}

/* ---- until the answer ---- */

static uint64_t asked_key(uint64_t txn)
{
	return whose_key(txn, WHOSE_ASKED);
}

void audit_asked(struct state *st, const struct names *n, const struct audit_task *t,
		 enum audit_skip skip, unsigned rank, uint64_t now)
{
	struct hold h = table_make(st->digests, asked_key(n->txn), now, rank > 0);
	struct digest *d = h.value;

	if (!d)
		return;
	/* one name for two logins: which one the answer is for is not known */
	if (!h.fresh && d->guess != n->guess)
		d->phase = PHASE_MIXED;
	if (h.fresh) {
		d->task = *t;
		d->guess = n->guess;
		d->phase = PHASE_ASKED;
		d->skip = (uint8_t)skip;
		d->until = now + TXN_SHORT * NS;
	}
	table_keep(&h, now, now + TXN_SHORT * NS, 0);
	table_release(&h);
}

/* Takes what waited for this answer, and leaves nothing of it behind. */
static bool take(struct state *st, uint64_t txn, uint64_t guess, uint64_t now, struct digest *out)
{
	struct hold h = table_find(st->digests, asked_key(txn), now);
	struct digest *d = h.value;
	bool good;

	if (!d)
		return false;
	good = d->phase == PHASE_ASKED && d->guess == guess;
	*out = *d;
	explicit_bzero(d, sizeof(*d));
	table_drop(&h);
	return good;
}

static void wait_for_audit(struct state *st, const struct digest *d, uint64_t now)
{
	struct hold h = table_make(st->digests, whose_key(d->task.whose, WHOSE_READY), now,
				   RANK_READY);
	struct digest *r = h.value;

	if (!r)
		return;
	*r = *d;
	r->phase = PHASE_READY;
	r->until = now + READY_SECONDS * NS;
	table_keep(&h, now, r->until, RANK_READY);
	table_release(&h);
}

enum audit_skip audit_accepted(struct state *st, uint64_t txn, const struct transaction *asked,
			       const struct audit_due *due, uint64_t now)
{
	enum audit_skip skip = SKIP_NONE;
	struct digest d;

	if (!take(st, txn, asked->guess, now, &d))
		return SKIP_NONE;
	if (audit_is_weak(st, d.task.whose, now))
		audit_mark_site(st, d.task.user, asked->site, now);
	skip = (enum audit_skip)d.skip;
	if (!skip && audit_is_due(st, d.task.whose, due, now))
		wait_for_audit(st, &d, now);
	explicit_bzero(&d, sizeof(d));
	return skip;
}

/* ---- the audit ---- */

struct sweep {
	uint64_t now;
	struct audit_task *out; /* NULL: all is wiped */
	bool found;
};

static bool look(void *value, void *arg)
{
	struct digest *d = value;
	struct sweep *s = arg;

	if (s->out && d->until > s->now) {
		if (s->found || d->phase != PHASE_READY)
			return false;
		*s->out = d->task;
		s->found = true;
	}
	explicit_bzero(d, sizeof(*d));
	return true;
}

bool state_audit_next(struct state *st, uint64_t now, struct audit_task *out)
{
	struct sweep s = { now, out, false };

	for (unsigned i = 0; i < table_shards(st->digests) && !s.found; i++)
		table_sweep_shard(st->digests, i, look, &s);
	if (s.found)
		audit_taken(st, out->whose, now);
	return s.found;
}

void state_audit_forget(struct state *st)
{
	struct sweep s = { 0, NULL, false };

	for (unsigned i = 0; i < table_shards(st->digests); i++)
		table_sweep_shard(st->digests, i, look, &s);
}
