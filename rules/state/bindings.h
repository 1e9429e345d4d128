/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations (RFC 3261 10) that the servers accepted: who is bound where, and until
 * when.  Learned only from the 2xx of a server inside to a REGISTER that we saw pass,
 * with the life that it grants.  What was asked and not accepted binds nobody.
 *
 * Three views of one truth, each one lookup:
 *  - a user at a site: does somebody there hold a live registration of that user?
 *  - an address-of-record: which contacts has it?
 *  - a site: how many addresses-of-record are bound there?
 * A user is a name_user key, an address-of-record a name_aor key, a site the key of
 * addr_site().  Several phones may share an address-of-record, a site, or both.
 *
 * Ownership: values.  Locking: inside, one record at a time.  Units: ns.  A binding
 * lives until its end and at most TABLE_SLACK longer.
 */
#ifndef SIPMOAT_BINDINGS_H
#define SIPMOAT_BINDINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sip.h"
#include "table.h"

struct lesson;
struct names;
struct state;

/* Does that site hold a live registration of that user?  For an earlier now, up to an hour:
 * did it then, and nobody ended it since? */
bool binding_held(struct state *st, uint64_t user, uint64_t site, uint64_t now);
void binding_prefetch(const struct state *st, uint64_t user, uint64_t site, table_fetch *fetch);

/* Is a server of ours registered at that site, by what the site granted it?  For an earlier
 * now as above. */
bool upstream_held(struct state *st, uint64_t site, uint64_t now);

/* More of the same. */
struct binding {
	bool held;  /* now, of whatever domain */
	bool bound; /* now, of this address-of-record */
	bool known; /* bound, or it was within the last day */
	bool asked; /* a REGISTER for the user passed within BINDING_ASKED */
};
#define BINDING_ASKED 32 /* s: Timer F; longer nobody waits for an answer */
void binding_find(struct state *st, uint64_t user, uint64_t aor, uint64_t site, uint64_t now,
		  struct binding *out);

/* The contacts of a REGISTER; of more than CONTACTS_ASKED the first ones. */
#define CONTACTS_ASKED 4
#define CONTACTS_AGENT 28 /* what a record has room for anyway */
struct contacts_asked {
	struct {
		uint32_t contact; /* print of the URI */
		uint32_t id;      /* print of +sip.instance and reg-id (RFC 5626), else contact */
		uint32_t seconds; /* life asked for; 0: ends it */
	} at[CONTACTS_ASKED];
	uint8_t n;
	bool star;
	char agent[CONTACTS_AGENT]; /* User-Agent, printable and cut: for people */
};
/* Walks the contacts of a message, over lines and commas. */
struct contact_walk {
	struct slice line;
	unsigned at;
};
bool contact_next(const struct sip_msg *sip, struct contact_walk *w, struct sip_nameaddr *na);
/* The life of one: asked for in a REGISTER, granted in its answer. */
uint32_t contact_seconds(const struct sip_msg *sip, const struct sip_nameaddr *na);
void contacts_read(const struct state *st, const struct sip_msg *sip, struct contacts_asked *out);

/* An address-of-record as the last 2xx showed it. */
struct contacts {
	unsigned live;  /* contacts, at most CONTACTS_MOST */
	unsigned fresh; /* of those asked for: new ones, that are not among them */
};
#define CONTACTS_MOST 16
void contacts_find(struct state *st, uint64_t aor, const struct contacts_asked *asked,
		   uint64_t now, struct contacts *out);

/* A site. */
struct bindings_site {
	unsigned aors;  /* bound there; ends are seen up to three minutes late, and a life
			 * beyond 72 minutes without a refresh is not counted to its end */
	unsigned lately; /* most that were bound there at once, within the last day at least and
			  * two at most; forgotten a day after the last change */
	unsigned fresh; /* of them first seen there within the last hour (50 minutes at least) */
};
void bindings_site(struct state *st, uint64_t site, uint64_t now, struct bindings_site *out);

/* Fetches what contacts_find, and learning of a REGISTER or its answer, will read. */
void contacts_prefetch(const struct state *st, const struct names *n, table_fetch *fetch);

/* All live contacts; an end is seen up to 69 s late. */
uint64_t bindings_live(struct state *st, uint64_t now);

void bindings_learn(struct state *st, const struct lesson *l);

/*
 * How many contacts live: a count, and how many of them end in which slice of time, so
 * that time alone takes them out again.  A part of struct state.
 */
#define CENSUS_SLICES 16384
#define CENSUS_BITS 36 /* 69 s a slice: 13 days in all */
struct census {
	_Atomic int64_t live;
	_Atomic uint32_t at; /* slices before it are counted out */
	_Atomic int32_t ending[CENSUS_SLICES];
};

#endif
