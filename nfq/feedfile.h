/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One feed's file: has it changed, and is it a list that may be used?
 *
 * Ownership: feedfile_free takes a zeroed one.  Locking: none; one thread.
 */
#ifndef SIPMOAT_FEEDFILE_H
#define SIPMOAT_FEEDFILE_H

#include <sys/types.h>
#include <time.h>

#include "feedlist.h"

#define FEEDFILE_WHY 256

struct feedfile_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct feedfile {
	char name[FEED_NAME];
	char *path;
	enum feed_list list;
	enum feed_format format;
	struct feed_text text;  /* the latest version that was good */
	struct feedfile_stamp seen, judged; /* at the last look, and the version last judged */
	bool any;               /* a version was judged */
	char why[FEEDFILE_WHY]; /* why the latest version was not taken; "" = it was */
	uint64_t loaded;        /* s since 1970 when text was read, 0 = never */
	uint64_t retry;         /* ns of the engine's clock: a refused one is judged again */
};

int feedfile_init(struct feedfile *f, const struct feed_entry *e); /* 0 or -ENOMEM */
void feedfile_free(struct feedfile *f);
bool feedfile_same(const struct feedfile *f, const struct feed_entry *e);

enum feedfile_news {
	FEEDFILE_SAME,
	FEEDFILE_FRESH, /* *fresh is a good list, the caller's from now on */
	FEEDFILE_BAD,   /* and why says why */
};
/* Reads the file if it was replaced, or was changed and has been quiet since the last look;
 * anyway: in any case. */
enum feedfile_news feedfile_look(struct feedfile *f, bool anyway, struct feed_text *fresh,
				 char why[FEEDFILE_WHY]);

#endif
