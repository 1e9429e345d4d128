/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the operator's own: conditions, all of which must hold, maybe a rate, and what is
 * done then.  The check `pattern` asks them one after the other.
 *
 * Ownership: rule_free frees what rule_compile made.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_RULE_H
#define SIPMOAT_RULE_H

#include "match.h"
#include "methodset.h"
#include "prefixset.h"
#include "when.h"

enum rule_direction { RULE_IN, RULE_OUT, RULE_BOTH };
/* What a rate is counted for; NOTHING: there is none. */
enum rule_per { PER_NOTHING, PER_SOURCE, PER_USER, PER_ZONE, PER_NUMBER, PER_ALL };
enum rule_action { RULE_DROP, RULE_REJECT, RULE_ALERT, RULE_PASS };

#define STATUS_END 700

/* One entry of the key rules: as written, and what is made of it. */
struct rule {
	struct conf_item at;
	const char *name, *header;
	struct conf_list methods, sources, domains, numbers, patterns, statuses;
	struct when_conf when_conf;
	uint8_t direction;  /* enum rule_direction */
	uint8_t transport;  /* any, udp, tcp; compiled: enum pkt_proto, PROTO_NONE = any */
	uint8_t per;        /* enum rule_per */
	uint8_t action;     /* enum rule_action */
	uint32_t rate, window; /* messages in so many s; rate 0: not counted */
	uint32_t ban;       /* s, 0: as the check's own */
	/* compiled */
	struct when when;
	struct methodset method; /* methods.n is 0: any */
	struct prefixset source; /* sources.n is 0: any */
	struct match *domain, *number; /* NULL: any */
	struct match *pattern;   /* of a line of the header; NULL: that it is there will do */
	enum header_kind {
		HEADER_NONE, /* not asked */
		HEADER_URI,  /* the Request-URI */
		HEADER_LINE,
		HEADER_MISSING, /* there must be none */
	} header_kind;
	enum sip_header header_id;
	struct slice header_name; /* of HDR_OTHER */
	bool answers;            /* of responses; else of requests */
	uint8_t status[STATUS_END / 8 + 1]; /* bit per code */
	uint64_t id;             /* of its name: counters outlast a reload */
};

extern const struct conf_row rule_rows[];

/* 0 or -1, reported. */
int rule_compile(struct rule *r, struct compiler *c);
void rule_free(struct rule *r); /* takes one that is not compiled */

/* What it does, for people: "INVITE from outside; to 900: drop".  Cut at room. */
void rule_text(const struct rule *r, char *out, size_t room);

static inline bool rule_has_status(const struct rule *r, unsigned status)
{
	return status < STATUS_END && (r->status[status / 8] >> status % 8 & 1);
}

#endif
