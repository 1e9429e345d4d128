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

#include "check.h"
#include "compiler.h"
#include "rule.h"
#include "ruleset.h"
#include "state/meter.h"
#include "state/state.h"

enum { METER_RULE = 0x70 };

struct pattern_conf {
	struct conf_groups rules;
	struct condition_methods methods; /* that a rule is for */
};

static const struct conf_row pattern_rows[] = {
	{ .name = "rules", .type = CONF_GROUPS, .offset = offsetof(struct pattern_conf, rules),
	  .max = 256, .fallback = "", .rows = rule_rows, .size = sizeof(struct rule),
	  .help = "rules of your own; the first that fires decides" },
	{ NULL },
};

/* ---- from the config ---- */

static int pattern_compile(void *conf, struct compiler *c)
{
	struct pattern_conf *pc = conf;
	struct rule *rule = pc->rules.entry;
	int err = 0;

	for (unsigned i = 0; i < pc->rules.n; i++) {
		struct compiler at = compiler_of_entry(c, &rule[i].at);

		err |= rule_compile(&rule[i], &at);
		err |= condition_distinct(&rule[0].when, sizeof(*rule), i, "rule", &at);
		condition_methods_add(&pc->methods, &rule[i].when);
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

/* ---- rates ---- */

static bool is_over(const struct rule *r, struct inquiry *k)
{
	const struct meter_limit limit = { r->rate, r->rate, r->window * NS };
	uint64_t key = inquiry_help(k) || inquiry_again(k) ? 0 : inquiry_key(k, &r->when, r->per);
	bool over;

	if (!key)
		return false;
	meter_add(state_meter(k->p->state), key_with(key, r->when.id + METER_RULE + r->per), &limit,
		  k->p->now, &over);
	return over;
}

/* ---- what follows ---- */

static void explain(const struct rule *r, const struct inquiry *k, struct evidence *ev)
{
	struct slice name = slice_of(r->when.name), per = slice_of(whose_text(r->per));

	if (r->rate)
		evidence_reason(ev, "rule %s: more than %u in %u s %s", &name, r->rate, r->window,
				&per);
	else
		evidence_reason(ev, "rule %s", &name);
	evidence_bytes(ev, k->shown.n ? k->shown : k->answers ? k->p->sip->reason :
								k->p->sip->uri);
}

static enum found fire(const struct rule *r, struct inquiry *k, struct evidence *ev)
{
	if (r->action == RULE_PASS)
		return CLEAR;
	explain(r, k, ev);
	ev->alert = r->action == RULE_ALERT;
	ev->reject = r->action == RULE_REJECT;
	ev->no_ban = k->leaves;
	ev->ban = r->ban;
	if (r->rate)
		ev->grounds = GROUNDS_SUM;
	return HIT;
}

static enum found pattern_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct pattern_conf *pc = conf;
	const struct rule *rule = pc->rules.entry;
	struct inquiry k;

	if (!inquiry_begin(&k, p, &pc->methods))
		return CLEAR;
	for (unsigned i = 0; i < pc->rules.n; i++) {
		const struct rule *r = &rule[i];

		if (!condition_holds(&r->when, &k) || (r->rate && !is_over(r, &k)))
			continue;
		if (r->action > RULE_REJECT || !inquiry_help(&k))
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
		int n = snprintf(text, sizeof(text), "%u. %s: ", i + 1, rule[i].when.name);

		rule_text(&rule[i], text + n, sizeof(text) - (size_t)n);
		line(arg, text);
	}
}

/* No ban unless a rule says so: the operator knows what he looks for, and nobody else. */
const struct check check_pattern = {
	.name = "pattern",
	.help = "rules of your own: conditions, rates, and what is done",
	.remedy = "one of your own rules fired, the reason names it: change it in "
		  "pattern.rules",
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
