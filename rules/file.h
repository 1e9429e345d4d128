/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small regular file in memory.
 *
 * Ownership: the caller frees *bytes.  Errors: 0 or -errno; -EFBIG above the
 * limit, -EISDIR or -EINVAL when it is no regular file.
 */
#ifndef SIPMOAT_FILE_H
#define SIPMOAT_FILE_H

#include <stddef.h>

#define FILE_ERROR 128

int file_load(const char *path, size_t limit, char **bytes, size_t *n);
/*
 * A copy to be mapped: a file that is mapped and then replaced in place kills the reader with
 * SIGBUS, and this one nobody can change, us included.  Returns its descriptor, which the
 * caller closes.
 */
int file_sealed(const char *path, size_t limit);
const char *file_error(int err, char room[FILE_ERROR]); /* words for its result */

#endif
