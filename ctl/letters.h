/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from elsewhere on its way to a terminal: what remains is letters of known width,
 * nothing that moves the cursor, turns the direction of writing or hides.
 *
 * Ownership: the caller's buffers.
 */
#ifndef SIPMOAT_LETTERS_H
#define SIPMOAT_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

/* Does the environment speak of UTF-8?  Elsewhere its bytes may be orders to a terminal. */
bool letters_utf8(void);
/*
 * Of in what may be shown, '?' for the rest, cut to columns and to room bytes, always ended.
 * utf8: letters beyond ASCII, too.  Returns the columns that it takes.
 */
size_t letters_show(char *out, size_t room, const char *in, size_t columns, bool utf8);

#endif
