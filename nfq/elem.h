/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The elements of the banned and known sets and of the map of marks: collects writes, sends
 * what waits as one transaction, and remembers what the kernel holds.  One element that the
 * kernel refuses never costs the others of its transaction.
 *
 * Ownership: elem_open allocates; nft is the caller's and must outlive it.
 * Locking: none; one thread.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_ELEM_H
#define SIPMOAT_ELEM_H

#include "addr.h"
#include "mirror.h"
#include "nftset.h"

enum elem_kind { ELEM_BAN, ELEM_KNOWN, ELEM_MARK, ELEM_KINDS };

enum elem_result {
	ELEM_SAME,      /* the kernel holds it at least as long already */
	ELEM_NEW,
	ELEM_PROLONGED,
	ELEM_REFUSED,   /* the set is full */
};

struct elem;

/* Of an element that ends then, as the kernel takes it: whole seconds, "1h" and not
 * "59m59s998ms"; 0, which is never, from BAN_FOREVER on. */
uint64_t elem_timeout(uint64_t until, uint64_t now);

/* max: how many of each. */
int elem_open(struct elem **out, struct nftset *nft, const uint32_t max[ELEM_KINDS]);
void elem_close(struct elem *m); /* takes NULL */
/* Tries once the message that forgives absent elements; the sets must exist. */
void elem_probe(struct elem *m);
/* The queue tables hold copies of the known sets and of the maps (kernels without nft's
 * queue): fills them and keeps them alike until the end. */
int elem_copy(struct elem *m, uint64_t now);
void elem_copy_end(struct elem *m);

/* The later end wins.  text becomes the element's comment; NULL = none. */
enum elem_result elem_add(struct elem *m, enum elem_kind kind, const struct addr *site,
			  uint64_t until, uint64_t now, const char *text);
/* One that makes room in a full set for those of elem_add: a known source that is not
 * registered, told apart by its text, so that it stays so after a restart; or a ban that
 * anybody may have brought about. */
#define ELEM_BY_CALL "by a call"
enum elem_result elem_offer(struct elem *m, enum elem_kind kind, const struct addr *site,
			    uint64_t until, uint64_t now, const char *text);
bool elem_offered(const char *comment);
/* The site's packets get that mark: the newest of several, for as long as the longest.
 * on_mark: called when the kernel has one that it had not, or another; not for copies. */
enum elem_result elem_mark(struct elem *m, const struct addr *site, uint32_t mark,
			   uint64_t until, uint64_t now, const char *text);
typedef void elem_site(void *arg, const struct addr *site);
void elem_on_mark(struct elem *m, elem_site *on_mark, void *arg);
uint32_t elem_mark_of(struct elem *m, const struct addr *site); /* 0: not held */
void elem_remove(struct elem *m, enum elem_kind kind, const struct addr *key, uint64_t now);
/* Sends what waits.  0, or the error that kept the whole from the kernel: -ENOENT
 * when our table is gone.  Refused elements are counted, not an error. */
int elem_flush(struct elem *m, uint64_t now);
/* Transactions so far; any thread may ask: while it grows, the one that writes is alive. */
uint64_t elem_sent(struct elem *m);
uint64_t elem_refused(const struct elem *m); /* by us and by the kernel, in total */

/* What was learnt from the kernel, and what became of it. */
bool elem_saw(struct elem *m, enum elem_kind kind, const struct addr *site, uint64_t until);
bool elem_saw_offered(struct elem *m, enum elem_kind kind, const struct addr *site,
		      uint64_t until);
bool elem_saw_mark(struct elem *m, const struct addr *site, uint32_t mark, uint64_t until);
void elem_lost(struct elem *m, enum elem_kind kind, const struct addr *site);
bool elem_holds(struct elem *m, enum elem_kind kind, const struct addr *site);
uint64_t elem_until(struct elem *m, enum elem_kind kind, const struct addr *site); /* 0: not held */
uint32_t elem_count(const struct elem *m, enum elem_kind kind, bool v4);
/* Of those held, the next one from *at on, valid until anything changes; NULL: that was
 * the last. */
struct mirror_entry *elem_next(struct elem *m, enum elem_kind kind, uint32_t *at);
/* What the element of a ban has counted, modulo 2^32; true: more than when that was said
 * last. */
bool elem_counted(struct elem *m, const struct addr *site, uint32_t packets);
void elem_sweep(struct elem *m, uint64_t now);
/* Those that it holds, for the caller to free.  0 or -ENOMEM. */
int elem_list(struct elem *m, enum elem_kind kind, uint64_t now, struct addr **sites, size_t *n);

/* A pass over the kernel's sets: begin, elem_saw for each element, then the
 * callback gets those that were not seen.  It must not call back in here. */
typedef void elem_each(const struct addr *site, uint64_t until, void *arg);
void elem_pass_begin(struct elem *m);
void elem_pass_end(struct elem *m, enum elem_kind kind, uint64_t now, elem_each *missing,
		   void *arg);

/* The kernel's sets are empty: writes the known and the marked again, forgets the bans. */
int elem_rewrite(struct elem *m, uint64_t now);

#endif
