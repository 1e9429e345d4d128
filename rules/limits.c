/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "groups.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

#define CALLS_MOST 1000000
#define DISTINCT_MOST 300 /* beyond, too many of them share a bit (state/distinct.h) */
#define NAME_MOST 31

static const char *const pers[] = { "user", "source", "zone", "trunk", "class", NULL };
static const char *const counts[] = { "now", "minute", "hour", "day", "minutes-day", "same-number",
				      "distinct", "short", NULL };
static const char *const actions[] = { "check", "reject", "alert", "approve", NULL };

#define AT(member) offsetof(struct limit_entry, member)

const struct conf_row limit_rows[] = {
	{ "name", CONF_TEXT, AT(name), 0, 0, "", NULL, "what events call it" },
	{ "per", CONF_WORD, AT(per), 0, 0, "user", pers,
	  "who has it: each user, source, zone or trunk; class: all who call what `to` names" },
	{ "trunk", CONF_TEXT, AT(trunk), 0, 0, "", NULL,
	  "per = \"trunk\": only this one; empty: each by itself" },
	{ "count", CONF_WORD, AT(count), 0, 0, "now", counts,
	  "what is counted: calls at once, or begun within a minute, an hour, a day; minutes "
	  "of talk a day; calls to the same number in a row; different numbers; percent of "
	  "short calls" },
	WHEN_ROWS(struct limit_entry, when),
	{ "warn", CONF_INT, AT(warn), 0, CALLS_MOST, "0", NULL,
	  "more than so much is told; 0: nothing is" },
	{ "act", CONF_INT, AT(act), 0, CALLS_MOST, "0", NULL,
	  "more than so much is refused; 0: nothing is" },
	{ "window", CONF_DURATION, AT(window), MINUTE, 31 * DAY, "1h", NULL,
	  "for same-number, distinct and short: how far back they look" },
	{ "least", CONF_INT, AT(least), 1, 60000, "20", NULL,
	  "for short: so many calls before their share means anything" },
	{ "short", CONF_DURATION, AT(shorter), 1, HOUR, "10s", NULL,
	  "for short: a call that lasted less, or was not answered, is one" },
	{ "action", CONF_WORD, AT(action), 0, 0, "check", actions,
	  "of what is over act; check: as calls.action says" },
	{ NULL },
};

/*
 * What is refused here is what stolen accounts do and offices do not: many calls to
 * numbers that pay whoever owns them.  The rest is only told.  An account may be that of a
 * whole office, so nothing that depends on its size is refused.
 */
const char limits_shipped[] =
	"{ name = \"fraud-hour\"; per = \"user\"; count = \"hour\"; "
	"to = [ \"premium\", \"satellite\", \"high-risk\" ]; warn = 3; act = 10; }, "
	"{ name = \"fraud-day\"; per = \"user\"; count = \"day\"; "
	"to = [ \"premium\", \"satellite\", \"high-risk\" ]; warn = 10; act = 20; }, "
	"{ name = \"fraud-minutes\"; per = \"user\"; count = \"minutes-day\"; "
	"to = [ \"premium\", \"satellite\", \"high-risk\" ]; warn = 60; act = 240; }, "
	"{ name = \"fraud-all\"; per = \"class\"; count = \"hour\"; "
	"to = [ \"premium\", \"satellite\", \"high-risk\" ]; warn = 20; act = 100; }, "
	"{ name = \"abroad\"; per = \"user\"; count = \"distinct\"; "
	"to = [ \"international\" ]; warn = 40; }, "
	"{ name = \"abroad-now\"; per = \"user\"; count = \"now\"; "
	"to = [ \"international\" ]; warn = 20; }, "
	"{ name = \"abroad-short\"; per = \"user\"; count = \"short\"; "
	"to = [ \"international\" ]; least = 30; warn = 80; }";

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t key = (a ^ b * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

uint64_t limit_name_key(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return mixed(h, 1);
}

static bool is_known(const struct limits *l, uint64_t id)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->limit[i].id == id)
			return true;
	return false;
}

/* Two that count the same, each with other numbers, count by themselves. */
static uint64_t identity(const struct limit_entry *e, const struct limits *before)
{
	uint64_t id = mixed(when_hash(&e->when), (uint64_t)e->per << 8 | e->count);

	if (e->trunk[0])
		id = mixed(id, limit_name_key(e->trunk));
	while (is_known(before, id))
		id = mixed(id, 1);
	return id;
}

static uint32_t window_of(const struct limit_entry *e)
{
	switch (e->count) {
	case COUNT_NOW:
		return 0;
	case COUNT_MINUTE:
		return MINUTE;
	case COUNT_HOUR:
		return HOUR;
	case COUNT_DAY:
	case COUNT_MINUTES:
		return DAY;
	default:
		return e->window;
	}
}

static const char *wrong_name(const struct limit_entry *e, const struct limits *before)
{
	if (!e->name[0])
		return "needs a name, for events";
	if (strlen(e->name) > NAME_MOST)
		return "has a name that is too long: at most 31 characters";
	for (unsigned i = 0; i < before->n; i++)
		if (strcmp(before->limit[i].name, e->name) == 0)
			return "has the name of another limit";
	return NULL;
}

/* What cannot be meant; NULL: nothing. */
static const char *wrong(const struct limit_entry *e)
{
	uint32_t most = e->act > e->warn ? e->act : e->warn;

	if (!most)
		return "does nothing: it needs warn or act";
	if (e->warn && e->act && e->warn >= e->act)
		return "would warn of nothing: warn must be less than act";
	if (e->count == COUNT_DISTINCT && most > DISTINCT_MOST)
		return "counts different numbers: warn and act may be up to 300";
	if (e->count == COUNT_SHORT && most > 100)
		return "counts percent: warn and act may be up to 100";
	if (e->trunk[0] && e->per != PER_TRUNK)
		return "has a trunk: it needs per = \"trunk\"";
	if (e->per == PER_TRUNK && (e->when.users.n || e->when.groups.n))
		return "is of a trunk: users and groups are not asked there";
	if (e->per == PER_CLASS && !e->when.to.n)
		return "is of a class: `to` must say of which";
	return NULL;
}

static int compile(struct limit *l, const struct limit_entry *e, const struct limits *before,
		   struct compiler *c)
{
	struct compiler at = compiler_of_entry(c, &e->at);
	const char *why = wrong_name(e, before);
	uint32_t unit = e->count == COUNT_MINUTES ? MINUTE : 1;

	*l = (struct limit){
		.name = e->name, .per = e->per, .count = e->count, .action = e->action,
		.window = window_of(e), .warn = e->warn * unit, .act = e->act * unit,
		.least = e->least, .shorter = e->shorter, .trunk = -1,
	};
	if (!why)
		why = wrong(e);
	if (why) {
		compiler_error(&at, NULL, "name", "\"%s\" %s", e->name, why);
		return -1;
	}
	if (e->trunk[0]) {
		l->trunk = (int16_t)trunk_find(c->rules, e->trunk);
		if (l->trunk < 0) {
			compiler_error(&at, NULL, "trunk", "there is no trunk \"%s\"", e->trunk);
			return -1;
		}
	}
	l->id = identity(e, before);
	l->base = mixed(l->id, 2);
	return when_compile(&l->when, &e->when, &at);
}

int limits_compile(struct limits *out, const struct conf_groups *list, struct compiler *c)
{
	const struct limit_entry *e = list->entry;
	int err = 0;

	if (!list->n)
		return 0;
	out->limit = calloc(list->n, sizeof(*out->limit));
	if (!out->limit) {
		compiler_error(c, NULL, "limits", "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < list->n; i++) {
		err |= compile(&out->limit[i], &e[i], out, c);
		out->n++;
	}
	return err;
}

void limits_free(struct limits *l)
{
	for (unsigned i = 0; i < l->n; i++)
		when_free(&l->limit[i].when);
	free(l->limit);
}
