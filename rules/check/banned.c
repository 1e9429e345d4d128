/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources under a ban.  The kernel drops them before the queue; what still comes
 * was on its way when the ban was decided, or the kernel's set was full.
 */
#include "checks.h"
#include "engine.h"
#include "state/state.h"

static enum found banned_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	struct slice why;
	struct ban ban;

	(void)conf;
	if (!ban_find(p->state, p->site_key, &p->pkt->src, p->now, &ban))
		return CLEAR;
	why = slice_of(ban.reason);
	if (ban.until >= BAN_FOREVER)
		evidence_reason(ev, "banned for good: %s", &why);
	else
		evidence_reason(ev, "banned for %u s more: %s",
				(unsigned)((ban.until - p->now + NS - 1) / NS), &why);
	return HIT;
}

const struct check check_banned = {
	.name = "banned",
	.help = "sources under a ban",
	.remedy = "the check that banned it says why; lift the ban with sipmoat "
		  "unban, or trust the source for a while with sipmoat allow",
	.stage = STAGE_SOURCE,
	.needs = NEED_ANY,
	.quiet = true, /* the ban was the news */
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban_after = 1,
		      .ban_window = 60 },
	.run = banned_run,
};
