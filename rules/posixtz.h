/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule at the end of a TZif file: a POSIX TZ string, "CET-1CEST,M3.5.0,M10.5.0/3", with
 * the extension of RFC 8536 3.3.1 (hours from -167 to 167).
 */
#ifndef SIPMOAT_POSIXTZ_H
#define SIPMOAT_POSIXTZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A day of every year, and a time of it. */
struct posixtz_day {
	char kind;             /* 'M': weekday of a week of a month; 'J': of 365 days, from 1;
				* 'D': from 0, leap days counted */
	unsigned month, week, weekday; /* 0: Sunday */
	unsigned day;
	int32_t time;          /* s from midnight */
};

struct posixtz {
	int32_t std, dst; /* s ahead of UTC */
	bool has_dst;
	struct posixtz_day start, end; /* of DST: each in the time that it ends */
};

bool posixtz_read(const char *text, size_t n, struct posixtz *out);
/* The instants of a year at which DST starts and ends. */
int64_t posixtz_start(const struct posixtz *tz, int64_t year);
int64_t posixtz_end(const struct posixtz *tz, int64_t year);

#endif
