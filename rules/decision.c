/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decision.h"

#include <stdio.h>

const char *verdict_name(enum verdict v)
{
	static const char *const name[] = { "accept", "drop", "reject", "decoy" };

	return (unsigned)v < sizeof(name) / sizeof(name[0]) ? name[v] : "-";
}

static const char *ordinal_end(unsigned n)
{
	static const char *const end[] = { "th", "st", "nd", "rd" };

	return n % 10 > 3 || n / 10 % 10 == 1 ? end[0] : end[n % 10];
}

void decision_ban_worth(const struct decision *d, char out[BAN_WORTH])
{
	unsigned times = d->ban_times;

	if (times > 1)
		snprintf(out, BAN_WORTH, "%u%s time, proven", times, ordinal_end(times));
	else
		snprintf(out, BAN_WORTH, "%s", d->ban_proven ? "proven" : "not proven");
}
