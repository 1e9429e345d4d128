/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user part looks like, whatever the dial plan says: private to rules/number/.
 *
 * Ownership: slices point into the argument.  Locking: none.
 */
#ifndef SIPMOAT_WRITTEN_H
#define SIPMOAT_WRITTEN_H

#include "slice.h"

bool digits_only(struct slice s);
bool begins(struct slice s, struct slice prefix);
struct slice behind(struct slice s, uint32_t n);
/* Up to parameters or a NUL. */
struct slice text_of(struct slice user);
bool is_mac(struct slice d);
/* Digits, *, # and +. */
bool dialable(struct slice d);
bool is_code(struct slice d);
/* Is there a + in what may stand before a number?  *d is then what follows the last one. */
bool plus_skip(struct slice *d);
struct slice behind_code(struct slice d);

#endif
