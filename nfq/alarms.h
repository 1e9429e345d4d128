/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator should look at now, worked out from a report.
 *
 * Ownership: values.  Locking: none; a function of its argument.
 */
#ifndef SIPMOAT_ALARMS_H
#define SIPMOAT_ALARMS_H

#include "report.h"

#define ALARMS_MOST 64
#define ALARM_TEXT 192
#define ALARM_LATELY 300 /* s that what has happened is an alarm */
#define ALARM_DELAY 50   /* ms that packets wait until it is one */

struct alarm {
	const char *name; /* one word, for programs */
	char text[ALARM_TEXT]; /* printable */
};

/* Those that hold, the gravest first; returns how many. */
unsigned alarms_of(const struct report *r, struct alarm out[ALARMS_MOST]);

#endif
