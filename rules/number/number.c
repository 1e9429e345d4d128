/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "number.h"

#include "ruleset.h"

const struct conf_row class_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct class_entry, name), 0, 0, "", NULL,
	  "a class that ships, or one of your own" },
	{ "add", CONF_LIST, offsetof(struct class_entry, add), 0, 0, "", NULL,
	  "prefixes that belong to it (E.164)" },
	{ "remove", CONF_LIST, offsetof(struct class_entry, remove), 0, 0, "", NULL,
	  "prefixes that do not" },
	{ NULL },
};

int numbers_compile(struct ruleset *rs, struct compiler *c)
{
	(void)rs, (void)c;
	return 0;
}

void numbers_free(struct numbers *n)
{
	(void)n;
}

void number_of_uri(const struct ruleset *rs, struct slice uri, struct number *out)
{
	(void)rs, (void)uri;
	*out = (struct number){ .kind = NUMBER_NONE };
}

int numberlist_compile(const struct conf_list *l, struct compiler *c, const char *key,
		       struct numberlist **out)
{
	(void)l, (void)c, (void)key;
	*out = NULL;
	return 0;
}

void numberlist_free(struct numberlist *l)
{
	(void)l;
}

unsigned numberlist_find(const struct numberlist *l, const struct number *n)
{
	(void)l, (void)n;
	return 0;
}
