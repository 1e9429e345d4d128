/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ban in words: the comment of its set element, which `nft list set` shows,
 * and back again.
 */
#ifndef SIPMOAT_BANTEXT_H
#define SIPMOAT_BANTEXT_H

#include "engine.h"

#define BANTEXT 128 /* what a set element's comment may hold, with its NUL */

/* "check: reason" or "check (proven): reason", printable ASCII without double quotes: nft puts
 * it between them. */
void bantext_print(const struct ban *b, char out[BANTEXT]);
/* Fills check (CHECK_NONE unless the text starts with a check's name) and reason, and sets
 * proven where the text says so. */
void bantext_parse(const char *text, struct ban *b);

#endif
