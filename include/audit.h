/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The audit of passwords: what the thread that tries words gets from the engine, one digest
 * at a time, and what it gives back: that a word fits, never which one.
 *
 * A digest (RFC 7616 3.4) is as good as the password to whoever has time to guess: it is
 * held until it was tried and no longer, it is never saved, and who takes a task wipes it
 * (explicit_bzero) when he is done.
 *
 * Ownership: values; the words of a plan belong to the ruleset.
 * Locking: inside; one thread takes tasks.  Units: seconds in a plan, ns for now.
 */
#ifndef SIPMOAT_AUDIT_H
#define SIPMOAT_AUDIT_H

#include "addr.h"
#include "conf.h"

struct event;
struct ruleset;
struct state;

/* What stands in the text of a task, one behind the other. */
enum audit_part {
	AUDIT_USERNAME, /* these two as they stood between the quotes, escapes and all */
	AUDIT_REALM,
	AUDIT_METHOD,
	AUDIT_NONCE,
	AUDIT_URI,
	AUDIT_NC,       /* empty without qop, and so is */
	AUDIT_CNONCE,   /* (but with -sess) */
	AUDIT_PARTS
};

enum audit_hash { AUDIT_MD5, AUDIT_SHA_256, AUDIT_SHA_512_256 };

#define AUDIT_TEXT 448
#define AUDIT_RESPONSE 32 /* bytes of the longest hash */

struct audit_task {
	uint64_t user, whose; /* names.login; that and the realm */
	struct addr outside, inside;
	uint16_t outside_port, inside_port;
	uint8_t proto, method; /* enum pkt_proto, enum sip_method */
	uint8_t hash;          /* enum audit_hash */
	bool sess;             /* "MD5-sess" and the like */
	bool qop;              /* auth; else none */
	uint16_t n[AUDIT_PARTS];
	uint8_t response[AUDIT_RESPONSE];
	char text[AUDIT_TEXT];
};

static inline struct slice audit_part(const struct audit_task *t, enum audit_part part)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < part; i++)
		at += t->n[i];
	return (struct slice){ t->text + at, t->n[part] };
}

enum audit_result {
	AUDIT_STRONG,  /* no word fits */
	AUDIT_EMPTY,   /* there is no password */
	AUDIT_OWN,     /* it is the user's own number or name */
	AUDIT_VARIED,  /* made from that */
	AUDIT_LISTED,  /* on the list */
	AUDIT_SHORT,   /* a number of few digits */
};

/* What the config says; see rules/check/password.c. */
struct audit_plan {
	const struct conf_list *words;
	uint32_t budget; /* percent of one core */
	uint32_t digits; /* numbers of up to so many are tried */
	uint32_t every;  /* s until a user is audited again, */
	uint32_t recheck; /* one found weak */
	uint32_t hold;   /* s for which that counts, without another audit */
};

/* false: the audit is off in every zone. */
bool ruleset_audit(const struct ruleset *rs, struct audit_plan *out);

/* A digest that a server has accepted; false: none waits. */
bool state_audit_next(struct state *st, uint64_t now, struct audit_task *out);
/* It was tried.  true: *out tells of it, and is to be told. */
bool state_audit_done(struct state *st, const struct audit_plan *plan, const struct audit_task *t,
		      enum audit_result result, uint64_t now, struct event *out);
/* Wipes all digests that are held. */
void state_audit_forget(struct state *st);

#endif
