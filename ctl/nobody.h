/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that may only look do not stay root. */
#ifndef SIPMOAT_NOBODY_H
#define SIPMOAT_NOBODY_H

#include <stdbool.h>

/*
 * Gives up what could be gained by others' programs and, of root, all rights: the process is
 * that user then.  false: told on stderr, as "sipmoat NAME: ...".
 */
bool nobody_become(const char *user, const char *name);

#endif
