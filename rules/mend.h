/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look at a config's text before libconfig parses it.
 *
 * libconfig 1.5 cuts integers to 32 bits without a word, 1.7 takes one with a
 * leading zero for octal; both stop at a NUL byte, join two texts with no comma
 * between them, and say no more than "syntax error" about most that people forget:
 * quotes, brackets, groups.  That is said here first.  What can be mended is mended
 * in a copy, so that one forgotten quote does not hide all other errors of the
 * file.  A comma behind the last entry of a list is dropped: 1.7 takes it and 1.5
 * does not.
 *
 * Ownership: the caller frees *mended.
 */
#ifndef SIPMOAT_MEND_H
#define SIPMOAT_MEND_H

#include <stddef.h>

struct conf_report;

/* text ends with a NUL that n does not count.  *mended is NULL when an error was
 * found that no mending helps.  0 or -ENOMEM. */
int mend_text(const char *file, const char *text, size_t n, struct conf_report *report,
	      char **mended);

#endif
