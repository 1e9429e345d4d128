/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One generation of compiled policy.  Built by ruleset.c from what conf.c read;
 * const from then on.
 */
#ifndef SIPMOAT_RULESET_H
#define SIPMOAT_RULESET_H

#include "check.h"
#include "engine.h"
#include "lookers.h"
#include "prefixset.h"
#include "schedule.h"

struct geo;

#define ZONE_MAX 64
#define ZONE_NAME 32

/*
 * A zone is the first whose conditions all hold; zone 0, "default", has none and
 * catches the rest.  It holds the policy and the compiled conf of every check.
 */
struct zone {
	char name[ZONE_NAME];
	bool trust;
	bool has_addresses, has_countries, has_asns; /* which conditions it sets */
	uint8_t transport;  /* enum pkt_proto, PROTO_NONE = any */
	int8_t registered;  /* 1 must be, 0 must not be, -1 any */
	struct schedule_ref schedule;
	bool assigned;      /* no source is in it by itself */
	const struct zone *weak; /* by which its users with weak passwords are judged; NULL:
	                          * by this one */
	struct prefixset addresses;
	uint32_t *countries; /* sorted geo_country codes */
	unsigned n_countries;
	uint32_t *asns;      /* sorted */
	unsigned n_asns;
	struct policy policy[CHECK_MAX];
	void *conf[CHECK_MAX]; /* NULL for a check without conf */
	uint32_t asked;        /* bit per check: on, and not idle */
};

struct ruleset {
	const struct ruleset *of; /* of which it is a view: all but settings and zone are that
	                           * one's.  NULL: a whole one */
	struct settings settings;
	struct prefix *inside;
	size_t n_inside;
	struct prefixset inside_set;
	struct outside_link *outside;
	size_t n_outside;
	struct prefix *trusted;
	size_t n_trusted;
	struct never *never; /* spared.c: first those that are written in the config */
	size_t n_never, n_never_written;
	struct prefixset spared_set; /* inside, trusted, never */
	struct lookers lookers;
	struct zone *zone; /* zone[0] is the default, then in file order */
	unsigned n_zones;
	struct geo *geo;   /* NULL = none */
	bool geo_wanted;   /* something in the config asks for it */
	struct numbers *numbers;     /* number/number.h */
	struct schedules *schedules; /* schedule.h */
	struct groups *groups;       /* groups.h: of users, and trunks */
	/* strings and lists, kept alive for the conf structs: private to ruleset.c */
	struct arena *arena;
};

/* policy.c: the keys that every check has, over struct policy. */
extern const struct conf_row policy_rows[];
/* Reports what cannot be done. */
void policy_compile(struct policy *p, const struct check *check, struct compiler *c);
/* The status of an answer that a check says when the config says nothing. */
unsigned policy_code(const struct check *check);
/* Reports what does not do what whoever wrote it wants. */
void policy_warn(const struct policy *p, const struct check *check, const struct settings *s,
		 struct compiler *c);

/* spared.c: bans.never; then, whenever inside or trusted are others: who is spared.  0,
 * -ENOMEM; what is wrong in the config is reported. */
int spared_compile(struct ruleset *rs, struct compiler *c);
int spared_build(struct ruleset *rs);

/* zone.c: the zone an outside source belongs to. */
unsigned zone_find(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		   uint64_t site_key, uint64_t now);

#endif
