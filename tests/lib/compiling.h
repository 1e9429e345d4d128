/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiler and a list without files, for tests of what compile() functions call.
 *
 * Ownership: the report is freed by compiling_free; items live in the struct.
 */
#ifndef SIPMOAT_COMPILING_H
#define SIPMOAT_COMPILING_H

#include "check.h"

#define COMPILING_ITEMS 64

struct compiling {
	struct conf_report report;
	struct compiler c;
	struct conf_item item[COMPILING_ITEMS];
	struct conf_list list;
};

static inline void compiling_init(struct compiling *t, const struct geo *geo)
{
	*t = (struct compiling){ 0 };
	t->c = (struct compiler){ .report = &t->report, .group = "g", .file = "f", .line = 1,
				  .geo = geo, .mode = MODE_ENFORCE };
	t->list.item = t->item;
}

static inline void compiling_add(struct compiling *t, const char *text)
{
	t->item[t->list.n] = (struct conf_item){ text, "f", t->list.n + 1 };
	t->list.n++;
}

static inline void compiling_free(struct compiling *t)
{
	conf_report_free(&t->report);
}

#endif
