/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the config gives names to besides zones and schedules: groups of users, and trunks,
 * which are the carriers and other servers outside that calls go to and come from.
 *
 * Ownership: both belong to their ruleset.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_GROUPS_H
#define SIPMOAT_GROUPS_H

#include "addr.h"
#include "conf.h"

struct ruleset;
struct groups;

/* One entry of the keys groups and trunks. */
struct group_entry {
	struct conf_item at;
	const char *name;
	struct conf_list users;
};
struct trunk_entry {
	struct conf_item at;
	const char *name;
	struct conf_list addresses;
};
extern const struct conf_row group_rows[], trunk_rows[];

/* ruleset.c: settings.groups and settings.trunks into rs->groups; 0 or -1, reported. */
int groups_compile(struct ruleset *rs, struct compiler *c);
void groups_free(struct groups *g); /* takes NULL */

/* Index of a name, -1: there is none. */
int group_find(const struct ruleset *rs, const char *name);
const char *group_name(const struct ruleset *rs, unsigned group); /* NULL behind the last */
/* user: as sip_user gives it. */
bool group_has(const struct ruleset *rs, unsigned group, struct slice user);

int trunk_find(const struct ruleset *rs, const char *name);
const char *trunk_name(const struct ruleset *rs, unsigned trunk); /* NULL behind the last */
/* The first trunk that an address outside belongs to, -1: none. */
int trunk_of(const struct ruleset *rs, const struct addr *a);
/* Is there an address of any trunk in it? */
bool trunk_in(const struct ruleset *rs, const struct prefix *p);

#endif
