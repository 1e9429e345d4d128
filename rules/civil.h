/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Gregorian calendar: days since 1970-01-01 and dates, both ways.
 *
 * Years are counted from March, so that leap days are at their end (the method of
 * Howard Hinnant's "chrono-compatible low-level date algorithms").
 */
#ifndef SIPMOAT_CIVIL_H
#define SIPMOAT_CIVIL_H

#include <stdint.h>

struct civil {
	int64_t year;
	unsigned month, day; /* from 1 */
};

static inline int64_t civil_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	unsigned of_era = (unsigned)(y - era * 400);
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline struct civil civil_of_days(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned of_era = (unsigned)(z - era * 146097);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned m = (5 * of_year + 2) / 153; /* from March */
	struct civil c = { era * 400 + year, m < 10 ? m + 3 : m - 9,
			   of_year - (153 * m + 2) / 5 + 1 };

	c.year += c.month <= 2;
	return c;
}

/* The day in which an instant lies. */
static inline int64_t civil_days_of(int64_t seconds)
{
	return (seconds >= 0 ? seconds : seconds - 86399) / 86400;
}

/* 0: Monday. */
static inline unsigned civil_weekday(int64_t days)
{
	int64_t d = (days + 3) % 7; /* 1970 began on a Thursday */

	return (unsigned)(d < 0 ? d + 7 : d);
}

static inline unsigned civil_month_days(int64_t year, unsigned month)
{
	if (month == 2)
		return 28 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
	return 30 + (month != 4 && month != 6 && month != 9 && month != 11);
}

#endif
