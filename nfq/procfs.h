/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc tells of packet queues: who holds one, for messages at the start, and how full
 * it is.
 *
 * Ownership: values.
 */
#ifndef SIPMOAT_PROCFS_H
#define SIPMOAT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Netlink port of the holder; 0: nobody, or only root may know. */
uint32_t procfs_queue_port(uint16_t number);
/* "process 812 (suricata)", or "another process" when it cannot be told. */
void procfs_holder(uint32_t port, char *out, size_t room);

struct procfs_queue {
	bool there; /* somebody holds it, and we may know */
	uint64_t depth;      /* packets that wait for a verdict */
	uint64_t dropped;    /* by the kernel, since it was opened: the queue was full */
	uint64_t undelivered; /* likewise: its socket was full */
	uint64_t seen;       /* packets that came, modulo 2^32 */
};
/* Those with numbers from first on. */
void procfs_queues(uint16_t first, struct procfs_queue *out, size_t n);

#endif
