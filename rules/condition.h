/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator's own entry is about: conditions on a message, all of which must hold,
 * and for whom what fits is counted.  The checks `pattern` and `pipe` share them.
 *
 *   struct entry { struct conf_item at; struct condition when; ... };
 *   static const struct conf_row entry_rows[] = { CONDITION_ROWS(struct entry, when), ... };
 *
 * Ownership: condition_free frees what condition_compile made; texts that an inquiry has
 * read live as long as it does.  Locking: a condition is const once compiled; an inquiry
 * belongs to one thread.
 */
#ifndef SIPMOAT_CONDITION_H
#define SIPMOAT_CONDITION_H

#include "match.h"
#include "methodset.h"
#include "prefixset.h"
#include "when.h"

enum condition_direction { FROM_OUTSIDE, FROM_INSIDE, BOTH_WAYS };

#define STATUS_END 700

struct condition {
	const char *name, *header;
	struct conf_list methods, sources, domains, numbers, patterns, statuses;
	struct when_conf when_conf;
	uint8_t direction;  /* enum condition_direction */
	uint8_t transport;  /* any, udp, tcp; compiled: enum pkt_proto, PROTO_NONE = any */
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

extern const char *const condition_directions[], *const condition_transports[];

#define CONDITION_AT(type, member, key) (offsetof(type, member) + offsetof(struct condition, key))
#define CONDITION_ROWS(type, member) \
	{ "name", CONF_TEXT, CONDITION_AT(type, member, name), 0, 0, "", NULL, \
	  "how reports call it" }, \
	{ "method", CONF_LIST, CONDITION_AT(type, member, methods), 0, 0, "", NULL, \
	  "of requests with these methods; with status: of their answers" }, \
	{ "direction", CONF_WORD, CONDITION_AT(type, member, direction), 0, 0, "in", \
	  condition_directions, "in: from outside; out: from a server of yours" }, \
	WHEN_ROWS(type, member.when_conf), \
	{ "source", CONF_LIST, CONDITION_AT(type, member, sources), 0, 0, "", NULL, \
	  "the outside end is in one of these prefixes" }, \
	{ "transport", CONF_WORD, CONDITION_AT(type, member, transport), 0, 0, "any", \
	  condition_transports, "over this transport" }, \
	{ "domain", CONF_LIST, CONDITION_AT(type, member, domains), 0, 0, "", NULL, \
	  "the domain in From is one of these: patterns as for users" }, \
	{ "number", CONF_LIST, CONDITION_AT(type, member, numbers), 0, 0, "", NULL, \
	  "the user of the Request-URI, as it is dialled, is one of these patterns" }, \
	{ "header", CONF_TEXT, CONDITION_AT(type, member, header), 0, 0, "", NULL, \
	  "there is a header of this name; \"!name\": there is none" }, \
	{ "matches", CONF_LIST, CONDITION_AT(type, member, patterns), 0, 0, "", NULL, \
	  "a line of that header is one of these patterns" }, \
	{ "status", CONF_LIST, CONDITION_AT(type, member, statuses), 0, 0, "", NULL, \
	  "of answers, with these codes: \"403\", or \"5\" for 500 to 599" }

/* 0 or -1, reported. */
int condition_compile(struct condition *d, struct compiler *c);
/* Of entries of which one has the size stride: does none before the i-th have its name?
 * 0 or -1, reported. */
int condition_distinct(const struct condition *first, size_t stride, unsigned i,
		       const char *what, struct compiler *c);
void condition_free(struct condition *d); /* takes one that is not compiled */
/* Is there any, besides a name and a direction? */
bool condition_any(const struct condition *d);

/* Which messages any of several may be about. */
struct condition_methods {
	uint32_t asks[2][2]; /* [leaves][answers]: bit per enum sip_method */
};
void condition_methods_add(struct condition_methods *m, const struct condition *d);

/* What it says, for people: "INVITE from outside; to 900".  See text.h. */
struct text;
void condition_text(struct text *out, const struct condition *d);

/* ---- a message and what is asked of it: each thing is read at most once ---- */

#define INQUIRY_USER 256 /* of a user part */

struct inquiry {
	const struct probe *p;
	bool answers, leaves;
	bool user_read, domain_read, number_read, help_read, again_read;
	bool help, again;
	struct slice user, domain, number;
	struct slice shown; /* what a header pattern was found in */
	char user_room[INQUIRY_USER], number_room[INQUIRY_USER];
};

/* false: it is of no method that any of them is about. */
bool inquiry_begin(struct inquiry *k, const struct probe *p, const struct condition_methods *m);
bool condition_holds(const struct condition *d, struct inquiry *k);
/* A call for help: never refused, never counted. */
bool inquiry_help(struct inquiry *k);
/* Has the same message passed before? */
bool inquiry_again(struct inquiry *k);

/* For whom something is counted. */
enum whose {
	WHOSE_NOBODY,
	WHOSE_SOURCE, /* the site of the outside end */
	WHOSE_USER,   /* who only claims a name is counted at his own site */
	WHOSE_ZONE,
	WHOSE_NUMBER,
	WHOSE_ALL,
	WHOSE_PREFIX, /* IPv4 /24 and IPv6 /48 of the outside end */
	WHOSE_DESTINATION, /* the entry of the condition's `to` */
};
/* 0: there is nobody to count it for. */
uint64_t inquiry_key(struct inquiry *k, const struct condition *d, enum whose per);
const char *whose_text(enum whose per); /* "from this source" */

#endif
