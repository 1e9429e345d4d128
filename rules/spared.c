/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is never banned, whoever asks for it: a ban of a carrier, of the gateway or of a name
 * server would be the outage that somebody who forges packets wants.
 */
#include <errno.h>
#include <stdlib.h>

#include "compiler.h"
#include "ruleset.h"

#define WRITTEN "named in bans.never"

/* Puts n behind the first ones that are kept. */
static int replace(struct ruleset *rs, size_t kept, const struct never *list, size_t n)
{
	struct never *all = malloc((kept + n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (kept)
		memcpy(all, rs->never, kept * sizeof(*all));
	if (n)
		memcpy(all + kept, list, n * sizeof(*all));
	free(rs->never);
	rs->never = all;
	rs->n_never = kept + n;
	return spared_build(rs);
}

int spared_build(struct ruleset *rs)
{
	size_t n = 0, room = rs->n_inside + rs->n_trusted + rs->n_never;
	struct prefix *all = malloc((room + 1) * sizeof(*all));
	int e;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < rs->n_inside; i++)
		all[n++] = rs->inside[i];
	for (size_t i = 0; i < rs->n_trusted; i++)
		all[n++] = rs->trusted[i];
	for (size_t i = 0; i < rs->n_never; i++)
		all[n++] = rs->never[i].who;
	e = prefixset_build(&rs->spared_set, all, n);
	free(all);
	return e;
}

static bool is_everything(const struct prefix *p)
{
	return p->len == 0 || (p->len == ADDR_V4_BITS && addr_is_v4(&p->addr));
}

int spared_compile(struct ruleset *rs, struct compiler *c)
{
	const struct conf_list *list = &rs->settings.never;
	struct never *written;
	struct prefix *p;
	size_t n;
	int e;

	if (compiler_prefixes(c, list, "never", &p, &n) < 0)
		return 0; /* it was said */
	written = calloc(n + 1, sizeof(*written));
	for (size_t i = 0; written && i < n; i++) {
		written[i] = (struct never){ p[i], WRITTEN };
		if (is_everything(&p[i]))
			compiler_error(c, &list->item[i], "never", "\"%s\" is every address: "
				       "to ban nobody, set ban = \"0s\" in the checks",
				       list->item[i].text);
	}
	e = written ? replace(rs, 0, written, n) : -ENOMEM;
	rs->n_never_written = rs->n_never;
	free(written);
	free(p);
	return e;
}

int ruleset_set_never(struct ruleset *rs, const struct never *list, size_t n)
{
	return replace(rs, rs->n_never_written, list, n);
}

const struct never *ruleset_never(const struct ruleset *rs, size_t *n)
{
	*n = rs->n_never;
	return rs->never;
}

bool ruleset_spares(const struct ruleset *rs, const struct prefix *who)
{
	return prefixset_meets(&rs->spared_set, who);
}
