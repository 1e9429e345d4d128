/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"
#include "ruleset.h"

/* Whether a check is asked at all is known by now, whatever is asked about. */
static void look_up(struct lookers *l, unsigned i)
{
	const struct check *c = checks[i];
	uint32_t bit = 1u << i;

	l->stage[c->stage] |= bit;
	for (unsigned leaves = 0; leaves < 2; leaves++)
		for (unsigned trusted = 0; trusted < 2; trusted++)
			if ((!trusted || c->of_trusted) &&
			    (c->way == WAY_BOTH || leaves == (c->way == WAY_OUT_TOLD)))
				l->way[leaves][trusted] |= bit;
	if (c->needs == NEED_ANY)
		l->nothing |= bit;
	if (c->needs != NEED_REQUEST)
		l->response |= bit;
	for (unsigned m = 0; m < METHOD_COUNT; m++)
		if (!c->methods || c->methods >> m & 1)
			l->request[m] |= bit;
}

void lookers_compile(struct ruleset *rs)
{
	for (unsigned i = 0; i < check_count; i++) {
		look_up(&rs->lookers, i);
		for (unsigned z = 0; z < rs->n_zones; z++) {
			struct zone *zone = &rs->zone[z];

			if (zone->policy[i].mode != MODE_OFF &&
			    !(checks[i]->idle && checks[i]->idle(zone->conf[i])))
				zone->asked |= 1u << i;
		}
	}
}
