/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of the config as pages write them: "1m to 1d", `[ "a" ]`. */
#ifndef TESTS_ROWTEXT_H
#define TESTS_ROWTEXT_H

#include <stdio.h>
#include <string.h>

#include "conf.h"

#define ROWTEXT 2048

static inline void rowtext_duration(uint32_t s, char out[ROWTEXT])
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = { { 604800, 'w' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned i = 0;

	while (i < 4 && (!s || s % units[i].seconds))
		i++;
	snprintf(out, ROWTEXT, "%u%c", s / units[i].seconds, units[i].unit);
}

static inline void rowtext_words(const struct conf_row *row, const char *quote, char out[ROWTEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; row->words[i]; i++)
		if (row->words[i][0])
			n += (size_t)snprintf(out + n, ROWTEXT - n, "%s%s%s%s", n ? ", " : "",
					      quote, row->words[i], quote);
}

/* quote: around each of the words of a choice */
static inline void rowtext_range(const struct conf_row *row, const char *quote, char out[ROWTEXT])
{
	char lo[ROWTEXT], hi[ROWTEXT];

	switch (row->type) {
	case CONF_INT:
		snprintf(out, ROWTEXT, "%s%u to %u", row->or_zero ? "0, " : "", row->min,
			 row->max);
		return;
	case CONF_DURATION:
		rowtext_duration(row->min, lo);
		rowtext_duration(row->max, hi);
		snprintf(out, ROWTEXT, "%.16s to %.16s", lo, hi);
		return;
	case CONF_WORD:
	case CONF_MAP:
		rowtext_words(row, quote, out);
		return;
	case CONF_GROUPS:
		snprintf(out, ROWTEXT, "groups");
		return;
	default:
		snprintf(out, ROWTEXT, "%s", row->type == CONF_BOOL ? "true, false" :
					     row->type == CONF_TEXT ? "text" : "list");
	}
}

/* The default as an operator would write it; row->fallback is not NULL. */
static inline void rowtext_default(const struct conf_row *row, char out[ROWTEXT])
{
	switch (row->type) {
	case CONF_INT:
	case CONF_BOOL:
		snprintf(out, ROWTEXT, "%s", row->fallback);
		return;
	case CONF_MAP:
		snprintf(out, ROWTEXT, "{ }");
		return;
	case CONF_GROUPS:
		snprintf(out, ROWTEXT, "( )");
		return;
	case CONF_LIST:
		snprintf(out, ROWTEXT, row->fallback[0] ? "[ \"%s\" ]" : "[ ]", row->fallback);
		return;
	default:
		snprintf(out, ROWTEXT, "\"%s\"", row->fallback);
	}
}

/* A list of several is written out under the key, not beside it. */
static inline bool rowtext_is_long(const struct conf_row *row)
{
	return (row->type == CONF_LIST && strchr(row->fallback, ',')) ||
	       (row->type == CONF_GROUPS && row->fallback[0]);
}

#endif
