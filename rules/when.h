/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions that several checks let an operator put before what they do: whose call it
 * is, where it goes, when, and from which zone.  All that are written must hold.
 *
 *   struct entry { struct conf_item at; struct when_conf when_conf; ... };
 *   static const struct conf_row entry_rows[] = { WHEN_ROWS(struct entry, when_conf), ... };
 *
 * What is compiled of an entry does not belong into it: a zone may have the same entries.
 *
 * Ownership: when_free frees what when_compile made.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_WHEN_H
#define SIPMOAT_WHEN_H

#include "check.h"
#include "match.h"
#include "number/number.h"
#include "schedule.h"

struct when_conf {
	struct conf_list users, groups, zones, to;
	const char *schedule;
};

#define WHEN_AT(type, member, key) (offsetof(type, member) + offsetof(struct when_conf, key))
#define WHEN_ROWS(type, member) \
	{ "users", CONF_LIST, WHEN_AT(type, member, users), 0, 0, "", NULL, \
	  "only of these users: \"text\", \"=equal\", \"^prefix\" or \"/expression/\"" }, \
	{ "groups", CONF_LIST, WHEN_AT(type, member, groups), 0, 0, "", NULL, \
	  "only of users of these groups" }, \
	{ "zones", CONF_LIST, WHEN_AT(type, member, zones), 0, 0, "", NULL, \
	  "only from these zones" }, \
	{ "to", CONF_LIST, WHEN_AT(type, member, to), 0, 0, "", NULL, \
	  "only to numbers with these prefixes (E.164), or of these classes" }, \
	{ "schedule", CONF_TEXT, WHEN_AT(type, member, schedule), 0, 0, "", NULL, \
	  "only while this schedule holds; \"!name\": only while it does not" }

struct when {
	struct match *users;   /* NULL: any */
	uint64_t zones;        /* bit per zone, 0: any */
	uint32_t groups;       /* bit per group, 0: any */
	struct schedule_ref schedule;
	struct numberlist *to; /* NULL: anywhere */
};

/* 0 or -1, reported; zones may not be known by name yet: they are read from c->rules. */
int when_compile(struct when *w, const struct when_conf *conf, struct compiler *c);
void when_free(struct when *w); /* takes a zeroed one */
/* user: whose account the message runs on, as sip_user gives it. */
bool when_holds(const struct when *w, const struct probe *p, struct slice user,
		const struct number *to);
/* What distinguishes a condition from another, whatever the order of the config. */
uint64_t when_hash(const struct when_conf *conf);

#endif
