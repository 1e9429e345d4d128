/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"

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

int groups_compile(struct ruleset *rs, struct compiler *c)
{
	(void)rs, (void)c;
	return 0;
}

void groups_free(struct groups *g)
{
	(void)g;
}

int trunk_of(const struct ruleset *rs, const struct addr *a)
{
	(void)rs, (void)a;
	return -1;
}
