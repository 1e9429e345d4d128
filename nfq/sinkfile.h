/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of lines that grows no further than it may: at its size it is renamed to FILE.1, the
 * former FILE.1 to FILE.2 and so on, and the last one is removed.  Where somebody else has
 * renamed or removed it (logrotate) the next line goes into a new one.
 *
 * A line is there whole or not at all, also on a full disk.
 *
 * Ownership: sinkfile_close closes; it is a value otherwise.  Locking: one thread.
 */
#ifndef SIPMOAT_SINKFILE_H
#define SIPMOAT_SINKFILE_H

#include <stddef.h>
#include <stdint.h>

struct sinkfile {
	char *path;      /* NULL: none */
	uint64_t most;   /* bytes of each */
	unsigned keep;   /* old ones */
	int fd;          /* -1: not open */
	uint64_t size, dev, ino;
};

int sinkfile_init(struct sinkfile *f, const char *path, uint64_t most, unsigned keep);
void sinkfile_close(struct sinkfile *f);
/* Call now and then, and when told to: is it still the file of that name? */
void sinkfile_look(struct sinkfile *f);
/* 0 or -errno: the line is not there. */
int sinkfile_put(struct sinkfile *f, const char *line, size_t n);

#endif
