/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "named.h"
#include "plan.h"
#include "ruleset.h"
#include "sip/chars.h"

struct numberlist {
	struct numberset *set;
	uint32_t classes;
};

static int refuse(const struct conf_item *item, struct compiler *c, const char *key)
{
	struct nearest best = nearest_to(item->text);
	const char *name;

	if (is_digit(item->text[0]) || item->text[0] == '+') {
		compiler_error(c, item, key, "\"%s\" is no prefix: must be 1 to %d digits of "
			       "E.164, such as \"4420\" or \"+44 20\", without 00", item->text,
			       NUMBERSET_DIGITS - 1);
		return -1;
	}
	for (unsigned i = 0; (name = number_class_name(c->rules, i)); i++)
		nearer(&best, name);
	if (best.found)
		compiler_error(c, item, key, "there is no class \"%s\"; did you mean \"%s\"?",
			       item->text, best.found);
	else
		compiler_error(c, item, key, "\"%s\" is neither a prefix of numbers nor a class: "
			       "write \"4420\", \"premium\" or what the key classes names",
			       item->text);
	return -1;
}

static int take_item(const struct conf_item *item, struct compiler *c, const char *key,
		     uint32_t *classes, struct number_prefix *prefix,
		     char room[NUMBERSET_DIGITS])
{
	int class = number_class(c->rules, item->text);

	*prefix = (struct number_prefix){ SLICE_NONE, 0 };
	if (class >= 0) {
		*classes |= 1u << class;
		return 0;
	}
	prefix->digits = prefix_read(item->text, room);
	return prefix->digits.n ? 0 : refuse(item, c, key);
}

static struct numberlist *build(struct number_prefix *prefix, size_t n, uint32_t classes)
{
	struct numberlist *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->classes = classes;
	if (!n || (l->set = numberset_build(prefix, n)) != NULL)
		return l;
	free(l);
	return NULL;
}

int numberlist_compile(const struct conf_list *l, struct compiler *c, const char *key,
		       struct numberlist **out)
{
	struct number_prefix *prefix = calloc(l->n + 1, sizeof(*prefix));
	char (*room)[NUMBERSET_DIGITS] = calloc(l->n + 1, sizeof(*room));
	uint32_t classes = 0;
	size_t n = 0;
	int err = prefix && room ? 0 : -1;

	*out = NULL;
	if (err)
		compiler_error(c, NULL, key, "out of memory");
	for (unsigned i = 0; i < l->n && prefix && room; i++) {
		err |= take_item(&l->item[i], c, key, &classes, &prefix[n], room[n]);
		n += prefix[n].digits.n > 0;
	}
	if (!err && l->n && !(*out = build(prefix, n, classes))) {
		compiler_error(c, NULL, key, "out of memory");
		err = -1;
	}
	free(room);
	free(prefix);
	return err;
}

void numberlist_free(struct numberlist *l)
{
	if (!l)
		return;
	numberset_free(l->set);
	free(l);
}

unsigned numberlist_find(const struct numberlist *l, const struct number *n)
{
	unsigned length;

	if (!l || !number_is_far(n))
		return 0;
	if (numberset_find(l->set, number_digits(n), &length) != NUMBERSET_NONE)
		return length + 1;
	return (n->classes & l->classes) != 0;
}

int numberlist_class(const struct numberlist *l, const struct number *n)
{
	uint32_t both = n->classes & l->classes;

	return both ? __builtin_ctz(both) : -1;
}
