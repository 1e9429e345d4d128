/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone is one table of instants at which clocks change.  TZif files list those of the
 * past, and end with a rule for all that follow (a POSIX TZ string): it is written out for
 * four hundred years, after which the calendar repeats itself to the weekday.
 */
#include "timezone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "file.h"
#include "posixtz.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define FILE_LIMIT (64u << 10) /* the largest there is has about 4 KiB */
#define TIMES_LIMIT 4096
#define TYPES_LIMIT 256
#define OFFSET_LIMIT (26 * 3600) /* RFC 8536 3.2 */
#define CYCLE_YEARS 400
#define CYCLE ((int64_t)146097 * 86400) /* seconds of so many years: whole weeks, too */

struct change {
	int64_t at;
	int32_t offset; /* from then on */
};

struct timezone {
	int32_t first; /* before all changes */
	unsigned n;
	int64_t end;   /* what is later is like a cycle before */
	struct change change[];
};

/* ---- the bytes of a file ---- */

#define HEADER 44

struct counts {
	uint32_t isut, isstd, leap, times, types, chars;
};

struct block {
	struct counts n;
	const unsigned char *times, *types_of, *types;
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t time_of(const struct block *b, unsigned i, unsigned size)
{
	const unsigned char *p = b->times + (size_t)i * size;

	if (size == 4)
		return (int32_t)be32(p);
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool header_read(const unsigned char *p, size_t n, struct counts *out)
{
	if (n < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	*out = (struct counts){ be32(p + 20), be32(p + 24), be32(p + 28),
				be32(p + 32), be32(p + 36), be32(p + 40) };
	return out->times <= TIMES_LIMIT && out->types >= 1 && out->types <= TYPES_LIMIT &&
	       out->isut <= TYPES_LIMIT && out->isstd <= TYPES_LIMIT && out->leap <= TIMES_LIMIT &&
	       out->chars <= TIMES_LIMIT;
}

/* size: of a time.  Returns the bytes of header and block, 0: they are damaged. */
static size_t block_read(const unsigned char *p, size_t n, unsigned size, struct block *b)
{
	size_t bytes;

	if (!header_read(p, n, &b->n))
		return 0;
	bytes = HEADER + (size_t)b->n.times * (size + 1) + (size_t)b->n.types * 6 + b->n.chars +
		(size_t)b->n.leap * (size + 4) + b->n.isstd + b->n.isut;
	if (bytes > n)
		return 0;
	b->times = p + HEADER;
	b->types_of = b->times + (size_t)b->n.times * size;
	b->types = b->types_of + b->n.times;
	return bytes;
}

static bool offset_of(const struct block *b, unsigned type, int32_t *out)
{
	if (type >= b->n.types)
		return false;
	*out = (int32_t)be32(b->types + (size_t)type * 6);
	return *out > -OFFSET_LIMIT && *out < OFFSET_LIMIT;
}

/* ---- the table ---- */

static void add(struct timezone *tz, int64_t at, int32_t offset)
{
	tz->change[tz->n++] = (struct change){ at, offset };
}

static bool add_past(struct timezone *tz, const struct block *b, unsigned size)
{
	if (!offset_of(b, 0, &tz->first))
		return false;
	for (unsigned i = 0; i < b->n.times; i++) {
		int64_t at = time_of(b, i, size);
		int32_t offset;

		if (!offset_of(b, b->types_of[i], &offset) ||
		    (tz->n && at <= tz->change[tz->n - 1].at))
			return false;
		add(tz, at, offset);
	}
	return true;
}

/* Both changes of a year, the earlier one first; what the file says itself counts. */
static void add_year(struct timezone *tz, const struct posixtz *rule, int64_t year, int64_t after)
{
	struct change on = { posixtz_start(rule, year), rule->dst },
		      off = { posixtz_end(rule, year), rule->std };
	bool swapped = on.at > off.at;
	struct change two[] = { swapped ? off : on, swapped ? on : off };

	for (unsigned i = 0; i < 2; i++)
		if (two[i].at > after)
			add(tz, two[i].at, two[i].offset);
}

static void add_future(struct timezone *tz, const struct posixtz *rule)
{
	int64_t last = tz->n ? tz->change[tz->n - 1].at : 0;
	int64_t year;

	if (!rule->has_dst) {
		if (!tz->n)
			tz->first = rule->std;
		return;
	}
	if (last < 0)
		last = 0; /* nobody asks for what was before 1970 */
	year = civil_of_days(civil_days_of(last)).year;
	for (int64_t y = year - 1; y <= year + CYCLE_YEARS + 2; y++)
		add_year(tz, rule, y, last);
	tz->end = civil_days(year + CYCLE_YEARS + 2, 1, 1) * 86400;
}

/* The text between two line ends behind the last block; false: it is damaged. */
static bool footer_read(const unsigned char *p, size_t n, struct posixtz *rule, bool *has)
{
	const unsigned char *end = n ? memchr(p + 1, '\n', n - 1) : NULL;

	if (!end || p[0] != '\n')
		return false;
	*has = end > p + 1;
	return !*has || posixtz_read((const char *)p + 1, (size_t)(end - p) - 1, rule);
}

static struct timezone *build(const struct block *b, unsigned size, const struct posixtz *rule)
{
	size_t most = b->n.times + 2 * (CYCLE_YEARS + 4);
	struct timezone *tz = calloc(1, sizeof(*tz) + most * sizeof(tz->change[0]));

	if (!tz)
		return NULL;
	tz->end = INT64_MAX;
	if (add_past(tz, b, size)) {
		if (rule)
			add_future(tz, rule);
		return tz;
	}
	free(tz);
	return NULL;
}

struct timezone *timezone_read(const void *bytes, size_t n, char why[TIMEZONE_ERROR])
{
	const unsigned char *p = bytes;
	struct timezone *tz = NULL;
	struct posixtz rule;
	struct block b;
	unsigned size = 4;
	bool has = false;
	size_t used = block_read(p, n, 4, &b);

	if (used && p[4] >= '2') {
		p += used;
		n -= used;
		size = 8;
		used = block_read(p, n, 8, &b);
		if (used && !footer_read(p + used, n - used, &rule, &has))
			used = 0;
	}
	if (used && b.n.leap)
		snprintf(why, TIMEZONE_ERROR, "counts leap seconds, which no clock here does");
	else if (used)
		tz = build(&b, size, has ? &rule : NULL);
	if (!tz && !(used && b.n.leap))
		snprintf(why, TIMEZONE_ERROR, "is damaged, or no time zone file at all");
	return tz;
}

/* ---- by name ---- */

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+/"

static bool is_name(const char *name)
{
	size_t n = strspn(name, NAME_BYTES);

	return n && !name[n] && n < 64 && name[0] != '/';
}

struct timezone *timezone_load(const char *name, char why[TIMEZONE_ERROR])
{
	char path[128], room[FILE_ERROR], *bytes;
	struct timezone *tz;
	size_t n;
	int err;

	if (strcmp(name, "UTC") == 0) {
		tz = calloc(1, sizeof(*tz));
		if (tz)
			tz->end = INT64_MAX;
		else
			snprintf(why, TIMEZONE_ERROR, "out of memory");
		return tz;
	}
	if (!is_name(name)) {
		snprintf(why, TIMEZONE_ERROR, "is no name of a time zone: write \"Europe/Berlin\"");
		return NULL;
	}
	snprintf(path, sizeof(path), ZONEINFO "/%s", name);
	err = file_load(path, FILE_LIMIT, &bytes, &n);
	if (err) {
		snprintf(why, TIMEZONE_ERROR, "is no time zone of this system: %s: %s", path,
			 file_error(err, room));
		return NULL;
	}
	tz = timezone_read(bytes, n, why);
	free(bytes);
	return tz;
}

void timezone_free(struct timezone *tz)
{
	free(tz);
}

int32_t timezone_offset(const struct timezone *tz, int64_t at)
{
	unsigned lo = 0, hi = tz->n;

	if (at >= tz->end)
		at -= ((at - tz->end) / CYCLE + 1) * CYCLE;
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (tz->change[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? tz->change[lo - 1].offset : tz->first;
}
