/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in which the daemon keeps something for its next run: where they are, and how they
 * are written so that there is always a whole one.
 *
 * Ownership: the caller frees statefile.bytes.  Locking: one writer a file.
 */
#ifndef SIPMOAT_STATEFILE_H
#define SIPMOAT_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#define STATEFILE_PATH 4096

struct statefile {
	unsigned char *bytes;
	size_t n;
};

/* A name without "/" is in the directory that systemd made for us; false: there is none,
 * or no name. */
bool statefile_path(const char *file, char out[STATEFILE_PATH]);
/* Readable by the daemon only; put writes it: 0 or -errno, as is returned here. */
int statefile_write(const char *path, int (*put)(FILE *f, void *arg), void *arg);
/* Why one like that is not to be believed; NULL: it is. */
const char *statefile_doubt(const struct stat *is);
/* The first bytes of one that is to be believed, at most n; returns how many, 0: none. */
size_t statefile_begin(const char *path, void *out, size_t n);
/* NULL when it was read; else why not. */
const char *statefile_read(const char *path, off_t most, struct statefile *out);

#endif
