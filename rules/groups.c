/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"

#include <stdlib.h>

#include "compiler.h"
#include "match.h"
#include "named.h"
#include "ruleset.h"

const struct conf_row group_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct group_entry, name), 0, 0, "", NULL,
	  "what other keys call it" },
	{ "users", CONF_LIST, offsetof(struct group_entry, users), 0, 0, "", NULL,
	  "its users: \"text\", \"=equal\", \"^prefix\" or \"/expression/\"" },
	{ NULL },
};

const struct conf_row trunk_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct trunk_entry, name), 0, 0, "", NULL,
	  "what other keys call it" },
	{ "addresses", CONF_LIST, offsetof(struct trunk_entry, addresses), 0, 0, "", NULL,
	  "where calls go to and come from" },
	{ NULL },
};

struct group {
	const char *name;
	struct match *users;
};

struct trunk {
	const char *name;
	struct prefixset addresses;
};

struct groups {
	struct group *group;
	struct trunk *trunk;
	unsigned groups, trunks;
};

/* ---- from the config ---- */

static int group_compile(struct groups *g, const struct group_entry *e, struct compiler *c)
{
	struct group *to = &g->group[g->groups++];
	bool good = named_check(c, e->name);

	for (unsigned i = 0; good && i + 1 < g->groups; i++)
		if (strcmp(g->group[i].name, e->name) == 0) {
			compiler_error(c, NULL, "name", "a group of this name was written before");
			good = false;
		}
	to->name = e->name;
	if (!e->users.n) {
		compiler_error(c, NULL, "users", "is empty: no user would be in the group");
		return -1;
	}
	to->users = match_compile(&e->users, c, "users");
	return good && to->users ? 0 : -1;
}

static int trunk_addresses(struct trunk *t, const struct conf_list *l, struct compiler *c)
{
	struct prefix *p;
	size_t n;
	int err;

	if (!l->n) {
		compiler_error(c, NULL, "addresses", "is empty: no call would go over the trunk");
		return -1;
	}
	if (compiler_prefixes(c, l, "addresses", &p, &n) < 0)
		return -1;
	err = prefixset_build(&t->addresses, p, n);
	if (err)
		compiler_error(c, NULL, "addresses", "out of memory");
	free(p);
	return err ? -1 : 0;
}

static int trunk_compile(struct groups *g, const struct trunk_entry *e, struct compiler *c)
{
	struct trunk *to = &g->trunk[g->trunks++];
	bool good = named_check(c, e->name);

	for (unsigned i = 0; good && i + 1 < g->trunks; i++)
		if (strcmp(g->trunk[i].name, e->name) == 0) {
			compiler_error(c, NULL, "name", "a trunk of this name was written before");
			good = false;
		}
	to->name = e->name;
	return trunk_addresses(to, &e->addresses, c) == 0 && good ? 0 : -1;
}

int groups_compile(struct ruleset *rs, struct compiler *c)
{
	const struct conf_groups *groups = &rs->settings.groups, *trunks = &rs->settings.trunks;
	const struct group_entry *group = groups->entry;
	const struct trunk_entry *trunk = trunks->entry;
	struct groups *g = rs->groups = calloc(1, sizeof(*g));
	int err = 0;

	if (g) {
		g->group = calloc(groups->n + 1, sizeof(*g->group));
		g->trunk = calloc(trunks->n + 1, sizeof(*g->trunk));
	}
	if (!g || !g->group || !g->trunk) {
		compiler_error(c, NULL, "groups", "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < groups->n; i++) {
		struct compiler at = compiler_of_entry(c, &group[i].at);

		err |= group_compile(g, &group[i], &at);
	}
	for (unsigned i = 0; i < trunks->n; i++) {
		struct compiler at = compiler_of_entry(c, &trunk[i].at);

		err |= trunk_compile(g, &trunk[i], &at);
	}
	return err;
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->groups; i++)
		match_free(g->group[i].users);
	for (unsigned i = 0; i < g->trunks; i++)
		prefixset_free(&g->trunk[i].addresses);
	free(g->group);
	free(g->trunk);
	free(g);
}

/* ---- by name ---- */

int group_find(const struct ruleset *rs, const char *name)
{
	for (unsigned i = 0; rs->groups && i < rs->groups->groups; i++)
		if (strcmp(rs->groups->group[i].name, name) == 0)
			return (int)i;
	return -1;
}

int trunk_find(const struct ruleset *rs, const char *name)
{
	for (unsigned i = 0; rs->groups && i < rs->groups->trunks; i++)
		if (strcmp(rs->groups->trunk[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *group_name(const struct ruleset *rs, unsigned group)
{
	return rs->groups && group < rs->groups->groups ? rs->groups->group[group].name : NULL;
}

const char *trunk_name(const struct ruleset *rs, unsigned trunk)
{
	return rs->groups && trunk < rs->groups->trunks ? rs->groups->trunk[trunk].name : NULL;
}

/* ---- per packet ---- */

bool group_has(const struct ruleset *rs, unsigned group, struct slice user)
{
	return user.n && rs->groups && group < rs->groups->groups &&
	       match_find(rs->groups->group[group].users, user) >= 0;
}

int trunk_of(const struct ruleset *rs, const struct addr *a)
{
	for (unsigned i = 0; rs->groups && i < rs->groups->trunks; i++)
		if (prefixset_has(&rs->groups->trunk[i].addresses, a))
			return (int)i;
	return -1;
}

bool trunk_in(const struct ruleset *rs, const struct prefix *p)
{
	for (unsigned i = 0; rs->groups && i < rs->groups->trunks; i++)
		if (prefixset_meets(&rs->groups->trunk[i].addresses, p))
			return true;
	return false;
}
