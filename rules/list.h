/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of the config: entries written in place, and "file:NAME" for the lines
 * of lists/NAME.
 *
 * Ownership: entries live in the reader's arena.  Errors: reported; a list with
 * a wrong entry keeps the good ones.
 */
#ifndef SIPMOAT_LIST_H
#define SIPMOAT_LIST_H

#include "rows.h"

#define LIST_FILE_LIMIT (16u << 20) /* bytes */
#define LIST_LIMIT 1000000u         /* entries */

void list_read(struct reader *r, const struct node *n, const char *key, struct conf_list *out);
/* From "a,b,c", as defaults are written. */
void list_split(struct reader *r, const char *text, const char *key, struct conf_list *out);

#endif
