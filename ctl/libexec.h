/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of their own that the tool starts by a subcommand: `sipmoat web`, for one. */
#ifndef SIPMOAT_LIBEXEC_H
#define SIPMOAT_LIBEXEC_H

/*
 * Becomes the program of that name, which lies beside this one (as built) or in
 * ../libexec/sipmoat (as installed), and gets the arguments behind the subcommand.  Returns an
 * exit status if it cannot, and has told why.
 */
int libexec_become(const char *program, char **argv);

#endif
