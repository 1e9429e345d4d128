/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells about its packet queues in /proc/net/netfilter, and whose
 * they are.
 *
 * Ownership: values.  Setup and reports only, never the packet path.
 */
#ifndef SIPMOAT_PROCFS_H
#define SIPMOAT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct procfs_queue {
	uint32_t port;         /* netlink port id of the holder */
	uint32_t waiting;      /* packets without a verdict yet */
	uint64_t full_dropped; /* the queue was full */
	uint64_t user_dropped; /* the socket's buffer was full */
};

/* false: nobody holds this queue (or /proc cannot be read). */
bool procfs_queue_find(uint16_t number, struct procfs_queue *out);
/* "process 812 (suricata)", or "another process" when it cannot be told. */
void procfs_holder(uint32_t port, char *out, size_t room);

#endif
