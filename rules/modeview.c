/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "state/audits.h"
#include "ruleset.h"

struct ruleset *ruleset_in_mode(const struct ruleset *of, uint8_t mode)
{
	struct ruleset *rs = malloc(sizeof(*rs));
	struct zone *zone = calloc(of->n_zones, sizeof(*zone));

	if (!rs || !zone) {
		free(rs);
		free(zone);
		return NULL;
	}
	memcpy(zone, of->zone, of->n_zones * sizeof(*zone));
	*rs = *of;
	rs->of = of;
	rs->zone = zone;
	rs->settings.mode = mode;
	/* which zone judges weak passwords goes by the mode, and points into the zones */
	for (unsigned z = 0; z < rs->n_zones; z++)
		zone[z].weak = NULL;
	audit_assign(rs);
	return rs;
}
