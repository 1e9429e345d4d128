/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules of our tables are put together from: families, transports, and the
 * pieces of rules and sets that several chains use (steer.c, shed.c).
 *
 * Ownership: none.  Locking: none; one thread at a time.
 */
#ifndef SIPMOAT_RULEPARTS_H
#define SIPMOAT_RULEPARTS_H

#include "nftset.h"
#include "plan.h"

enum end { SOURCE, DESTINATION };

struct family {
	uint8_t proto, type;
	uint32_t at[2], len; /* where the addresses stand in the header (RFC 791, 8200) */
	const char *banned, *known, *trusted, *inside, *never, *nets, *allowed, *marked;
	const char *police[LANES];
	const char *hit; /* the chain of its banned sources */
	const char *site; /* ... that stand alone in the set of sites */
};
extern const struct family families[2];

struct transport {
	uint8_t proto;
	const char *set;
};
extern const struct transport transports[2]; /* as in plan.port */

#define PORT_SOURCE 0 /* offsets in the header of UDP and TCP */
#define PORT_DESTINATION 2
#define OWN "sent by sipmoat"

/* --- rules, and expressions within one --- */

/* For a table that sees one family only: nothing. */
void is_family(struct nftset *n, const struct nftset_table *t, const struct family *f);
/* site: of IPv6 the /64 only. */
void load_address(struct nftset *n, const struct nftset_table *t, const struct family *f,
		  enum end end, bool site);
void sip_goes(struct nftset *n, const struct nftset_table *t, const struct plan *p,
	      const char *from, uint32_t port, const char *to);
/* Of the main table: a packet from a source in that set. */
void accept_source(struct nftset *n, const char *chain, const struct family *f, const char *set,
		   bool site);
void source_goes(struct nftset *n, const char *from, const struct family *f, const char *set,
		 bool site, const char *to);
void accept_meta(struct nftset *n, const struct nftset_table *t, const char *chain, uint32_t key,
		 uint32_t value, const char *why);

/* --- chains and sets --- */

/* It stands, and is empty. */
void clear_chain(struct nftset *n, const struct nftset_table *t, const char *chain, int hook,
		 int priority);
void put_set(struct nftset *n, const struct nftset_table *t, const char *name, uint8_t type,
	     uint8_t flags, uint32_t size, bool counter);
/* The half-open interval [lo, hi + 1) as the kernel keeps it: into e[0], e[1], or e[0] alone;
 * returns how many. */
unsigned put_range(struct nftset_elem *e, const struct plan_range *r, const struct family *f);
/* An interval set, with just these. */
void put_ranges(struct nftset *n, const struct nftset_table *t, const char *set,
		const struct family *f, const struct plan_ranges *s);

#endif
