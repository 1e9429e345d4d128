/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thing as it was told (docs/events.md): what a check found, how often it came again,
 * a call that waits for approval, or what the daemon has to say of itself.
 *
 * Ownership: values.  Units: when in ns of the engine's clock, wall in ns since 1970.
 */
#ifndef SIPMOAT_TOLD_H
#define SIPMOAT_TOLD_H

#include "engine.h"
#include "log.h"

struct request;

enum told_kind {
	TOLD_FINDING, /* news */
	TOLD_MORE,    /* news.ev names source, check and verdict: so many more like it */
	TOLD_TOKEN,   /* news, and approval */
	TOLD_NOTICE,  /* level and line only */
};

/* What became of it. */
enum told_action {
	ACTED_BANNED, ACTED_MARKED, ACTED_REFUSED, ACTED_DECEIVED, ACTED_DROPPED, ACTED_CUT,
	ACTED_NOTICED
};

#define TOLD_LINE 768

struct told {
	uint64_t id; /* the journal's */
	uint64_t wall;
	uint8_t kind;   /* enum told_kind */
	uint8_t action; /* enum told_action; not of a notice */
	uint8_t level;  /* enum log_level */
	uint64_t more;
	struct news news;
	struct approval approval;
	char line[TOLD_LINE]; /* as it is logged */
};

/* What follows from a decision. */
enum told_action told_action_of(const struct decision *d);
const char *told_kind_name(enum told_kind k);
const char *told_action_name(enum told_action a);
const char *told_level_name(uint8_t level);
/* RFC 3339, UTC, microseconds. */
#define TOLD_TIME 40
void told_time(uint64_t wall, char out[TOLD_TIME]);
/* Does it act on its source, or on a call: is it worth to be remembered for longer? */
bool told_acts(const struct told *t);
/* The members of the event, into the answer or row of r. */
void told_put(struct request *r, const struct told *t);

#endif
