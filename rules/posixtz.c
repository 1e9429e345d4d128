/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "posixtz.h"

#include "civil.h"
#include "slice.h"

struct cursor {
	const char *p, *end;
};

static bool take(struct cursor *c, char what)
{
	if (c->p == c->end || *c->p != what)
		return false;
	c->p++;
	return true;
}

static bool number(struct cursor *c, unsigned most, unsigned *out)
{
	const char *from = c->p;
	unsigned n = 0;

	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9' && c->p - from < 4; c->p++)
		n = n * 10 + (unsigned)(*c->p - '0');
	*out = n;
	return c->p > from && n <= most;
}

/* "CET", or "<+0330>": what it is called does not matter. */
static bool skip_name(struct cursor *c)
{
	const char *from = c->p;

	if (take(c, '<')) {
		while (c->p < c->end && *c->p != '>')
			c->p++;
		return take(c, '>');
	}
	while (c->p < c->end && ascii_lower(*c->p) >= 'a' && ascii_lower(*c->p) <= 'z')
		c->p++;
	return c->p > from;
}

/* [+-]hh[:mm[:ss]] */
static bool hours(struct cursor *c, int32_t *out)
{
	unsigned h, m = 0, s = 0;
	bool minus = take(c, '-');

	if (!minus)
		(void)take(c, '+');
	if (!number(c, 167, &h))
		return false;
	if (take(c, ':') && (!number(c, 59, &m) || (take(c, ':') && !number(c, 59, &s))))
		return false;
	*out = (int32_t)(h * 3600 + m * 60 + s);
	if (minus)
		*out = -*out;
	return true;
}

static bool day(struct cursor *c, struct posixtz_day *d)
{
	d->time = 2 * 3600;
	d->kind = take(c, 'M') ? 'M' : take(c, 'J') ? 'J' : 'D';
	if (d->kind == 'M') {
		if (!number(c, 12, &d->month) || !d->month || !take(c, '.') ||
		    !number(c, 5, &d->week) || !d->week || !take(c, '.') ||
		    !number(c, 6, &d->weekday))
			return false;
	} else if (!number(c, 365, &d->day) || (d->kind == 'J' && !d->day)) {
		return false;
	}
	return !take(c, '/') || hours(c, &d->time);
}

bool posixtz_read(const char *text, size_t n, struct posixtz *out)
{
	struct cursor c = { text, text + n };

	*out = (struct posixtz){ .has_dst = false };
	if (!skip_name(&c) || !hours(&c, &out->std))
		return false;
	out->std = -out->std; /* POSIX counts westwards */
	if (c.p == c.end)
		return true;
	out->has_dst = true;
	out->dst = out->std + 3600;
	if (!skip_name(&c))
		return false;
	if (c.p < c.end && *c.p != ',') {
		if (!hours(&c, &out->dst))
			return false;
		out->dst = -out->dst;
	}
	return take(&c, ',') && day(&c, &out->start) && take(&c, ',') && day(&c, &out->end) &&
	       c.p == c.end;
}

/* Days since 1970 of a rule's day. */
static int64_t day_of(const struct posixtz_day *d, int64_t year)
{
	int64_t first;
	unsigned at;

	if (d->kind != 'M') {
		/* the day 60 of J is always the first of March */
		bool leap = d->kind == 'J' && d->day >= 60 && civil_month_days(year, 2) == 29;

		return civil_days(year, 1, 1) + d->day - (d->kind == 'J') + leap;
	}
	first = civil_days(year, d->month, 1);
	at = (d->weekday + 6 + 7 - civil_weekday(first)) % 7; /* ours begins on Monday */
	at += (d->week - 1) * 7;
	while (at >= civil_month_days(year, d->month))
		at -= 7;
	return first + at;
}

int64_t posixtz_start(const struct posixtz *tz, int64_t year)
{
	return day_of(&tz->start, year) * 86400 + tz->start.time - tz->std;
}

int64_t posixtz_end(const struct posixtz *tz, int64_t year)
{
	return day_of(&tz->end, year) * 86400 + tz->end.time - tz->dst;
}
