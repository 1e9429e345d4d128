/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the operator's own, one after the other: the first that fires decides.
 *
 * A rule with a rate fires for what comes on top of it.  Messages are counted, each once: a
 * retransmission that was let through before is no further one.  Whoever only claims a
 * name is counted at his own site, so that nobody can use up what is another's.
 *
 * Calls for help are never refused and never counted; to be told of them is another thing.
 */
#include <stdio.h>

#include "account.h"
#include "check.h"
#include "compiler.h"
#include "emergency.h"
#include "number/number.h"
#include "rule.h"
#include "ruleset.h"
#include "state/meter.h"
#include "state/names.h"
#include "state/state.h"
#include "state/transactions.h"

enum { METER_RULE = 0x70 };

#define ROOM 256 /* of a user part */

/* What rules may speak of: by direction, requests and answers. */
#define METHODS_ALL UINT32_MAX

struct pattern_conf {
	struct conf_groups rules;
	uint32_t asks[2][2]; /* [leaves][answers]: bit per enum sip_method that a rule is for */
};

static const struct conf_row pattern_rows[] = {
	{ .name = "rules", .type = CONF_GROUPS, .offset = offsetof(struct pattern_conf, rules),
	  .max = 256, .fallback = "", .rows = rule_rows, .size = sizeof(struct rule),
	  .help = "rules of your own; the first that fires decides" },
	{ NULL },
};

/* ---- from the config ---- */

static void remember_methods(struct pattern_conf *pc, const struct rule *r)
{
	/* names that are not registered are of METHOD_UNKNOWN */
	uint32_t own = r->method.n_own ? 1u << METHOD_UNKNOWN : 0;
	uint32_t methods = r->methods.n ? r->method.known | own : METHODS_ALL;

	if (r->direction != RULE_OUT)
		pc->asks[0][r->answers] |= methods;
	if (r->direction != RULE_IN)
		pc->asks[1][r->answers] |= methods;
}

static bool is_double(const struct rule *rule, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (strcmp(rule[j].name, rule[i].name) == 0)
			return true;
	return false;
}

static int pattern_compile(void *conf, struct compiler *c)
{
	struct pattern_conf *pc = conf;
	struct rule *rule = pc->rules.entry;
	int err = 0;

	for (unsigned i = 0; i < pc->rules.n; i++) {
		struct compiler at = compiler_of_entry(c, &rule[i].at);

		err |= rule_compile(&rule[i], &at);
		if (is_double(rule, i)) {
			compiler_error(&at, NULL, "name", "a rule of this name was written before");
			err = -1;
		}
		remember_methods(pc, &rule[i]);
	}
	return err;
}

static void pattern_release(void *conf)
{
	struct pattern_conf *pc = conf;
	struct rule *rule = pc->rules.entry;

	for (unsigned i = 0; i < pc->rules.n; i++)
		rule_free(&rule[i]);
}

/* ---- what rules ask for: each thing is read at most once ---- */

struct query {
	const struct probe *p;
	bool answers, leaves;
	bool user_read, domain_read, number_read, help_read, again_read;
	bool help, again;
	struct slice user, domain, number;
	struct slice shown; /* what a rule's header pattern was found in */
	char user_room[ROOM], number_room[ROOM];
};

static struct slice user_of(struct query *k)
{
	struct sip_uri uri;

	if (k->user_read)
		return k->user;
	k->user_read = true;
	if (k->p->account && k->p->account->n) {
		k->user = account_user(k->p->account);
	} else {
		(void)sip_uri_read(k->p->sip->from.uri, &uri);
		k->user = sip_user(&uri, k->user_room, sizeof(k->user_room));
	}
	return k->user;
}

static struct slice domain_of(struct query *k)
{
	struct sip_uri uri;

	if (!k->domain_read)
		k->domain = sip_uri_read(k->p->sip->from.uri, &uri) ? uri.host : SLICE_NONE;
	k->domain_read = true;
	return k->domain;
}

/* As it is dialled; inside a dialog the Request-URI is somebody's Contact. */
static struct slice number_of(struct query *k)
{
	struct sip_uri uri;

	if (k->number_read)
		return k->number;
	k->number_read = true;
	k->number = SLICE_NONE;
	if (k->p->names->to)
		return k->number;
	(void)sip_uri_read(k->p->sip->uri, &uri);
	k->number = sip_user(&uri, k->number_room, sizeof(k->number_room));
	return k->number;
}

static bool is_help(struct query *k)
{
	if (!k->help_read)
		k->help = k->p->number ? k->p->number->kind == NUMBER_EMERGENCY :
					 emergency_call(k->p->rules, k->p->sip);
	k->help_read = true;
	return k->help;
}

/* Has the same message passed before? */
static bool is_again(struct query *k)
{
	const struct probe *p = k->p;
	struct transaction t;

	if (k->again_read)
		return k->again;
	k->again_read = true;
	if (!txn_find(p->state, p->names->txn, p->now, &t) || t.cseq != p->sip->cseq)
		k->again = false;
	else if (k->answers)
		k->again = t.status == p->sip->status;
	else
		k->again = t.target == p->names->target && t.guess == p->names->guess;
	return k->again;
}

/* ---- conditions ---- */

static bool line_matches(const struct rule *r, struct slice line, struct query *k)
{
	if (r->pattern && match_find(r->pattern, line) < 0)
		return false;
	k->shown = line;
	return true;
}

/* Any line of the header will do. */
static bool header_found(const struct rule *r, struct query *k)
{
	const struct sip_msg *sip = k->p->sip;
	struct slice line = SLICE_NONE;
	unsigned at = 0;

	if (r->header_id != HDR_OTHER) {
		while (sip_next(sip, r->header_id, &at, &line))
			if (line_matches(r, line, k))
				return true;
		return false;
	}
	for (unsigned i = 0; sip->seen[HDR_OTHER] && i < sip->count; i++)
		if (sip->hdr[i].id == HDR_OTHER && slice_ieq(sip->hdr[i].name, r->header_name) &&
		    line_matches(r, sip->hdr[i].value, k))
			return true;
	return false;
}

static bool header_fits(const struct rule *r, struct query *k)
{
	switch (r->header_kind) {
	case HEADER_NONE:
		return true;
	case HEADER_URI:
		return line_matches(r, k->p->sip->uri, k);
	case HEADER_LINE:
		return header_found(r, k);
	case HEADER_MISSING:
		return !header_found(r, k);
	}
	return false;
}

/* What can be told at once: no more is asked of most rules. */
static bool message_fits(const struct rule *r, const struct query *k)
{
	const struct sip_msg *sip = k->p->sip;

	if (r->answers != k->answers || r->direction == (k->leaves ? RULE_IN : RULE_OUT))
		return false;
	if (r->methods.n && !methodset_has(&r->method, sip))
		return false;
	if (r->answers && !rule_has_status(r, sip->status))
		return false;
	return r->transport == PROTO_NONE || r->transport == k->p->pkt->proto;
}

static bool holds(const struct rule *r, struct query *k)
{
	const struct probe *p = k->p;
	struct slice user = SLICE_NONE;

	if (!message_fits(r, k))
		return false;
	if (r->sources.n && !prefixset_has(&r->source, k->leaves ? &p->pkt->dst : &p->pkt->src))
		return false;
	if (r->when.users || r->when.groups)
		user = user_of(k);
	if (!when_holds(&r->when, p, user, p->number))
		return false;
	if (r->domain && match_find(r->domain, domain_of(k)) < 0)
		return false;
	if (r->number && (!number_of(k).n || match_find(r->number, number_of(k)) < 0))
		return false;
	return header_fits(r, k);
}

/* ---- rates ---- */

/* 0: there is nobody to count it for. */
static uint64_t user_key(struct query *k)
{
	const struct probe *p = k->p;
	uint64_t user;

	if (p->account)
		return p->account->key;
	user = name_user_of_uri(p->state, p->sip->from.uri);
	if (!user)
		return 0;
	/* what our servers say is true; others may say what they like */
	return k->leaves ? user : key_with(p->site_key, user);
}

/* The number that is meant, or whoever else is asked for. */
static uint64_t number_key(const struct probe *p)
{
	if (p->number && p->number->n && p->number->kind != NUMBER_NAME)
		return name_bytes(p->state, METER_RULE + PER_NUMBER, number_digits(p->number));
	return p->names->target;
}

static uint64_t key_of(const struct rule *r, struct query *k)
{
	const struct probe *p = k->p;

	switch (r->per) {
	case PER_SOURCE:
		return p->site_key;
	case PER_USER:
		return user_key(k);
	case PER_ZONE:
		return name_bytes(p->state, METER_RULE + PER_ZONE, slice_of(p->zone->name));
	case PER_NUMBER:
		return number_key(p);
	default:
		return name_bytes(p->state, METER_RULE + PER_ALL, slice_of(r->name));
	}
}

static bool is_over(const struct rule *r, struct query *k)
{
	const struct meter_limit limit = { r->rate, r->rate, r->window * NS };
	uint64_t key = is_help(k) || is_again(k) ? 0 : key_of(r, k);
	bool over;

	if (!key)
		return false;
	meter_add(state_meter(k->p->state), key_with(key, r->id + METER_RULE + r->per), &limit,
		  k->p->now, &over);
	return over;
}

/* ---- what follows ---- */

static void explain(const struct rule *r, const struct query *k, struct evidence *ev)
{
	static const char *const whose[] = { "", "from this source", "of this user",
					     "from this zone", "to this number", "in all" };
	struct slice name = slice_of(r->name), per = slice_of(whose[r->per]);

	if (r->rate)
		evidence_reason(ev, "rule %s: more than %u in %u s %s", &name, r->rate, r->window,
				&per);
	else
		evidence_reason(ev, "rule %s", &name);
	evidence_bytes(ev, k->shown.n ? k->shown : k->answers ? k->p->sip->reason :
								k->p->sip->uri);
}

static enum found fire(const struct rule *r, struct query *k, struct evidence *ev)
{
	if (r->action == RULE_PASS)
		return CLEAR;
	explain(r, k, ev);
	ev->alert = r->action == RULE_ALERT;
	ev->reject = r->action == RULE_REJECT;
	ev->no_ban = k->leaves;
	ev->ban = r->ban;
	return HIT;
}

static enum found pattern_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct pattern_conf *pc = conf;
	const struct rule *rule = pc->rules.entry;
	bool answers = p->sip->kind == SIP_RESPONSE, leaves = p->pkt->dir == DIR_OUTBOUND;
	struct query k;

	if (!(pc->asks[leaves][answers] >> p->sip->method & 1))
		return CLEAR;
	k.p = p;
	k.answers = answers;
	k.leaves = leaves;
	k.user_read = k.domain_read = k.number_read = k.help_read = k.again_read = false;
	for (unsigned i = 0; i < pc->rules.n; i++) {
		const struct rule *r = &rule[i];

		k.shown = SLICE_NONE;
		if (!holds(r, &k) || (r->rate && !is_over(r, &k)))
			continue;
		if (r->action > RULE_REJECT || !is_help(&k))
			return fire(r, &k, ev);
	}
	return CLEAR;
}

static bool pattern_idle(const void *conf)
{
	return !((const struct pattern_conf *)conf)->rules.n;
}

static void pattern_describe(const void *conf, conf_line *line, void *arg)
{
	const struct pattern_conf *pc = conf;
	const struct rule *rule = pc->rules.entry;
	char text[1024];

	for (unsigned i = 0; i < pc->rules.n; i++) {
		int n = snprintf(text, sizeof(text), "%u. %s: ", i + 1, rule[i].name);

		rule_text(&rule[i], text + n, sizeof(text) - (size_t)n);
		line(arg, text);
	}
}

/* No ban unless a rule says so: the operator knows what he looks for, and nobody else. */
const struct check check_pattern = {
	.name = "pattern",
	.help = "rules of your own: conditions, rates, and what is done",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.way = WAY_BOTH,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = pattern_rows,
	.conf_size = sizeof(struct pattern_conf),
	.compile = pattern_compile,
	.release = pattern_release,
	.idle = pattern_idle,
	.run = pattern_run,
	.describe = pattern_describe,
};
