/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls for help: no check that asks who calls may stand in their way.
 *
 * Locking: none; reads the ruleset.
 */
#ifndef SIPMOAT_EMERGENCY_H
#define SIPMOAT_EMERGENCY_H

#include "ruleset.h"

/* Is it one of the numbers of the key `emergency`, or, where nobody wrote that, of those of
 * the country in dialplan.country?  user: as sip_user gives it; what gets an outside line
 * may stand before it, parameters of a telephone number behind it (RFC 3966 3). */
bool emergency_number(const struct ruleset *rs, struct slice user);

/* context: the value of phone-context.  True where what stands before it is the end of some
 * number, to servers that put it behind the context (RFC 3966 5.1.5), and not its place. */
bool emergency_elsewhere(const struct ruleset *rs, struct slice context);

/* urn:service:sos and what is below it (RFC 5031 4.2). */
bool emergency_service(struct slice uri);

/* An INVITE outside a dialog to one of them, or to urn:service:sos and what is below it
 * (RFC 5031 4.2), by its Request-URI: servers go by that (RFC 3261 16.5). */
bool emergency_call(const struct ruleset *rs, const struct sip_msg *sip);

/* For settings_compile: entries that nobody could dial are errors. */
struct conf_report;
void emergency_compile(const struct settings *s, struct conf_report *r);

#endif
