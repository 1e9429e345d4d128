/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time frames with names: "Mon-Fri 08:00-18:00" in a time zone, public holidays taken out.
 * A frame is read off the wall clock of its zone: in the night when clocks go forward it
 * is shorter, when they go back what is said of the hour holds in both of them.
 *
 * Time zones: TZif files (RFC 8536), read when the config is.
 *
 * Ownership: schedules belong to their ruleset.  Locking: none, const once compiled.
 * Units: seconds since 1970, UTC.
 */
#ifndef SIPMOAT_SCHEDULE_H
#define SIPMOAT_SCHEDULE_H

#include "conf.h"

struct ruleset;
struct schedules;

/* One entry of the key schedules. */
struct schedule_entry {
	struct conf_item at;
	const char *name, *zone;
	struct conf_list times, except;
};
extern const struct conf_row schedule_rows[];

/* ruleset.c: settings.schedules into rs->schedules; 0 or -1, reported. */
int schedules_compile(struct ruleset *rs, struct compiler *c);
void schedules_free(struct schedules *s); /* takes NULL */

/* Index of a schedule, -1: there is none of that name. */
int schedule_find(const struct ruleset *rs, const char *name);
const char *schedule_name(const struct ruleset *rs, unsigned schedule); /* NULL behind the last */
/* wall: 0 when nobody knows what time it is; then no schedule holds. */
bool schedule_holds(const struct ruleset *rs, unsigned schedule, uint64_t wall);

/* The condition `schedule` of others: "" (any time), "name" or "!name" (while it does not
 * hold).  0 or -1, reported. */
struct schedule_ref {
	int16_t schedule; /* -1: any time */
	bool unless;
};
int schedule_refer(struct schedule_ref *ref, const char *text, struct compiler *c,
		   const char *key);
/* When nobody knows what time it is, neither "name" nor "!name" fits. */
static inline bool schedule_fits(const struct ruleset *rs, struct schedule_ref ref, uint64_t wall)
{
	return ref.schedule < 0 ||
	       (wall && schedule_holds(rs, (unsigned)ref.schedule, wall) != ref.unless);
}

#endif
