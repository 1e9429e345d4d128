/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "times.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

void time_short(uint64_t seconds, char out[TIME_TEXT])
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned i = 0;
	uint64_t rest;
	int n;

	while (units[i].seconds > 1 && seconds < units[i].seconds)
		i++;
	n = snprintf(out, TIME_TEXT, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].name);
	rest = units[i].seconds > 1 ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest)
		snprintf(out + n, TIME_TEXT - (size_t)n, "%" PRIu64 "%c", rest, units[i + 1].name);
}

void time_told(const char *utc, char out[TIME_TEXT])
{
	struct tm tm = { 0 }, here;
	time_t at;

	snprintf(out, TIME_TEXT, "%.19s", utc);
	if (sscanf(utc, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec) != 6)
		return;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	at = timegm(&tm);
	if (localtime_r(&at, &here))
		strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M:%S", &here);
}

void time_span(uint64_t seconds, char out[TIME_TEXT])
{
	uint64_t minutes = seconds / 60;

	if (minutes < 60)
		snprintf(out, TIME_TEXT, "%" PRIu64 ":%02u", minutes, (unsigned)(seconds % 60));
	else
		snprintf(out, TIME_TEXT, "%" PRIu64 ":%02u:%02u", minutes / 60,
			 (unsigned)(minutes % 60), (unsigned)(seconds % 60));
}

void time_clock(uint64_t at, char out[TIME_TEXT])
{
	time_t when = (time_t)at, now = time(NULL);
	struct tm then, today;

	snprintf(out, TIME_TEXT, "-");
	if (!at || !localtime_r(&when, &then) || !localtime_r(&now, &today))
		return;
	strftime(out, TIME_TEXT, then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ?
					 "%H:%M:%S" : "%b %e %H:%M", &then);
}
