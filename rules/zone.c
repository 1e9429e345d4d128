/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset.h"

unsigned zone_find(const struct ruleset *rs, struct state *st, const struct pkt *pkt, uint64_t now)
{
	(void)rs, (void)st, (void)pkt, (void)now;
	return 0;
}
