/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading from nf_tables: what a table holds (dumps) and what others change in
 * it (events).
 *
 * Ownership: everything handed to a callback lives as long as the call.
 * Locking: none; one thread at a time.  Errors: 0 or -errno; -EINTR from a dump
 * means that the tables changed meanwhile: ask again, entries may come twice.
 * Units: milliseconds; keys in network order.
 */
#ifndef SIPMOAT_NFTREAD_H
#define SIPMOAT_NFTREAD_H

#include "nftset.h"

struct nftread_elem {
	uint8_t key[16];
	unsigned len;     /* bytes of the key */
	bool end;         /* interval sets: the first key behind an interval */
	bool timed;       /* it ends */
	uint64_t left;    /* ms until it does, valid when timed */
	bool counts;
	uint64_t packets; /* valid when it counts */
	uint32_t mark;    /* of a map: what it leads to, else 0 */
	char comment[NFTSET_COMMENT]; /* "" = none; printable ASCII */
};

enum nftread_kind {
	NFTREAD_TABLE_GONE,
	NFTREAD_PART_GONE, /* a set or chain of it */
	NFTREAD_RULE_GONE,
	NFTREAD_ELEM_NEW,
	NFTREAD_ELEM_GONE,
	NFTREAD_DONE, /* the changes before this belong together; pid and name made them */
};

#define NFTREAD_NAME 16 /* the kernel's TASK_COMM_LEN */

struct nftread_event {
	enum nftread_kind kind;
	uint8_t family;
	const char *table, *set; /* "" when not about one */
	struct nftread_elem elem;
	uint32_t pid;     /* of the process, DONE only */
	char name[NFTREAD_NAME]; /* printable ASCII */
};

typedef void nftread_event_fn(const struct nftread_event *ev, void *arg);
typedef void nftread_elem_fn(const struct nftread_elem *e, void *arg);
typedef void nftread_set_fn(const struct nftset_desc *d, void *arg);

/* -ENOENT when there is no such table or set. */
int nftread_sets(struct nftlink *l, const struct nftset_table *t, nftread_set_fn *each, void *arg);
int nftread_elems(struct nftlink *l, const struct nftset_table *t, const char *set,
		  nftread_elem_fn *each, void *arg);
/*
 * How many packets each of n elements has counted, at most NFTREAD_COUNTS at once; one that
 * is not there, or does not count: left as it is.  The keys as in the set.
 */
#define NFTREAD_COUNTS 64
int nftread_counts(struct nftlink *l, const struct nftset_table *t, const char *set,
		   unsigned key_len, const uint8_t (*key)[16], unsigned n, uint64_t *packets);
bool nftread_has_table(struct nftlink *l, const struct nftset_table *t);
unsigned nftread_flowtables(struct nftlink *l); /* of anybody, in any table */

/* A socket that hears what everybody but those two does (nftlink_ignore). */
int nftread_watch(struct nftlink **out, uint32_t port, uint32_t other);
/* Hands over what waits, never blocks.  -ENOBUFS: events were lost. */
int nftread_events(struct nftlink *l, nftread_event_fn *each, void *arg);

#endif
