/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an event stands out: by what became of it; what the daemon says of itself by its level. */
#ifndef SIPMOAT_EVENTTONE_H
#define SIPMOAT_EVENTTONE_H

#include "grid.h"
#include "link.h"

/* row: of "events" (docs/control.md). */
enum grid_tone event_tone(const struct reply *r, int row);

#endif
