/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A schedule is a week of minutes, a bit for each, and the days that are taken out of it:
 * to ask it is to find out what clocks show in its zone.
 */
#include "schedule.h"

#include <stdlib.h>

#include "civil.h"
#include "compiler.h"
#include "named.h"
#include "ruleset.h"
#include "sip/chars.h"
#include "timezone.h"

#define AT(member) offsetof(struct schedule_entry, member)

const struct conf_row schedule_rows[] = {
	{ "name", CONF_TEXT, AT(name), 0, 0, "", NULL, "what other keys call it" },
	{ "zone", CONF_TEXT, AT(zone), 0, 0, "UTC", NULL, "time zone, \"Europe/Berlin\"" },
	{ "times", CONF_LIST, AT(times), 0, 0, "", NULL,
	  "when it holds: \"Mon-Fri 08:00-18:00\", \"Sat 22:00-06:00\", \"daily 07:00-20:00\"" },
	{ "except", CONF_LIST, AT(except), 0, 0, "", NULL,
	  "days on which it does not hold: \"2026-12-25\", \"12-25\"" },
	{ NULL },
};

#define DAY 1440 /* minutes */
#define WEEK (7 * DAY)

struct schedule {
	const char *name;
	struct timezone *zone;
	uint8_t week[WEEK / 8]; /* from Monday 00:00, local time */
	uint32_t yearly[12];    /* except: bit per day of a month */
	int64_t *date;          /* except: days since 1970 */
	unsigned dates;
	bool excepts;
};

struct schedules {
	unsigned n;
	struct schedule schedule[];
};

/* ---- time frames ---- */

/* "Mon", "monday": 0 to 6, -1 when it is no day. */
static int day_parse(struct slice text)
{
	static const char *const names[] = { "monday",   "tuesday", "wednesday", "thursday",
					     "friday",   "saturday", "sunday" };

	for (int i = 0; i < 7; i++) {
		struct slice name = slice_of(names[i]);

		if (slice_ieq(text, name) ||
		    (text.n == 3 && slice_ieq(text, (struct slice){ name.p, 3 })))
			return i;
	}
	return -1;
}

/* Cuts off what stands before a mark; the rest behind it. */
static struct slice cut(struct slice *rest, char mark)
{
	const char *at = rest->n ? memchr(rest->p, mark, rest->n) : NULL;
	struct slice head = slice_between(rest->p, at ? at : slice_end(*rest));

	*rest = at ? slice_between(at + 1, slice_end(*rest)) : SLICE_NONE;
	return head;
}

/* "daily", or "Mon-Fri,Sun": a bit per day, 0 when it is neither. */
static unsigned days_parse(struct slice text)
{
	unsigned days = 0;

	if (slice_ieq(text, SLICE("daily")))
		return 0x7f;
	do {
		struct slice last = cut(&text, ','), first = cut(&last, '-');
		int from = day_parse(first), to = last.p ? day_parse(last) : from;

		if (from < 0 || to < 0)
			return 0;
		for (int d = from; d != to; d = (d + 1) % 7)
			days |= 1u << d;
		days |= 1u << to;
	} while (text.p);
	return days;
}

/* "8:00" or "24:00" in minutes, -1 when it is no time. */
static int time_parse(struct slice text)
{
	struct slice minutes = text, h = cut(&minutes, ':');
	int value = 0;

	if (h.n < 1 || h.n > 2 || minutes.n != 2)
		return -1;
	for (unsigned i = 0; i < 2; i++)
		if (!is_digit(minutes.p[i]) || (i < h.n && !is_digit(h.p[i])))
			return -1;
	for (unsigned i = 0; i < h.n; i++)
		value = value * 10 + (h.p[i] - '0');
	value = value * 60 + (minutes.p[0] - '0') * 10 + (minutes.p[1] - '0');
	return minutes.p[0] > '5' || value > DAY ? -1 : value;
}

static void mark(struct schedule *s, unsigned days, unsigned from, unsigned to)
{
	for (unsigned d = 0; d < 7; d++)
		for (unsigned m = from; (days >> d & 1) && m < to; m++) {
			unsigned at = (d * DAY + m) % WEEK;

			s->week[at / 8] |= (uint8_t)(1u << at % 8);
		}
}

static bool frame_parse(struct schedule *s, struct slice text)
{
	struct slice word, hours, start;
	unsigned days = 0x7f;
	int from = 0, to = DAY;

	text = slice_trim(text);
	word = cut(&text, ' ');
	hours = slice_trim(text);
	if (word.n && is_digit(*word.p)) {
		if (hours.n)
			return false;
		hours = word;
	} else {
		days = days_parse(word);
	}
	if (hours.n) {
		start = cut(&hours, '-');
		from = time_parse(slice_trim(start));
		to = time_parse(slice_trim(hours));
	}
	if (!days || from < 0 || to < 0 || from == to || from == DAY)
		return false;
	mark(s, days, (unsigned)from, (unsigned)(to > from ? to : to + DAY));
	return true;
}

static int times_compile(struct schedule *s, const struct conf_list *l, struct compiler *c)
{
	int err = 0;

	if (!l->n) {
		compiler_error(c, NULL, "times", "is empty: it would never hold");
		return -1;
	}
	for (unsigned i = 0; i < l->n; i++) {
		if (frame_parse(s, slice_of(l->item[i].text)))
			continue;
		compiler_error(c, &l->item[i], "times",
			       "\"%.40s\" is no time frame: write \"Mon-Fri 08:00-18:00\", "
			       "\"Sat 22:00-06:00\", \"Sat,Sun\" or \"daily 07:00-20:00\"",
			       l->item[i].text);
		err = -1;
	}
	return err;
}

/* ---- days that are taken out ---- */

static bool digits(const char *p, unsigned n, unsigned *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return false;
		*out = *out * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

static bool except_parse(struct schedule *s, const char *text)
{
	size_t n = strlen(text);
	unsigned year = 2000, month, day; /* a leap year */

	if (n != 5 && n != 10)
		return false;
	if (n == 10 && (!digits(text, 4, &year) || text[4] != '-'))
		return false;
	text += n - 5;
	if (!digits(text, 2, &month) || text[2] != '-' || !digits(text + 3, 2, &day) ||
	    month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month))
		return false;
	if (n == 5)
		s->yearly[month - 1] |= 1u << (day - 1);
	else
		s->date[s->dates++] = civil_days(year, month, day);
	return true;
}

static int by_day(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int except_compile(struct schedule *s, const struct conf_list *l, struct compiler *c)
{
	int err = 0;

	s->date = calloc(l->n + 1, sizeof(*s->date));
	if (!s->date) {
		compiler_error(c, NULL, "except", "out of memory");
		return -1;
	}
	s->excepts = l->n;
	for (unsigned i = 0; i < l->n; i++) {
		if (except_parse(s, l->item[i].text))
			continue;
		compiler_error(c, &l->item[i], "except",
			       "\"%.40s\" is no day: write \"2026-12-25\", or \"12-25\" for that "
			       "day of every year", l->item[i].text);
		err = -1;
	}
	qsort(s->date, s->dates, sizeof(*s->date), by_day);
	return err;
}

/* ---- from the config ---- */

static int schedule_compile(struct schedules *all, const struct schedule_entry *e,
			    struct compiler *c)
{
	struct schedule *s = &all->schedule[all->n++];
	char why[TIMEZONE_ERROR];
	int err = named_check(c, e->name) ? 0 : -1;

	s->name = e->name;
	for (unsigned i = 0; !err && i + 1 < all->n; i++)
		if (strcmp(all->schedule[i].name, e->name) == 0) {
			compiler_error(c, NULL, "name",
				       "a schedule of this name was written before");
			err = -1;
		}
	err |= times_compile(s, &e->times, c);
	err |= except_compile(s, &e->except, c);
	s->zone = timezone_load(e->zone, why);
	if (s->zone)
		return err;
	compiler_error(c, NULL, "zone", "\"%.64s\" %s", e->zone, why);
	return -1;
}

int schedules_compile(struct ruleset *rs, struct compiler *c)
{
	const struct conf_groups *g = &rs->settings.schedules;
	const struct schedule_entry *entry = g->entry;
	struct schedules *all;
	int err = 0;

	all = calloc(1, sizeof(*all) + g->n * sizeof(all->schedule[0]));
	rs->schedules = all;
	if (!all) {
		compiler_error(c, NULL, "schedules", "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < g->n; i++) {
		struct compiler at = compiler_of_entry(c, &entry[i].at);

		err |= schedule_compile(all, &entry[i], &at);
	}
	return err;
}

void schedules_free(struct schedules *s)
{
	for (unsigned i = 0; s && i < s->n; i++) {
		timezone_free(s->schedule[i].zone);
		free(s->schedule[i].date);
	}
	free(s);
}

int schedule_find(const struct ruleset *rs, const char *name)
{
	for (unsigned i = 0; rs->schedules && i < rs->schedules->n; i++)
		if (strcmp(rs->schedules->schedule[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *schedule_name(const struct ruleset *rs, unsigned schedule)
{
	return rs->schedules && schedule < rs->schedules->n ?
		       rs->schedules->schedule[schedule].name : NULL;
}

int schedule_refer(struct schedule_ref *ref, const char *text, struct compiler *c,
		   const char *key)
{
	struct nearest best;
	const char *name;

	*ref = (struct schedule_ref){ -1, text[0] == '!' };
	if (!text[0])
		return 0;
	text += ref->unless;
	ref->schedule = (int16_t)schedule_find(c->rules, text);
	if (ref->schedule >= 0)
		return 0;
	best = nearest_to(text);
	for (unsigned i = 0; (name = schedule_name(c->rules, i)); i++)
		nearer(&best, name);
	named_unknown(c, NULL, key, "schedule", &best);
	return -1;
}

/* ---- per packet ---- */

static bool is_excepted(const struct schedule *s, int64_t day)
{
	struct civil date = civil_of_days(day);

	if (s->yearly[date.month - 1] >> (date.day - 1) & 1)
		return true;
	return bsearch(&day, s->date, s->dates, sizeof(day), by_day);
}

bool schedule_holds(const struct ruleset *rs, unsigned schedule, uint64_t wall)
{
	const struct schedule *s;
	int64_t local, day;
	unsigned at;

	if (!wall || wall > INT64_MAX / 2 || !rs->schedules || schedule >= rs->schedules->n)
		return false;
	s = &rs->schedules->schedule[schedule];
	local = (int64_t)wall + timezone_offset(s->zone, (int64_t)wall);
	day = civil_days_of(local);
	at = civil_weekday(day) * DAY + (unsigned)((local - day * 86400) / 60);
	if (!(s->week[at / 8] >> at % 8 & 1))
		return false;
	return !s->excepts || !is_excepted(s, day);
}
