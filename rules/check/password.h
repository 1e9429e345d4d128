/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others need of the password check's keys: the audit its plan, the loader its zone.
 *
 * Ownership: conf is the ruleset's.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_PASSWORD_H
#define SIPMOAT_PASSWORD_H

#include "audit.h"

/* conf: of the check, as compiled. */
void password_plan(const void *conf, struct audit_plan *out);
/* Index of the zone by which users with weak passwords are judged; -1: their own. */
int password_zone(const void *conf);

#endif
