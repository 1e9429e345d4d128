/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decision.h"

const char *verdict_name(enum verdict v)
{
	static const char *const name[] = { "accept", "drop", "reject", "decoy" };

	return (unsigned)v < sizeof(name) / sizeof(name[0]) ? name[v] : "-";
}
