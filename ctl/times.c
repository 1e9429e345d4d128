/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "times.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t time_parse(const char *text, uint64_t most)
{
	static const char units[] = "smhdw";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *unit;
	uint64_t n;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : units;
	if (errno || !unit || n > most || (*end && end[1]))
		return 0;
	n *= seconds[unit - units];
	return n <= most ? n : 0;
}

void time_print(uint64_t seconds, char out[TIME_TEXT])
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" } };
	unsigned i = 0;

	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(out, TIME_TEXT, "%" PRIu64 " %s", seconds / units[i].seconds, units[i].name);
}
