/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon tells besides of an order that it was given: the list `notes`. */
#ifndef SIPMOAT_NOTES_H
#define SIPMOAT_NOTES_H

#include <stdio.h>

#include "link.h"

/* As `sipmoat check` has them: "error: FILE:LINE: KEY: text", a line each. */
void notes_print(struct reply *r, FILE *to);
/* Of an order that was taken: CTL_OK; CTL_REFUSED, and told, when not all of it is in force. */
int notes_outcome(const struct reply *r, const char *name);

#endif
