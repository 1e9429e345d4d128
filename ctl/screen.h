/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, by curses: a canvas onto it, keys from it, and back to what it was.
 *
 * One at a time, as there is one terminal.  Locking: one thread.
 */
#ifndef SIPMOAT_SCREEN_H
#define SIPMOAT_SCREEN_H

#include "canvas.h"

/* false: that is no terminal, or none that curses knows; err says so. */
bool screen_open(char *err, size_t room);
void screen_close(void);
void screen_size(unsigned *rows, unsigned *columns);
void screen_show(const struct canvas *c);
/* A key as top.h has them; 0: none now.  *resized: the terminal has another size. */
int screen_key(bool *resized);

#endif
