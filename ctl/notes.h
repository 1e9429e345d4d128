/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon tells besides of an order that it was given: the list `notes`. */
#ifndef SIPMOAT_NOTES_H
#define SIPMOAT_NOTES_H

#include <stdio.h>

#include "link.h"

/* As `sipmoat check` has them: "error: FILE:LINE: KEY: text", a line each. */
void notes_print(struct reply *r, FILE *to);

#endif
