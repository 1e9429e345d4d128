/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes of numbers: each prefix that a class gains or loses is an entry, and what a
 * prefix says of one class leaves the others as shorter prefixes have them.
 */
#include <stdlib.h>

#include "plan.h"
#include "ranges.h"
#include <stdio.h>

#include "ruleset.h"
#include "sip/chars.h"

const struct conf_row class_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct class_entry, name), 0, 0, "", NULL,
	  "a class that ships, or one of your own" },
	{ "add", CONF_LIST, offsetof(struct class_entry, add), 0, 0, "", NULL,
	  "prefixes that belong to it (E.164)" },
	{ "remove", CONF_LIST, offsetof(struct class_entry, remove), 0, 0, "", NULL,
	  "prefixes that do not" },
	{ NULL },
};

/* What a prefix says of one class. */
struct membership {
	char digits[NUMBERSET_DIGITS];
	uint8_t n, class;
	bool in;
	uint32_t order;
};

struct memberships {
	struct membership *all;
	size_t n, room;
};

struct slice prefix_read(const char *text, char out[NUMBERSET_DIGITS])
{
	struct slice digits = { out, 0 };

	text += *text == '+';
	for (; *text; text++) {
		if (digits.n && strncmp(text, "(0)", 3) == 0) /* +49 (0)30 */
			text += 2;
		else if (is_digit(*text) && digits.n < NUMBERSET_DIGITS - 1)
			out[digits.n++] = *text;
		else if (!strchr(" -.()/", *text))
			return SLICE_NONE;
	}
	/* as it is dialled: no country code begins so */
	return digits.n && out[0] == '0' ? SLICE_NONE : digits;
}

static bool member_add(struct memberships *m, struct slice digits, unsigned class, bool in)
{
	struct membership *e;

	if (m->n == m->room) {
		m->room = m->room ? m->room * 2 : 1024;
		e = realloc(m->all, m->room * sizeof(*e));
		if (!e)
			return false;
		m->all = e;
	}
	e = &m->all[m->n];
	*e = (struct membership){ .n = (uint8_t)digits.n, .class = (uint8_t)class, .in = in,
				  .order = (uint32_t)m->n };
	memcpy(e->digits, digits.p, digits.n);
	m->n++;
	return true;
}

static int class_named(struct numbers *n, const char *name)
{
	for (unsigned i = 0; i < n->n_classes; i++)
		if (strcmp(n->class_name[i], name) == 0)
			return (int)i;
	return -1;
}

static int class_new(struct numbers *n, const char *name)
{
	if (n->n_classes == NUMBER_CLASSES)
		return -1;
	n->class_name[n->n_classes] = name;
	return (int)n->n_classes++;
}

static bool ship(struct numbers *n, struct memberships *m)
{
	class_new(n, "national");
	class_new(n, "international");
	for (const struct ranges *r = ranges; r->name; r++) {
		int class = class_new(n, r->name);

		for (const char *const *list = r->prefixes; *list; list++)
			for (const char *p = *list, *end; *p; p = *end ? end + 1 : end) {
				end = strchrnul(p, ' ');
				if (!member_add(m, slice_between(p, end), (unsigned)class, true))
					return false;
			}
	}
	return true;
}

static int take_list(struct memberships *m, const struct conf_list *l, int class, bool in,
		     struct compiler *c, const char *key)
{
	int err = 0;

	for (unsigned i = 0; i < l->n; i++) {
		char room[NUMBERSET_DIGITS];
		struct slice digits = prefix_read(l->item[i].text, room);

		if (!digits.n) {
			compiler_error(c, &l->item[i], key, "\"%s\" is no prefix: must be 1 to %d "
				       "digits of E.164, such as \"4420\" or \"+44 20\", "
				       "without 00",
				       l->item[i].text, NUMBERSET_DIGITS - 1);
			err = -1;
		} else if (!member_add(m, digits, (unsigned)class, in)) {
			compiler_error(c, &l->item[i], key, "out of memory");
			return -1;
		}
	}
	return err;
}

/* A name is a word: a list of prefixes must not mistake it for one. */
static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return name[0] && !name[n] && n < 32 && !is_digit(name[0]);
}

static int take_entry(struct numbers *n, struct memberships *m, const struct class_entry *e,
		      struct compiler *c)
{
	int class = class_named(n, e->name);
	char key[64];
	int err = 0;

	if (!is_name(e->name)) {
		compiler_error(c, &e->at, "classes.name", "\"%s\" is no name: must be letters, "
			       "digits, - and _, and begin with a letter", e->name);
		return -1;
	}
	if (class == CLASS_NATIONAL || class == CLASS_INTERNATIONAL) {
		compiler_error(c, &e->at, "classes.name",
			       "\"%s\" follows from dialplan.country: nothing can be added or "
			       "removed", e->name);
		return -1;
	}
	if (class < 0 && (class = class_new(n, e->name)) < 0) {
		compiler_error(c, &e->at, "classes.name", "too many classes: at most %d",
			       NUMBER_CLASSES);
		return -1;
	}
	snprintf(key, sizeof(key), "%.40s.add", e->at.text);
	err |= take_list(m, &e->add, class, true, c, key);
	snprintf(key, sizeof(key), "%.40s.remove", e->at.text);
	return err | take_list(m, &e->remove, class, false, c, key);
}

static int by_digits(const void *a, const void *b)
{
	const struct membership *x = a, *y = b;
	unsigned n = x->n < y->n ? x->n : y->n;
	int order = memcmp(x->digits, y->digits, n);

	if (order)
		return order;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool holds(const struct number_prefix *shorter, struct slice digits)
{
	return shorter->digits.n < digits.n &&
	       memcmp(shorter->digits.p, digits.p, shorter->digits.n) == 0;
}

/* One prefix for each that something is said of, its value the classes of what begins
 * with it; returns how many. */
static size_t masks(const struct memberships *m, struct number_prefix *out)
{
	size_t above[NUMBERSET_DIGITS + 1], depth = 0, n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct membership *e = &m->all[i];
		struct slice digits = { e->digits, e->n };

		if (!n || !slice_eq(out[n - 1].digits, digits)) {
			while (depth && !holds(&out[above[depth - 1]], digits))
				depth--;
			out[n] = (struct number_prefix){ digits,
							 depth ? out[above[depth - 1]].value : 0 };
			above[depth++] = n++;
		}
		if (e->in)
			out[n - 1].value |= 1u << e->class;
		else
			out[n - 1].value &= ~(1u << e->class);
	}
	return n;
}

int classes_compile(struct ruleset *rs, struct compiler *c)
{
	const struct conf_groups *g = &rs->settings.classes;
	const struct class_entry *entry = g->entry;
	struct memberships m = { NULL, 0, 0 };
	struct number_prefix *prefix;
	bool shipped = ship(rs->numbers, &m);
	int err = 0;

	for (unsigned i = 0; i < g->n && shipped; i++)
		err |= take_entry(rs->numbers, &m, &entry[i], c);
	prefix = shipped ? malloc((m.n + 1) * sizeof(*prefix)) : NULL;
	if (prefix) {
		qsort(m.all, m.n, sizeof(*m.all), by_digits);
		rs->numbers->classes = numberset_build(prefix, masks(&m, prefix));
	}
	if (!rs->numbers->classes) {
		compiler_error(c, NULL, "classes", "out of memory");
		err = -1;
	}
	free(prefix);
	free(m.all);
	return err;
}

int number_class(const struct ruleset *rs, const char *name)
{
	return rs->numbers ? class_named(rs->numbers, name) : -1;
}

const char *number_class_name(const struct ruleset *rs, unsigned class)
{
	return rs->numbers && class < rs->numbers->n_classes ? rs->numbers->class_name[class] :
							       NULL;
}
