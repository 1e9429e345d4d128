/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of a record of legs, one behind the other: for legs.c.
 *
 * Ownership: values.  Locking: the record is held.
 */
#ifndef SIPMOAT_LEGTEXTS_H
#define SIPMOAT_LEGTEXTS_H

#include "legs.h"

/* Files may be damaged: is the record good to be read? */
bool legs_sound(const struct legs *l);
/* In place of what it was; with LEG_TOO_LONG when it finds no room or cannot be repeated. */
void legs_put_text(struct legs *l, enum leg_text which, struct slice s);

#endif
