/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule.h"

#include "compiler.h"

#define AT(member) offsetof(struct rule, member)

static const char *const pers[] = { "nothing", "source", "user", "zone", "number", "all", NULL };
static const char *const actions[] = { "drop", "reject", "alert", "pass", NULL };

const struct conf_row rule_rows[] = {
	CONDITION_ROWS(struct rule, when),
	{ "rate", CONF_INT, AT(rate), 0, 1000000, "0", NULL,
	  "only of what comes on top of so many in the window; 0: of all" },
	{ "per", CONF_WORD, AT(per), 0, 0, "nothing", pers, "what the rate is counted for" },
	{ "window", CONF_DURATION, AT(window), 1, 86400, "60s", NULL, "the time of the rate" },
	{ "action", CONF_WORD, AT(action), 0, 0, "drop", actions,
	  "drop; reject: and answered; alert: only told; pass: no rule behind it is asked" },
	{ "ban", CONF_DURATION, AT(ban), 0, 31449600, "0s", NULL,
	  "how long the source is banned; 0: as the key of the check says" },
	{ NULL },
};

/* Not even what it costs to count would be worth a rule that always holds. */
static int condition_check(const struct rule *r, struct compiler *c)
{
	if (condition_any(&r->when) || r->rate)
		return 0;
	compiler_error(c, NULL, "", "has no condition, so that it would be for every "
		       "message: set method, source, users, number, header, rate ...");
	return -1;
}

static int rate_check(const struct rule *r, struct compiler *c)
{
	if (r->rate && r->per == WHOSE_NOBODY)
		compiler_error(c, NULL, "per", "says for what the rate is counted: must be "
			       "\"source\", \"user\", \"zone\", \"number\" or \"all\"");
	else if (!r->rate && r->per != WHOSE_NOBODY)
		compiler_error(c, NULL, "rate", "is 0: nothing is counted per %s", pers[r->per]);
	else
		return 0;
	return -1;
}

/* What can never be together is an error: the rule would seem to work and never fire. */
static int fit_check(const struct rule *r, struct compiler *c)
{
	const struct condition *d = &r->when;

	if (d->statuses.n && r->per == WHOSE_NUMBER)
		compiler_error(c, NULL, "status", "an answer dials no number");
	else if (r->ban && r->action > RULE_REJECT)
		compiler_error(c, NULL, "ban", "follows action = \"drop\" or \"reject\" only");
	else if (r->action == RULE_REJECT && d->statuses.n)
		compiler_error(c, NULL, "action", "nothing answers an answer: write \"drop\"");
	else if (r->ban && d->direction == FROM_INSIDE)
		compiler_error(c, NULL, "ban", "is for sources outside: of what leaves none is to "
			       "blame");
	else
		return 0;
	return -1;
}

int rule_compile(struct rule *r, struct compiler *c)
{
	int err = condition_check(r, c);

	err |= condition_compile(&r->when, c);
	err |= rate_check(r, c);
	return err | fit_check(r, c);
}

void rule_free(struct rule *r)
{
	condition_free(&r->when);
}
