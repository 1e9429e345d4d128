/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of calls as the operator writes them: what is counted, of whom, and how much of
 * it is too much.
 *
 * A limit is the same in another config, in what it has counted so far, as long as what it
 * counts is: whom, where to, when.  Its name and its numbers may change.
 *
 * Ownership: limits_free frees what limits_compile made; texts belong to the ruleset.
 * Locking: none, const once compiled.
 */
#ifndef SIPMOAT_LIMITS_H
#define SIPMOAT_LIMITS_H

#include "when.h"

enum limit_per { PER_USER, PER_SOURCE, PER_ZONE, PER_TRUNK, PER_CLASS };

enum limit_count {
	COUNT_NOW, COUNT_MINUTE, COUNT_HOUR, COUNT_DAY,
	COUNT_MINUTES, /* of talk, a day */
	COUNT_SAME, COUNT_DISTINCT, COUNT_SHORT,
};

/* In the order of their words; AS_CHECK: what the key action of the check says.  REJECT:
 * refused as that says, but nobody may approve of it. */
enum limit_action { LIMIT_AS_CHECK, LIMIT_REJECT, LIMIT_ALERT, LIMIT_APPROVE };

/* One entry of the key calls.limits. */
struct limit_entry {
	struct conf_item at;
	const char *name, *trunk;
	struct when_conf when;
	uint32_t warn, act;
	uint32_t window;  /* s: of those counts whose name says none */
	uint32_t least;   /* SHORT: calls */
	uint32_t shorter; /* SHORT: s */
	uint8_t per, count, action;
};

struct limit {
	const char *name;
	struct when when;
	uint64_t id;     /* what it counts, but for who: mixed into keys */
	uint64_t base;   /* PER_CLASS: who, too */
	uint32_t window; /* struct quota; so are warn and act */
	uint32_t warn, act, least, shorter;
	int16_t trunk;   /* PER_TRUNK: only this one, -1: any, each by itself */
	uint8_t per, count, action;
};

struct limits {
	struct limit *limit;
	unsigned n;
};

#define LIMITS_MOST 64 /* may be written */

extern const struct conf_row limit_rows[];
/* The limits that ship, as the operator would write them. */
extern const char limits_shipped[];

/* list: of struct limit_entry.  0 or -1, reported. */
int limits_compile(struct limits *out, const struct conf_groups *list, struct compiler *c);
void limits_free(struct limits *l); /* takes a zeroed one */

/* Of a name in the config, for keys: no secret is needed where nobody else chooses. */
uint64_t limit_name_key(const char *name);

#endif
