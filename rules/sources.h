/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files a config is made of: the main file, then conf.d/ *.conf beside it in
 * name order.
 *
 * Ownership: sources_free frees the array; the trees live in the reader's arena.
 */
#ifndef SIPMOAT_SOURCES_H
#define SIPMOAT_SOURCES_H

#include "rows.h"

struct sources {
	const struct node **root;
	unsigned n;
};

/* Sets r->dir.  file "" = no files at all.  Errors are reported. */
void sources_read(struct sources *s, const char *file, struct reader *r);
void sources_free(struct sources *s);

#endif
