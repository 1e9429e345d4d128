/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database of the store: how it is opened, what is in it, and what becomes of one that
 * is damaged.
 *
 * Ownership: as db.h.  Locking: one thread; others may read the same file by a connection of
 * their own (storefile_read).  Errors: 0 or -errno, with a line in why.
 */
#ifndef SIPMOAT_STOREFILE_H
#define SIPMOAT_STOREFILE_H

#include "db.h"

#define STOREFILE_WHY 256

/*
 * For writing; made if there is none.  One that is damaged, of another version, or that
 * somebody else may have written is put aside, told in the log, and begun anew; what is no
 * file, or a database of something else, is left alone: -EEXIST.
 */
int storefile_open(struct db **out, const char *path, char why[STOREFILE_WHY]);
/* Likewise one that showed its damage in use. */
int storefile_anew(struct db **out, const char *path, const char *damage, char why[STOREFILE_WHY]);
/* After db_close of one whose file was taken away: its log belongs to nothing that is there. */
void storefile_drop_log(const char *path);
int storefile_read(struct db **out, const char *path);

/* Notes that the database has about itself. */
int storefile_note(struct db *d, const char *name, int64_t value);
int storefile_noted(struct db *d, const char *name, int64_t *value); /* no such: 0 */

#endif
