/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds, for rules/ alone: their rows, and what the two readers of files share.
 */
#ifndef SIPMOAT_FEEDS_H
#define SIPMOAT_FEEDS_H

#include "feedlist.h"

struct ruleset;

extern const struct conf_row feed_rows[];
/* ruleset.c: checks settings.feeds; reported. */
void feeds_compile(struct ruleset *rs, struct compiler *c);

struct feed_reading {
	struct feed_text *out;
	enum feed_list list;
	enum feed_format format;
	uint32_t line;
	bool no_memory;
};

/* One address or prefix, without blanks around it. */
void feed_take(struct feed_reading *r, struct slice text);
/* feed_json.c: one or more JSON values.  false: it breaks off, or is no JSON. */
bool feed_json(struct feed_reading *r, const char *bytes, const char *end);

#endif
