/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guessed passwords: logins that the servers refuse, for a user from one source, for
 * a source, and for a user from everywhere; nonces used as no phone uses them; and
 * strangers who challenge our servers, to get a digest they can work on at home.
 *
 * A user is locked out where the failures came from and nowhere else; what is counted
 * for a whole source, or for a user everywhere, never concerns a user where he has
 * logged in of late: nobody can lock somebody else out.
 */
#include "check.h"
#include "checks.h"
#include "engine.h"
#include "ruleset.h"
#include "state/challenges.h"
#include "state/logins.h"
#include "state/memory.h"
#include "state/sight.h"
#include "state/state.h"

struct auth_conf {
	uint32_t failures, window, lock;
	uint32_t source_failures, source_window;
	uint32_t user_failures, user_window;
	uint32_t guesses_per_nonce;
	uint8_t foreign_nonce, unknown_nonce, nonce_count, leak; /* enum treat */
};

enum treat { ACCEPT, ALERT, DROP };
static const char *const treats[] = { "accept", "alert", "drop", NULL };

#define AT(field) offsetof(struct auth_conf, field)
static const struct conf_row rows[] = {
	{ "failures", CONF_INT, AT(failures), 1, LOGIN_SLOTS, "10", NULL,
	  "failed logins of a user from one source, without a success between them, that lock" },
	{ "window", CONF_DURATION, AT(window), 1, LOGIN_LONGEST, "15m", NULL,
	  "the time within which they happen" },
	{ "lock", CONF_DURATION, AT(lock), 1, LOGIN_LONGEST, "15m", NULL,
	  "how long that user is then refused from that source" },
	{ "source_failures", CONF_INT, AT(source_failures), 0, 100000, "50", NULL,
	  "failed logins of a source, over all users, that make it a guesser; 0 = no limit" },
	{ "source_window", CONF_DURATION, AT(source_window), 1, LOGIN_LONGEST, "15m", NULL,
	  "the time within which they happen" },
	{ "user_failures", CONF_INT, AT(user_failures), 0, 100000, "100", NULL,
	  "failed logins of a user from everywhere that close it to new sources; 0 = no limit" },
	{ "user_window", CONF_DURATION, AT(user_window), 1, LOGIN_LONGEST, "1h", NULL,
	  "the time within which they happen" },
	{ "guesses_per_nonce", CONF_INT, AT(guesses_per_nonce), 0, 1000, "3", NULL,
	  "different credentials with one nonce that may fail; 0 = no limit" },
	{ "foreign_nonce", CONF_WORD, AT(foreign_nonce), 0, 0, "alert", treats,
	  "a nonce that was given to another source" },
	{ "unknown_nonce", CONF_WORD, AT(unknown_nonce), 0, 0, "alert", treats,
	  "a nonce that no server was seen to give" },
	{ "nonce_count", CONF_WORD, AT(nonce_count), 0, 0, "alert", treats,
	  "a nonce whose count (nc) does not grow" },
	{ "leak", CONF_WORD, AT(leak), 0, 0, "drop", treats,
	  "a challenge from outside that no server asked for" },
	{ 0 },
};

static struct login_limit limit_of(const struct auth_conf *c)
{
	return (struct login_limit){ .failures = c->failures, .window = c->window * NS,
				     .lock = c->lock * NS };
}

/* Whose login it is, for people. */
static struct slice user_text(const struct probe *p)
{
	struct sip_nameaddr na;
	struct sip_uri uri;
	struct slice user;

	if (p->names->login && sip_digest_param(p->names->credentials, SLICE("username"), &user))
		return user;
	if (!sip_nameaddr_read(sip_first(p->sip, HDR_FROM), &na))
		return SLICE_NONE;
	(void)sip_uri_read(na.uri, &uri);
	return uri.user;
}

static struct slice site_text(const struct probe *p, char room[PREFIX_TEXT])
{
	struct prefix site = { p->site, (uint8_t)addr_site_len(&p->site) };

	return (struct slice){ room, (uint32_t)prefix_print(&site, room) };
}

static enum found tell(const struct probe *p, const char *fmt, unsigned a, unsigned b,
		       struct evidence *ev)
{
	struct slice user = user_text(p), site;
	char room[PREFIX_TEXT];

	site = site_text(p, room);
	evidence_reason(ev, fmt, a, b, &site);
	evidence_bytes(ev, user);
	return HIT;
}

static enum found locked(const struct probe *p, const struct auth_conf *c, uint64_t until,
			 struct evidence *ev)
{
	ev->no_ban = true; /* the lock is all the answer to one user's failures */
	return tell(p, "%u failed logins of this user, locked for %u s more from %s", c->failures,
		    (unsigned)((until - p->now + NS - 1) / NS), ev);
}

/*
 * Phones of an office that fail because of one wrong setting are no guessers: each
 * live registration of the source allows for one more user who fails.
 */
static enum found run_source(const struct probe *p, const struct auth_conf *c,
			     struct evidence *ev)
{
	uint32_t n = login_failures_at(p->state, p->site_key, c->source_window * NS, p->now);
	struct source s;

	if (!c->source_failures || n < c->source_failures)
		return CLEAR;
	source_find(p->state, p->site_key, p->now, &s);
	if (n < c->source_failures + s.registrations * c->failures)
		return CLEAR;
	/* anybody can send logins in the name of an address, but not with its nonces */
	ev->no_ban = login_failures_shown(p->state, p->site_key, c->source_window * NS, p->now) <
		     (c->source_failures + 1) / 2;
	ev->grounds = login_failures_alone(p->state, p->site_key, c->source_window * NS, p->now) <
				      (c->source_failures + 1) / 2 ? GROUNDS_SUM : GROUNDS_SHOWN;
	return tell(p, "%u failed logins within %u s from %s", n, c->source_window, ev);
}

/* Many sources, a few guesses each: new ones must wait. */
static enum found run_user(const struct probe *p, const struct auth_conf *c,
			   struct evidence *ev)
{
	uint32_t n = login_failures_of(p->state, p->names->login, c->user_window * NS, p->now);

	if (!c->user_failures || n < c->user_failures)
		return CLEAR;
	ev->no_ban = true; /* it may be the user himself, from a new place */
	return tell(p, "%u failed logins of this user within %u s, and none that succeeded from %s",
		    n, c->user_window, ev);
}

/*
 * What is odd about the nonce, if the config cares.  Phones keep a nonce when they
 * move to another network, and over our restart; some always count from one.  So all
 * this is told only where logins fail, and once for each nonce.
 */
static enum treat judge_nonce(const struct probe *p, const struct auth_conf *c,
			      enum nonce_from from, const struct login_facts *f,
			      const char **what)
{
	const struct names *n = p->names;
	enum treat treat = ACCEPT;

	if (f->repeated)
		return ACCEPT;
	if (from == NONCE_FOREIGN && !f->proven) {
		*what = "credentials with a nonce that was given to another source";
		treat = c->foreign_nonce;
	} else if (from == NONCE_UNKNOWN && !f->proven &&
		   !memory_learning(p->state, &p->rules->settings, p->now)) {
		*what = "credentials with a nonce that no server was seen to give";
		treat = c->unknown_nonce;
	}
	if (treat == ALERT && (!f->failing || (f->reused && f->told)))
		treat = ACCEPT;
	if (f->reused && n->nc && n->nc <= f->nc && c->nonce_count > treat &&
	    (c->nonce_count == DROP || (f->failing && !f->went_back))) {
		*what = "credentials whose nonce count does not grow";
		treat = c->nonce_count;
	}
	return treat;
}

static enum found tell_nonce(const struct probe *p, const char *what, struct evidence *ev)
{
	ev->no_ban = true;
	evidence_reason(ev, what);
	evidence_bytes(ev, p->names->credentials);
	return HIT;
}

static enum found run_try(const struct probe *p, const struct auth_conf *c,
			  const struct login_facts *f, bool challenged, struct evidence *ev)
{
	struct login_limit limit = limit_of(c);
	uint64_t until = 0;

	if (f->proven && challenged)
		limit.excused = sight_excuses(p->state, &p->pkt->dst, p->now);
	switch (login_try(p->state, p->names, f, challenged, &limit, p->now, &until)) {
	case LOGIN_OPEN:
		return CLEAR;
	case LOGIN_LOCKED:
		return locked(p, c, until, ev);
	case LOGIN_BUSY:
		/* the answers of that server take another way, or it is down */
		if (!sight_replies(p->state, &p->pkt->dst, p->now))
			return CLEAR;
		ev->no_ban = ev->gentle = true;
		return tell(p, "%u logins of this user failed or under way, within %u s, from %s",
			    c->failures, c->window, ev);
	case LOGIN_CHANGED:
		return tell_nonce(p, "a repeated request whose credentials are other ones", ev);
	}
	return CLEAR;
}

static enum found run_login(const struct probe *p, const struct auth_conf *c,
			    struct evidence *ev)
{
	const struct names *n = p->names;
	enum nonce_from from = nonce_find(p->state, n->nonce, n->site, p->now);
	const char *what = NULL;
	struct login_facts f;
	enum treat treat;

	login_find(p->state, n, p->now, &f);
	if (!f.proven && (run_source(p, c, ev) == HIT || run_user(p, c, ev) == HIT))
		return HIT;
	if (c->guesses_per_nonce && f.reused && !f.repeated && f.wrong >= c->guesses_per_nonce) {
		ev->no_ban = true;
		return tell(p, "%u different credentials with one nonce failed, limit %u, from %s",
			    f.wrong, c->guesses_per_nonce, ev);
	}
	treat = judge_nonce(p, c, from, &f, &what);
	if (treat == DROP)
		return tell_nonce(p, what, ev);
	if (run_try(p, c, &f, from == NONCE_OURS, ev) == HIT)
		return HIT;
	ev->alert = treat == ALERT;
	return treat == ALERT ? tell_nonce(p, what, ev) : CLEAR;
}

/* What would only be challenged, and begin the next guess. */
static enum found run_other(const struct probe *p, const struct auth_conf *c,
			    struct evidence *ev)
{
	const struct names *n = p->names;
	struct login_limit limit = limit_of(c);
	uint64_t until;

	if (!n->from_user ||
	    (p->sip->method != METHOD_REGISTER && p->sip->method != METHOD_INVITE) ||
	    login_state(p->state, n->from_user, n->site, &limit, p->now, &until) != LOGIN_LOCKED ||
	    login_proven(p->state, n->from_user, n->site, p->now))
		return CLEAR;
	return locked(p, c, until, ev);
}

static enum found tell_leak(const struct probe *p, const struct auth_conf *c, const char *fmt,
			    struct evidence *ev)
{
	struct slice method = slice_of(sip_method_name(p->sip->method));

	ev->alert = c->leak == ALERT;
	ev->no_ban = true;
	evidence_reason(ev, fmt, p->sip->status, &method);
	evidence_bytes(ev, sip_first(p->sip, p->sip->seen[HDR_WWW_AUTHENTICATE] ?
						     HDR_WWW_AUTHENTICATE :
						     HDR_PROXY_AUTHENTICATE));
	return HIT;
}

/*
 * A server that answers a challenge sends a digest of its password, or of a user's.
 * Whom it called or registered at may ask for it, inside the dialogs too; who only
 * called it may not, when it hangs up (the phone's own BYE is challenged).
 */
static enum found run_challenge(const struct probe *p, const struct auth_conf *c,
				struct evidence *ev)
{
	struct transaction asked;

	if (c->leak == ACCEPT ||
	    memory_blind(p->state, &p->rules->settings, &p->pkt->dst, p->now))
		return CLEAR;
	if (!txn_find(p->state, p->names->txn, p->now, &asked))
		return tell_leak(p, c, "challenge %u to a %s that no server sent", ev);
	if (asked.site != p->names->site)
		return tell_leak(p, c, "challenge %u to a %s that was sent to somebody else", ev);
	if ((asked.flags & TXN_IN_DIALOG || asked.method == METHOD_CANCEL) &&
	    !challenge_expected(p->state, asked.site, p->now))
		return tell_leak(p, c, "challenge %u to a %s by who was never asked, but called",
				 ev);
	return CLEAR;
}

static enum found auth_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct auth_conf *c = conf;

	if (p->sip->kind == SIP_RESPONSE)
		return p->sip->status == 401 || p->sip->status == 407 ? run_challenge(p, c, ev) :
									 CLEAR;
	/* nobody challenges these (RFC 3261 22.1, 9.1): they carry what their INVITE did */
	if (p->sip->method == METHOD_ACK || p->sip->method == METHOD_CANCEL)
		return CLEAR;
	return p->names->login ? run_login(p, c, ev) : run_other(p, c, ev);
}

const struct check check_auth = {
	.name = "auth",
	.help = "guessed passwords, misused nonces, challenges from strangers",
	.remedy = "the password saved in the phone is wrong: correct it there, then "
		  "sipmoat unban ADDRESS; an office behind one address may need a "
		  "zone with larger limits of auth",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 3600, .ban_after = 1,
		      .ban_window = 60 },
	.rows = rows,
	.conf_size = sizeof(struct auth_conf),
	.run = auth_run,
};
