/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A netlink socket to nf_tables: transactions (a batch of messages that the
 * kernel takes whole or not at all), dumps, and the events of others.  Knows
 * framing, sequence numbers and acknowledgements, not what messages mean.
 *
 * Ownership: nftlink_open allocates, nftlink_close frees and takes NULL.
 * Locking: none; one thread at a time.  Errors: 0 or -errno.
 */
#ifndef SIPMOAT_NFTLINK_H
#define SIPMOAT_NFTLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;
struct nftlink;

#define NFTLINK_ROOM 16384 /* bytes that a single message may take */

/* A message of a failed transaction that the kernel refused. */
struct nftlink_fault {
	unsigned index; /* 0 = the first message added */
	int error;      /* -errno */
};

/* groups: bitmap of multicast groups to hear, 0 for a socket that commands. */
int nftlink_open(struct nftlink **out, uint32_t groups);
void nftlink_close(struct nftlink *l);
int nftlink_fd(const struct nftlink *l);
uint32_t nftlink_port(const struct nftlink *l);
/* Lets the kernel withhold the events that those two ports caused; 0: nobody. */
int nftlink_ignore(struct nftlink *l, uint32_t port, uint32_t other);

/*
 * Between begin and commit: room is where the next message goes, with the
 * sequence number seq; add takes the message that now stands there and returns
 * its index.  Lack of memory shows as -ENOMEM at commit.
 */
void nftlink_begin(struct nftlink *l);
void *nftlink_room(struct nftlink *l);
uint32_t nftlink_seq(const struct nftlink *l);
unsigned nftlink_add(struct nftlink *l);
/*
 * Sends all and reads every answer.  Returns the first error; at most room
 * faults are written, *n says how many.  fault may be NULL when room is 0.
 */
int nftlink_commit(struct nftlink *l, struct nftlink_fault *fault, unsigned room, unsigned *n);

typedef void nftlink_each(const struct nlmsghdr *m, void *arg);

/* Sends one request and hands over its answers.  -EINTR: the kernel's tables
 * changed meanwhile and the answers may have holes: ask again. */
int nftlink_dump(struct nftlink *l, struct nlmsghdr *request, nftlink_each *each, void *arg);
/*
 * Sends several requests, one behind the other in `bytes`, each of which has one answer: an
 * object or an error.  Hands over the objects; the sequence number of one, less *first, is
 * the index of its request.
 */
int nftlink_ask(struct nftlink *l, void *requests, size_t bytes, uint32_t *first,
		nftlink_each *each, void *arg);
/* Hands over what waits, never blocks.  -ENOBUFS: events were lost, and those that
 * still waited were thrown away: look for yourself. */
int nftlink_events(struct nftlink *l, nftlink_each *each, void *arg);

#endif
