/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings that belong to no check, as groups of rows over struct settings.
 *
 * Ownership: texts and lists live in the reader's arena.
 */
#ifndef SIPMOAT_SETTINGS_H
#define SIPMOAT_SETTINGS_H

#include "engine.h"
#include "rows.h"

struct settings_group {
	const char *name; /* "" = the top level; NULL ends the groups */
	const struct conf_row *rows;
};

extern const struct settings_group settings_groups[];

/* Turns what was read into what is used, and reports what does not fit together. */
void settings_compile(struct settings *s, struct reader *r, const char *file);

#endif
