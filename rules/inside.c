/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine around the rules has found out: what lies inside, and where outside is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset.h"

int ruleset_set_inside(struct ruleset *rs, const struct prefix *p, size_t n)
{
	struct prefix *copy = malloc((n + 1) * sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (prefixset_build(&rs->inside_set, p, n) < 0) {
		free(copy);
		return -ENOMEM;
	}
	if (n)
		memcpy(copy, p, n * sizeof(*copy));
	free(rs->inside);
	rs->inside = copy;
	rs->n_inside = n;
	return spared_build(rs);
}

int ruleset_set_outside(struct ruleset *rs, const struct outside_link *link, size_t n)
{
	struct outside_link *copy = malloc((n + 1) * sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, link, n * sizeof(*copy));
	free(rs->outside);
	rs->outside = copy;
	rs->n_outside = n;
	return 0;
}
