/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "methodset.h"

#include <stdio.h>

#include "sip/chars.h"

/* The registered method that differs from name in case only, or NULL. */
static const char *case_slip(struct slice name)
{
	for (unsigned i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++)
		if (slice_ieq(slice_of(sip_method_name(i)), name))
			return sip_method_name(i);
	return NULL;
}

/* It may be one of theirs; a slip of the pen would refuse every INVITE. */
static void warn_of_own(struct compiler *c, const struct conf_item *item, const char *key)
{
	char where[128];

	snprintf(where, sizeof(where), "%s.%s", c->group, key);
	conf_report_add(c->report, CONF_WARNING, item->file, item->line, where,
			"\"%s\" is no registered SIP method; taken as one of your own", item->text);
}

static int set_add(struct methodset *set, const struct conf_item *item, struct compiler *c,
		   const char *key)
{
	struct slice name = slice_of(item->text);
	enum sip_method m = sip_method_of(name);
	const char *meant = case_slip(name);

	if (m != METHOD_UNKNOWN) {
		set->known |= 1u << m;
		return 0;
	}
	if (!is_token(name)) {
		compiler_error(c, item, key, "\"%s\" cannot be a method name: only letters, digits "
			       "and -.!%%*_+`'~ may stand in one", item->text);
		return -1;
	}
	if (meant) {
		compiler_error(c, item, key, "method names are case-sensitive: \"%s\" is another "
			       "method than %s; write %s", item->text, meant, meant);
		return -1;
	}
	if (set->n_own == OWN_MAX) {
		compiler_error(c, item, key, "more than %u methods that are not registered: "
			       "remove some", OWN_MAX);
		return -1;
	}
	warn_of_own(c, item, key);
	set->own[set->n_own++] = name;
	return 0;
}

int methodset_compile(struct methodset *set, const struct conf_list *list, struct compiler *c,
		       const char *key)
{
	int err = 0;

	for (unsigned i = 0; i < list->n; i++)
		if (set_add(set, &list->item[i], c, key) < 0)
			err = -1;
	return err;
}

static bool own_has(const struct methodset *set, struct slice name)
{
	for (unsigned i = 0; i < set->n_own; i++)
		if (slice_eq(set->own[i], name))
			return true;
	return false;
}

bool methodset_has(const struct methodset *set, const struct sip_msg *sip)
{
	if (sip->method != METHOD_UNKNOWN)
		return set->known >> sip->method & 1;
	return own_has(set, sip->method_name);
}

static size_t text_add(char out[METHODSET_TEXT], size_t n, struct slice name)
{
	int more = snprintf(out + n, METHODSET_TEXT - n, "%s%.*s", n ? ", " : "", (int)name.n,
			    name.p);

	if (n + (size_t)more < METHODSET_TEXT)
		return n + (size_t)more;
	out[n] = '\0';
	return n;
}

void methodset_text(const struct methodset *set, const struct methodset *but,
		    char out[METHODSET_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned m = METHOD_UNKNOWN + 1; m < METHOD_COUNT; m++)
		if ((set->known & ~but->known) >> m & 1)
			n = text_add(out, n, slice_of(sip_method_name(m)));
	for (unsigned i = 0; i < set->n_own; i++)
		if (!own_has(but, set->own[i]))
			n = text_add(out, n, set->own[i]);
}
