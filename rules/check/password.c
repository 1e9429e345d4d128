/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passwords that are easily guessed, and what makes guessing easy.  The check keeps what
 * accepted digests were made from, for the thread that tries words (audit.h); and it tells
 * of challenges that offer nothing better than MD5, of nonces in use for long or by several
 * sources, and of passwords in the clear.
 *
 * It sees what passes in the clear, learns from 2xx of servers inside alone, and only to
 * nonces that they gave to who answers: what somebody else sends in a user's name is never
 * taken for that user's password.
 */
#include "check/password.h"

#include "check.h"
#include "checks.h"
#include "engine.h"
#include "ruleset.h"
#include "state/audits.h"
#include "state/logins.h"
#include "state/memory.h"
#include "state/state.h"
#include "state/told.h"

#define DAY (86400 * NS)
#define SHARED (10 * NS) /* some servers make one nonce a second, for whoever asks */

enum flag { FLAG_MD5, FLAG_NONCE, FLAG_BASIC, FLAG_SKIPPED, FLAG_COUNT };

struct password_conf {
	struct conf_list words, flags_list;
	uint32_t budget, digits;
	uint32_t every, recheck, hold; /* s */
	uint32_t nonce_age;
	const char *zone;
	uint32_t flags; /* bit per enum flag */
	int zone_index;
};

static const char *const flag_names[FLAG_COUNT] = { "md5", "nonce", "basic", "skipped" };

#define AT(member) offsetof(struct password_conf, member)
static const struct conf_row password_rows[] = {
	{ "words", CONF_LIST, AT(words), 0, 0, "", NULL,
	  "words to try besides those that are built in; \"file:NAME\" for a file of them" },
	{ "digits", CONF_INT, AT(digits), 0, 6, "4", NULL,
	  "numbers of up to so many digits are tried, too; 0 = none" },
	{ "budget", CONF_INT, AT(budget), 1, 100, "5", NULL,
	  "how much of one core the audit may take, in percent" },
	{ "every", CONF_DURATION, AT(every), 3600, 30 * 86400, "1d", NULL,
	  "how long until the password of a user is audited again" },
	{ "recheck", CONF_DURATION, AT(recheck), 60, 86400, "15m", NULL,
	  "and one that was found weak" },
	{ "zone", CONF_TEXT, AT(zone), 0, 0, "", NULL,
	  "by whose policy users with weak passwords are judged; empty: as all others" },
	{ "hold", CONF_DURATION, AT(hold), 3600, 30 * 86400, "1w", NULL,
	  "how long a password counts as weak when no audit follows" },
	{ "flags", CONF_LIST, AT(flags_list), 0, 0, "md5,nonce,basic,skipped", NULL,
	  "what is told besides: \"md5\", \"nonce\", \"basic\", \"skipped\"" },
	{ "nonce_age", CONF_DURATION, AT(nonce_age), 60, 10800, "1h", NULL,
	  "a nonce that is accepted without a count for so long is told" },
	{ NULL },
};

static int compile_flags(struct password_conf *w, struct compiler *c)
{
	int err = 0;

	w->flags = 0;
	for (unsigned i = 0; i < w->flags_list.n; i++) {
		const struct conf_item *item = &w->flags_list.item[i];
		unsigned f = 0;

		while (f < FLAG_COUNT && strcmp(flag_names[f], item->text) != 0)
			f++;
		if (f == FLAG_COUNT) {
			compiler_error(c, item, "flags", "\"%s\" is none of \"md5\", \"nonce\", "
				       "\"basic\", \"skipped\"", item->text);
			err = -1;
		} else {
			w->flags |= 1u << f;
		}
	}
	return err;
}

static int password_compile(void *conf, struct compiler *c)
{
	struct password_conf *w = conf;
	int err = compile_flags(w, c);
	unsigned z = 0;

	w->zone_index = -1;
	if (!w->zone[0])
		return err;
	while (z < c->rules->n_zones && strcmp(c->rules->zone[z].name, w->zone) != 0)
		z++;
	if (z == c->rules->n_zones) {
		compiler_error(c, NULL, "zone", "\"%s\" is no zone: write one of that name in "
			       "zones, with assigned = true if no source is in it by itself",
			       w->zone);
		return -1;
	}
	w->zone_index = (int)z;
	return err;
}

void password_plan(const void *conf, struct audit_plan *out)
{
	const struct password_conf *w = conf;

	*out = (struct audit_plan){ .words = &w->words, .budget = w->budget, .digits = w->digits,
				    .every = w->every, .recheck = w->recheck, .hold = w->hold };
}

int password_zone(const void *conf)
{
	const struct password_conf *w = conf;

	return w->zone_index;
}

static struct audit_due due_of(const struct password_conf *w)
{
	return (struct audit_due){ .every = w->every * NS, .recheck = w->recheck * NS };
}

/* ---- what is told ---- */

static bool is_news(const struct probe *p, const struct password_conf *w, enum flag flag,
		    uint64_t whose)
{
	return w->flags >> flag & 1 &&
	       told_now(p->state, key_with(whose, 0x7a55 + flag), p->now, p->now + DAY);
}

static enum found tell(struct evidence *ev)
{
	ev->alert = true;
	ev->no_ban = true;
	return HIT;
}

static uint64_t server_key(const struct probe *p)
{
	return key_of_addr(p->state, p->pkt->dir == DIR_OUTBOUND ? &p->pkt->src : &p->pkt->dst);
}

static bool is_basic(struct slice line)
{
	return slice_istarts(slice_trim(line), SLICE("Basic "));
}

/* What follows the word is the password: it goes nowhere. */
static enum found run_basic(const struct probe *p, const struct password_conf *w,
			    struct evidence *ev)
{
	static const uint8_t headers[] = { HDR_AUTHORIZATION, HDR_PROXY_AUTHORIZATION };
	uint64_t who = p->names->from_user ? p->names->from_user : p->names->site;

	for (unsigned i = 0; i < sizeof(headers); i++) {
		struct slice line, name = slice_of(i ? "Proxy-Authorization" : "Authorization");
		unsigned at = 0;

		while (sip_next(p->sip, headers[i], &at, &line)) {
			if (!is_basic(line) || !is_news(p, w, FLAG_BASIC, who))
				continue;
			evidence_reason(ev, "password in the clear: Basic in %s", &name);
			evidence_bytes(ev, sip_first(p->sip, HDR_FROM));
			return tell(ev);
		}
	}
	return CLEAR;
}

/* ---- what servers say ---- */

struct offers {
	bool digest, better, basic;
	struct slice nonce;
};

static void read_offers(const struct sip_msg *sip, struct offers *o)
{
	static const uint8_t headers[] = { HDR_WWW_AUTHENTICATE, HDR_PROXY_AUTHENTICATE };
	struct slice line, value;

	*o = (struct offers){ .digest = false };
	for (unsigned i = 0; i < sizeof(headers); i++) {
		unsigned at = 0;

		while (sip_next(sip, headers[i], &at, &line)) {
			o->basic |= is_basic(line);
			if (!sip_digest_param(line, SLICE("nonce"), &value))
				continue;
			o->digest = true;
			if (!o->nonce.n)
				o->nonce = value;
			if (sip_digest_param(line, SLICE("algorithm"), &value) && value.n &&
			    !slice_ieq(value, SLICE("MD5")) && !slice_ieq(value, SLICE("MD5-sess")))
				o->better = true;
		}
	}
}

static enum found run_challenge(const struct probe *p, const struct password_conf *w,
				struct evidence *ev)
{
	uint64_t server = server_key(p);
	struct nonce_past past = { 0 };
	struct offers o;

	read_offers(p->sip, &o);
	if (o.nonce.n)
		past = audit_nonce_given(p->state, name_bytes(p->state, NAME_NONCE, o.nonce),
					 p->names->site, p->now);
	if (o.basic && is_news(p, w, FLAG_BASIC, server))
		evidence_reason(ev, "the server asks for passwords in the clear: Basic");
	else if (past.other_site && past.age >= SHARED && is_news(p, w, FLAG_NONCE, server))
		evidence_reason(ev, "the server gives a nonce again to another source, %u s later",
				(unsigned)(past.age / NS));
	else if (o.digest && !o.better && is_news(p, w, FLAG_MD5, server))
		evidence_reason(ev, "the server offers digests with MD5 only");
	else
		return CLEAR;
	return tell(ev);
}

static const char *const skips[] = {
	[SKIP_AUTH_INT] = "qop is auth-int",   [SKIP_ALGORITHM] = "unknown algorithm",
	[SKIP_USERHASH] = "names are hashed",  [SKIP_LONG] = "too long",
	[SKIP_BROKEN] = "they are incomplete",
};

static enum found run_accepted(const struct probe *p, const struct password_conf *w,
			       struct evidence *ev)
{
	struct audit_due due = due_of(w);
	struct transaction asked;
	enum audit_skip skip;
	struct slice why;
	uint64_t age;

	if (!txn_find(p->state, p->names->txn, p->now, &asked) || asked.status >= 200 ||
	    (asked.flags & (TXN_LOGIN | TXN_INSIDE | TXN_CHALLENGED)) !=
		    (TXN_LOGIN | TXN_CHALLENGED) || !login_vouches(&asked))
		return CLEAR;
	skip = audit_accepted(p->state, p->names->txn, &asked, &due, p->now);
	age = audit_nonce_was_old(p->state, p->names->txn, p->now);
	why = slice_of(skip ? skips[skip] : "");
	if (skip && is_news(p, w, FLAG_SKIPPED, server_key(p)))
		evidence_reason(ev, "digests of users of this server cannot be audited: %s", &why);
	else if (age && is_news(p, w, FLAG_NONCE, server_key(p)))
		evidence_reason(ev, "the server accepts a nonce without a count, %u s old",
				(unsigned)(age / NS));
	else
		return CLEAR;
	return tell(ev);
}

/* ---- who logs in ---- */

static void keep_digest(const struct probe *p, const struct password_conf *w)
{
	const struct names *n = p->names;
	struct audit_due due = due_of(w);
	struct audit_task t;
	enum audit_skip skip;
	struct slice realm;
	uint64_t whose;

	if (!sip_digest_param(n->credentials, SLICE("realm"), &realm))
		realm = SLICE_NONE;
	whose = audit_whose(p->state, n->login, realm);
	if (!audit_wanted(p->state, whose, &due, p->now))
		return;
	skip = audit_read(n->credentials, p->sip->method_name, &t);
	t.method = (uint8_t)p->sip->method;
	t.user = n->login;
	t.whose = whose;
	t.outside = p->pkt->src;
	t.inside = p->pkt->dst;
	t.outside_port = p->pkt->sport;
	t.inside_port = p->pkt->dport;
	t.proto = p->pkt->proto;
	audit_asked(p->state, n, &t, skip,
		    source_standing(p->state, n->site, p->now), p->now);
	explicit_bzero(&t, sizeof(t));
}

static void run_login(const struct probe *p, const struct password_conf *w)
{
	const struct names *n = p->names;
	unsigned lines = p->sip->seen[HDR_AUTHORIZATION] + p->sip->seen[HDR_PROXY_AUTHORIZATION];
	uint64_t age;

	if ((p->sip->method != METHOD_REGISTER && p->sip->method != METHOD_INVITE) || !n->txn)
		return;
	age = n->nc ? 0 : audit_nonce_age(p->state, n->nonce, p->now);
	if (age >= w->nonce_age * NS)
		audit_nonce_old(p->state, n->txn, age, p->now);
	/* of several credentials it is not known which ones were looked at */
	if (lines == 1 && !n->several)
		keep_digest(p, w);
}

static enum found password_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct password_conf *w = conf;
	const struct sip_msg *sip = p->sip;

	if (p->pkt->dir == DIR_INBOUND) {
		if (sip->kind != SIP_REQUEST)
			return CLEAR;
		if (p->names->login)
			run_login(p, w);
		return run_basic(p, w, ev);
	}
	if (sip->kind != SIP_RESPONSE)
		return CLEAR;
	if (sip->status == 401 || sip->status == 407)
		return run_challenge(p, w, ev);
	return sip->status / 100 == 2 ? run_accepted(p, w, ev) : CLEAR;
}

const struct check check_password = {
	.name = "password",
	.help = "weak passwords of your own users, and what makes guessing them easy",
	.remedy = "give the account a long random password on the PBX; SHA-256 where "
		  "phones can do it",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.way = WAY_BOTH,
	.of_trusted = true,
	.defaults = { .mode = MODE_OFF, .action = ACTION_ALERT, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = password_rows,
	.conf_size = sizeof(struct password_conf),
	.compile = password_compile,
	.run = password_run,
};
