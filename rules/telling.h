/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that say who is told of what is found, and how: the files of events, alerts, HOMER.
 *
 * Ownership, locking: const.
 */
#ifndef SIPMOAT_TELLING_H
#define SIPMOAT_TELLING_H

#include "conf.h"

struct settings;

extern const struct conf_row alerts_rows[], events_rows[], hep_rows[];

/* Of a key that names a command: why it is none, or NULL. */
const char *telling_command_unfit(const char *text);
/* Words of alerts.what that are none are errors. */
void telling_check(const struct settings *s, struct conf_report *r);

#endif
