/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One NFQUEUE number and its netlink socket: packets come in batches, verdicts
 * leave in one send.  Each packet that was read has a place in the batch with the
 * fail verdict in it from the start, and queue_answer is the only call that sends
 * verdicts: so each packet gets exactly one.
 *
 * Ownership: a batch owns the bytes its packets point into until the next read;
 * queues that one thread reads in turn may share a batch.
 * Locking: none; a queue and a batch belong to one thread at a time.
 * Errors: setup returns 0 or -errno with a line for the operator in err.
 */
#ifndef SIPMOAT_QUEUE_H
#define SIPMOAT_QUEUE_H

#include "decision.h"
#include "slice.h"

#define QUEUE_BATCH 64
#define QUEUE_ERROR 256

struct queue;
struct queue_batch;

struct queue_conf {
	uint16_t number;
	uint32_t length;  /* packets that may wait in the kernel, at least */
	bool entries;     /* packets come with their entries of connection tracking, if it can */
	bool fail_open;   /* when that many wait, let the next ones through */
	enum verdict fail; /* for a packet that cannot be judged */
};

/* -EBUSY: another process holds the number, err says which. */
int queue_open(struct queue **out, const struct queue_conf *conf, char err[QUEUE_ERROR]);
/* From now on; the conf follows. */
void queue_fail_open(struct queue *q, bool open);
/* What still waits in the kernel is dropped by it: drain first.  Takes NULL. */
void queue_close(struct queue *q);
int queue_fd(const struct queue *q);
/* conf.entries is what it does: not on kernels without NETFILTER_NETLINK_GLUE_CT. */
bool queue_tracks(const struct queue *q);
const struct queue_conf *queue_conf_of(const struct queue *q);
/* Packets that found it full since it was opened, modulo 2^32: dropped, or let
 * through unseen when fail_open. */
uint32_t queue_lost(const struct queue *q);

struct queue_packet {
	uint32_t id;
	enum verdict verdict; /* starts as the queue's fail verdict */
	uint32_t mark;        /* that it gets when it is accepted, 0 = none: it keeps its own */
	uint64_t stamped;     /* ns since 1970 when this host received it, in us; 0: not known */
	uint32_t link;        /* index of the interface it came in by, 0 = made here */
	bool unverified;      /* neither the card nor the kernel has looked at its checksum */
	struct slice bytes;   /* from the IP header on; empty when it must not be judged */
	struct slice entry;   /* of connection tracking, for tuple_of_packet; empty: none */
	uint32_t entry_info;
};

struct queue_batch *queue_batch_new(void);
void queue_batch_free(struct queue_batch *b);
/* Gives back memory that big datagrams have left in use; call when idle. */
void queue_batch_rest(struct queue_batch *b);

struct queue_read {
	unsigned messages; /* QUEUE_BATCH: there may be more to read at once */
	unsigned packets;  /* entries in packet[] */
	unsigned errors;   /* reports of the kernel that a verdict had no packet, and the like */
	struct queue_packet *packet;
};

/* Reads what already waits and never blocks.  0, or -errno when the socket is dead. */
int queue_read(struct queue *q, struct queue_batch *b, struct queue_read *out);
/*
 * Sends the verdicts of all packets of the last read.  Returns how many times it
 * had to try again, or -errno when the socket is dead.
 */
int queue_answer(struct queue *q, struct queue_batch *b);

#endif
