/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing to nf_tables: tables, sets, chains, rules and set elements become
 * messages of the transaction that is being built on a link (nftlink.h).  The
 * only room that knows libnftnl; nothing of it shows here.
 *
 * Ownership: texts and keys are copied into the messages at once.
 * Locking: none; one thread at a time.
 * Errors: lack of memory marks the transaction, nftset_commit tells.
 * Units: timeouts in milliseconds; addresses and ports in network order.
 */
#ifndef SIPMOAT_NFTSET_H
#define SIPMOAT_NFTSET_H

#include "nftlink.h"

/* The numbers of the nft tool; without them it prints keys as bare numbers. */
enum nftset_type { NFTSET_IPV4 = 7, NFTSET_IPV6 = 8, NFTSET_PORT = 13 };

enum nftset_flag {
	NFTSET_INTERVAL = 4, /* as in the kernel's NFT_SET_* */
	NFTSET_MAP = 8,      /* to marks */
	NFTSET_TIMEOUT = 16,
	NFTSET_DYNAMIC = 32, /* a rule may add elements */
};

struct nftset_table {
	uint8_t family; /* NFPROTO_* */
	const char *name;
};

struct nftset_desc {
	const char *name;
	uint8_t type;  /* enum nftset_type */
	uint8_t flags; /* enum nftset_flag */
	uint32_t size; /* elements, 0 = no bound */
	uint32_t gc;   /* ms between sweeps of the expired, 0 = the kernel's default */
	uint32_t timeout; /* ms, 0 = none by default */
	bool counter;  /* each element counts packets and bytes */
};

#define NFTSET_COMMENT 128 /* bytes of an element's comment with its NUL */

struct nftset_elem {
	uint8_t key[16];
	bool end;         /* interval sets: the first key behind the interval */
	bool open;        /* interval sets: no key lies behind the interval */
	uint64_t timeout; /* ms, 0 = stays */
	uint32_t mark;    /* of a map: what the key leads to, never 0 */
	const char *comment; /* NULL or below NFTSET_COMMENT bytes */
};

unsigned nftset_len(uint8_t type); /* bytes of a key */

struct nftset; /* a transaction under construction */

int nftset_open(struct nftset **out);
void nftset_close(struct nftset *n); /* takes NULL */
struct nftlink *nftset_link(struct nftset *n);
void nftset_begin(struct nftset *n);
int nftset_commit(struct nftset *n, struct nftlink_fault *fault, unsigned room, unsigned *faults);

/* Objects that exist already are left as they are. */
void nftset_table_add(struct nftset *n, const struct nftset_table *t, const char *comment);
void nftset_table_del(struct nftset *n, const struct nftset_table *t);
void nftset_set_add(struct nftset *n, const struct nftset_table *t, const struct nftset_desc *d);
void nftset_set_del(struct nftset *n, const struct nftset_table *t, const char *set);

/* hook < 0: a chain that others jump to.  hook: NF_INET_*. */
void nftset_chain_add(struct nftset *n, const struct nftset_table *t, const char *chain, int hook,
		      int priority);
void nftset_chain_flush(struct nftset *n, const struct nftset_table *t, const char *chain);
void nftset_chain_del(struct nftset *n, const struct nftset_table *t, const char *chain);

enum nftset_how {
	NFTSET_ADD,
	NFTSET_DEL,     /* an absent element makes the transaction fail */
	NFTSET_DESTROY, /* an absent element is fine; kernels before 6.3 do not know it */
};
/* count elements in one message, which must stay within NFTLINK_ROOM: at most
 * NFTSET_CHUNK without comments, NFTSET_CHUNK_NOTED with.  What the kernel refuses it
 * refuses by the message.  Returns the message's index. */
#define NFTSET_CHUNK 128
#define NFTSET_CHUNK_NOTED 64
unsigned nftset_elems(struct nftset *n, enum nftset_how how, const struct nftset_table *t,
		      const char *set, uint8_t type, const struct nftset_elem *e, unsigned count);
static inline void nftset_set_flush(struct nftset *n, const struct nftset_table *t,
				    const char *set)
{
	nftset_elems(n, NFTSET_DEL, t, set, NFTSET_IPV4, NULL, 0); /* none named: all */
}

/* A rule at the end of a chain: expressions between begin and end, left to right. */
void nftset_rule_begin(struct nftset *n, const struct nftset_table *t, const char *chain);
void nftset_rule_end(struct nftset *n, const char *comment); /* NULL = none */

enum nftset_place { NFTSET_NETWORK = 1, NFTSET_TRANSPORT = 2 }; /* NFT_PAYLOAD_*_HEADER */

void nftset_meta(struct nftset *n, uint32_t key); /* NFT_META_* */
void nftset_load(struct nftset *n, enum nftset_place place, uint32_t offset, uint32_t len);
void nftset_mask(struct nftset *n, const void *mask, uint32_t len);
void nftset_equal(struct nftset *n, const void *data, uint32_t len);
void nftset_differ(struct nftset *n, const void *data, uint32_t len);
void nftset_lookup(struct nftset *n, const char *set);
void nftset_absent(struct nftset *n, const char *set); /* goes on when the set lacks it */
void nftset_map(struct nftset *n, const char *map); /* loads what the key leads to */
void nftset_mark(struct nftset *n); /* the packet gets the mark that was loaded */
void nftset_fragment6(struct nftset *n); /* the packet has an IPv6 fragment header */
void nftset_tracked(struct nftset *n, uint32_t key); /* loads NFT_CT_* of the connection */
void nftset_plain(struct nftset *n, const char *name); /* "counter", "notrack" */
/* verdict: NF_ACCEPT, NF_DROP, NFT_GOTO ...; chain for jumps, else NULL */
void nftset_verdict(struct nftset *n, int verdict, const char *chain);
/* Goes on only for a key (in the register) that sends more than rate a second. */
void nftset_over_rate(struct nftset *n, const char *set, uint32_t rate);
void nftset_queue(struct nftset *n, uint16_t first, uint16_t total, bool bypass);
void nftset_queue_xt(struct nftset *n, uint16_t first, uint16_t total, bool bypass);

#endif
